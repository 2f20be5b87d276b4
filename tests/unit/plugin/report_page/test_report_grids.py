"""Grids, causes, advice and curves: what the page makes of the report's values."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path

from pytest_pmd_migrations.report.grid_layout import Grid, grid_rows
from pytest_pmd_migrations.report_page.advice import part_advice, without_shared_indent
from pytest_pmd_migrations.report_page.causes import cause_cards
from pytest_pmd_migrations.report_page.forecast_curves import forecast_curves
from pytest_pmd_migrations.report_page.grids import grid_tables
from pytest_pmd_migrations.report_page.names import Targets
from pytest_pmd_migrations.report_page.timeline import timeline

from tests.unit.plugin.report_page.planted_defects import five_planted_defects

RECORDED = Path(__file__).parents[3] / "acceptance"
HERE = Targets(0, 0)


def application():
    return deepcopy(five_planted_defects()["runs"][0]["applications"][0])


def test_rows_alike_are_folded_as_in_the_terminal():
    for table in grid_tables(application(), HERE):
        rows = [row for group in table.groups for row in group.rows]
        grid = Grid(
            f"{table.of}s",
            tuple(row.title for row in rows),
            table.checks,
            {
                (row.title, check): cell.word
                for row in rows
                for check, cell in zip(table.checks, row.cells, strict=True)
            },
            {row.title: row.remark for row in rows},
            frozenset(row.title for row in rows if row.alone),
        )
        lines = grid_rows(grid, folded=True)
        assert [group.title for group in table.groups] == [line.title for line in lines]


def test_a_row_says_which_other_one_tells_what_it_found():
    snapshots, migrations = grid_tables(application(), HERE)
    remarks = {row.title: row.remark for group in snapshots.groups for row in group.rows}
    assert remarks["0002"] == "as 0001"
    assert remarks["0003"] == remarks["0007"] == "as 0000+grown"
    assert remarks["0000+grown"] == remarks["0001"] == remarks["0008"] == ""
    last = migrations.groups[-1].rows[0]
    assert [(cell.word, cell.link) for cell in last.cells] == [
        ("FAIL", "0.0-cause-5"),
        ("blocked", "0.0-cause-5"),
        ("blocked", "0.0-cause-5"),
    ]


def test_a_cause_that_no_cell_tells_is_a_card_too():
    values = application()
    values["findings"][0] = values["findings"][0] | {"told_by": None}
    card = cause_cards(values, HERE)[0]
    assert card.headline == "0008_rebuild_orders.py: orders lost 2 of 5 rows"
    assert len(card.cells) == 6
    assert grid_tables(values, HERE)[0].groups[0].rows[0].remark == ""


def test_a_cause_is_at_the_line_that_its_evidence_names():
    values = application()
    values["findings"][4] = values["findings"][4] | {"line": 4}
    assert cause_cards(values, HERE)[4].where == "src/shop/migrations/0012_add_language.py:7"


def test_the_timeline_says_what_each_step_is_took_touched_and_lost():
    lines = {line.title: line for line in timeline(application(), HERE)}
    eight = lines["0008"]
    assert (eight.schema, eight.rows, eight.faults, eight.lost, eight.causes) == (
        "1 added, 1 changed",
        "3 rows in 1 table",
        "180 survived",
        ("DEFAULT on orders.state",),
        (("0008_rebuild_orders.py: orders lost 2 of 5 rows", "0.0-cause-1"),),
    )
    assert (lines["0001"].schema, lines["0007"].schema) == ("2 added", "")
    assert (lines["0012"].schema, lines["0012"].seconds) == ("unknown", None)


def recorded_messages():
    """Every failure that the suite has recorded: its name, and its lines without the closing."""
    for file in sorted([*RECORDED.glob("expected/*.txt"), *RECORDED.glob("causes/*.txt")]):
        text = file.read_text(encoding="utf-8")
        _, _, failures = text.partition("= FAILURES =")
        failures, _, _ = failures.partition("= migration matrix =")
        for message in re.split(r"^_{3,} .* _{3,}$", failures, flags=re.MULTILINE)[1:]:
            lines = message.strip("\n").split("\n")[1:]
            closing = ("copy of the database", "again: ", "the whole SQL", "===", "told by")
            yield file.stem, [line for line in lines if not line.startswith(closing)]


def test_of_each_recorded_message_the_page_knows_what_to_do():
    """But for those of a file that cannot be read, whose place is all there is to say."""
    found = {}
    for name, lines in recorded_messages():
        evidence, advice = part_advice(lines)
        assert [*evidence, *advice] == lines
        known = advice or [line for line in evidence if line.strip().startswith("mend:")]
        found.setdefault(name, []).append(bool(known))
    assert len(found) > 20
    unknown = sorted(name for name, known in found.items() if not all(known))
    assert unknown == ["blocked-alone", "broken-step", "mislabelled-snapshot"]
    told_here = {
        (
            "",
            "fixtures/snapshots/0001.db (7 bytes); expected a file that begins with",
            '"SQLite format 3". Restore it from version control.',
        ): (
            "fixtures/snapshots/0001.db (7 bytes); expected a file that begins with"
            ' "SQLite format 3". Restore it from version control.',
            "Restore it from version control.",
        ),
        (
            "  table a_rather_long_name_of_a_table_00 has the foreign key (parent) to the",
            "    table a_rather_long_name_of_a_table_29, which does not exist",
            "    mend: needs a table rebuild",
            "",
            "  Mend the step; or where that is meant, declare it in the file of",
            "  migration_rows:",
        ): (
            "table a_rather_long_name_of_a_table_00 has the foreign key (parent) to the table"
            " a_rather_long_name_of_a_table_29, which does not exist · mend: needs a table rebuild",
            "Mend the step; or where that is meant, declare it in the file of migration_rows:",
        ),
        (
            "  killed after statement 7 of 10:",
            "    CREATE TABLE notes ( id INTEGER NOT NULL, title VARCHAR(80), PRIMARY ...",
            "  reopened at version 0000:",
            "",
            "51 of 175 faults: 51 wedged (crash 42, interrupt 6, deny 3)",
            "",
            "The tool of this project commits when it likes. Set begin = true:",
            "    begin = true",
        ): (
            "killed after statement 7 of 10: CREATE TABLE notes ( id INTEGER NOT NULL,"
            " title VARCHAR(80), PRIMARY ... · reopened at version 0000:",
            "The tool of this project commits when it likes. Set begin = true: begin = true",
        ),
    }
    for lines, (seen, to_do) in told_here.items():
        values = application()
        values["findings"][0] = values["findings"][0] | {"lines": [*lines]}
        card = cause_cards(values, HERE)[0]
        assert (card.brief_evidence, card.brief_advice) == (seen, to_do)


def test_the_indent_that_all_lines_share_is_left_out():
    assert without_shared_indent(["", "    a", "", "      b", ""]) == ("a", "", "  b")
    assert without_shared_indent(["", " "]) == ()


def measured(seconds):
    return {"seconds": seconds, "computing": seconds, "memory_bytes": 1}


def test_a_forecast_is_drawn_where_there_is_one():
    step = {
        "version": 8,
        "title": "0008",
        "rows": 1_000_000,
        "grows": "n",
        "estimates": {"seconds": {"value": 12.5, "low": 9.1, "high": 18.0}},
        "sizes": [
            {"rows": rows, "runs": [measured(rows * 1e-5), measured(rows * 3e-5)]}
            for rows in (1000, 10_000)
        ],
        "traits": [{"kind": "rebuild", "text": "rebuilds orders", "helps": "less"}],
        "notes": [],
    }
    (curve,) = forecast_curves({"steps": [step, step | {"estimates": {}}]})
    assert curve.sentence == "1,000,000 rows: 12.5 s (9.1 s to 18 s); grows with n"
    assert curve.measured == (("1000 rows", "20 ms"), ("10000 rows", "200 ms"))
    (left, below), (right, above) = curve.dots
    x, value, low, high = curve.expected
    assert left < right < x
    assert below > above > low > value > high
    assert forecast_curves(None) == ()
