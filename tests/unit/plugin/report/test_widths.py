"""A narrow terminal has room for grids and messages; a wide one shows what 80 columns do."""

from __future__ import annotations

from dataclasses import replace

from pytest_pmd_migrations.checks.model import Finding, MigrationRow
from pytest_pmd_migrations.messages.wording import width, wrap_text, wrapped_to
from pytest_pmd_migrations.report.fold import fold
from pytest_pmd_migrations.report.grid_layout import Grid, grid_blocks
from pytest_pmd_migrations.report.outcome import BLOCKED, FAIL, Outcome
from pytest_pmd_migrations.report.terminal import matrix_section
from pytest_pmd_migrations.schema import compare
from pytest_pmd_migrations.schema.showing.lines import diff_lines

from tests.unit.plugin.report.test_report import key, outcomes, plan
from tests.unit.plugin.schema.made_schemas import schema

STORY = Finding("0150.sql failed", ("why",), 150)
CHECKS = ("schema", "data", "statements", "again", "atomic", "frozen", "down", "a_check_of_mine")
TITLES = ("0000+a-variant-with-a-long-name-of-it", "0000+u1", *(f"{n:04}" for n in range(1, 200)))
REMARK = "by 0003, as 0000+u1, 0002..0004, snapshot 0150"


def blocks(columns: int) -> list[list[str]]:
    words = {(title, check): "FAIL" for title in TITLES[:7:3] for check in CHECKS[::2]}
    grid = Grid("snapshots", TITLES, CHECKS, words, {TITLES[3]: REMARK})
    with wrapped_to(columns):
        return [
            ["".join(pieces).rstrip() for pieces in block.padded()]
            for block in grid_blocks(grid, folded=True, columns=columns)
        ]


def test_a_grid_fits_every_terminal_from_40_columns_on() -> None:
    usual = blocks(80)
    assert len(usual) == 1
    for columns in range(40, 201):
        found = blocks(columns)
        if columns >= 80:
            assert found == usual
            continue
        lines = [line for block in found for line in block]
        assert max(map(len, lines)) <= columns
        fails = sum(line.count("FAIL") for line in lines)
        assert fails == sum(line.count("FAIL") for line in usual[0])
        assert [name for block in found for name in block[0].split()[1:]] == [*CHECKS]
        whole = " ".join(" ".join(lines).split())
        assert REMARK in whole
        assert "0006..0199" in whole


GRID_OF_40 = """\
  snapshots    schema    data
  0000+u1      ok        ok
  0001..0150   ok        blocked
    by 0150 (150 rows alike)

  migrations   again     frozen
  0001..0149   ok        ok
    (149 rows alike)
  0150         FAIL      ok

1 failed, 150 blocked by it, 451 ok in
0.84s"""


def test_many_versions_in_40_columns() -> None:
    of = plan(150)
    told = Outcome(key("0150", "again"), FAIL, findings=(replace(STORY, tells=MigrationRow(150)),))
    blocked = {
        f"n{n}": Outcome(
            key(f"{n:04}", "data"), BLOCKED, findings=(STORY,), blocked_by=MigrationRow(150)
        )
        for n in range(1, 151)
    }
    found = outcomes(of, told=told, **blocked)
    folded = {"": fold(of, of.in_order(found))}
    with wrapped_to(40):
        lines = matrix_section(
            [of], found, folded, seconds=0.84, workers=1, verbose=False, columns=40
        )
        shown = "\n".join("".join(piece.text for piece in line) for line in lines)
    assert shown == GRID_OF_40


def test_messages_are_wrapped_to_the_terminal_up_to_76_columns() -> None:
    text = "one word after the other " * 20
    diff = compare(schema("CREATE TABLE notes(a)"), schema("CREATE TABLE notes(a, b)"))
    usual = wrap_text(text), diff_lines(diff)
    for columns in range(40, 201):
        with wrapped_to(columns):
            assert width() == min(columns, 76)
            longest = max(map(len, wrap_text(text, indent="  ", hanging="  ")))
            assert width() - 5 <= longest <= width()
            assert max(map(len, diff_lines(diff))) <= columns
            if columns >= 76:
                assert (wrap_text(text), diff_lines(diff)) == usual
    assert width() == 76
    with wrapped_to(40):
        assert diff_lines(diff)[:2] == ["only in fresh", "  column notes.b none"]


def test_neighbours_with_long_labels_are_named_within_80_columns_and_no_title_ends_in_blanks() -> (
    None
):
    rows = tuple(f"{n:04} notes.{n:04}_a_name_of_forty_letters_for_each_row" for n in (8, 9))
    rows = ("0007 notes.0007_a_name_of_37_letters_", *rows)
    assert len(rows[0]) == 37
    words = {(row, "data"): "ok" for row in rows[1:]}
    grid = Grid("snapshots", rows, ("schema", "data"), words)
    ((_, alone, _, folded, _),) = [
        ["".join(pieces) for pieces in block.padded()]
        for block in grid_blocks(grid, folded=True, columns=80)
    ]
    assert alone == "  0007 notes.0007_a_name_of_37_letters_"
    assert folded == "  0008 notes.0008_a_name_of_forty_letters_for_each_row..0009"
