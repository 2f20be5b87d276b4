"""The terminal's section: one line when all is good, the grid on failure or when asked for."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.checks.model import (
    Finding,
    MigrationRow,
    Note,
    SnapshotRow,
    UsedDeclaration,
)
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.grid.cells import CellKey
from pytest_pmd_migrations.report.fold import fold
from pytest_pmd_migrations.report.notes import note_lines
from pytest_pmd_migrations.report.outcome import BLOCKED, DIED, FAIL, NOTE, OK, SKIP, Outcome
from pytest_pmd_migrations.report.plan import Plan, plan_of
from pytest_pmd_migrations.report.terminal import COLOURS, matrix_section
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources import Condition, Declarations, Location
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey

from tests.unit.plugin.built_application import application, store

OF_SNAPSHOT = ("schema", "data")
OF_MIGRATION = ("again", "frozen")
NOTES_DELETED = (2, DeclarationKey("DELETES", "notes"))
TITLES_CHANGED = (3, DeclarationKey("CHANGES", "notes.title"))


class Numbered:
    """A source of which a report only reads the name and the versions."""

    def __init__(self, name: str, versions: int) -> None:
        self.name = name
        self.count = versions

    def versions(self) -> range:
        return range(1, self.count + 1)

    def location(self, version: int) -> Location:
        return Location(Path(f"{version:04d}.sql"))

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        conn.execute(f"PRAGMA user_version = {to}")


def key(row: str, check: str, source: str = "") -> CellKey:
    """Return a cell's key; the checks schema and data have a snapshot's row."""
    name = SnapshotName.parse(row)
    of_snapshot = check in OF_SNAPSHOT
    return CellKey(source, SnapshotRow(name) if of_snapshot else MigrationRow(name.version), check)


def plan(
    versions: int = 3, source: str = "", declared: frozenset[UsedDeclaration] = frozenset()
) -> Plan:
    rows = tuple(f"{number:04d}" for number in range(1, versions + 1))
    names = ("0000+u1", *rows)
    return Plan(
        application=Application(Numbered(source or "app", versions), name=source),
        snapshot_rows=tuple(SnapshotRow(SnapshotName.parse(name)) for name in names),
        migration_rows=tuple(MigrationRow(int(row)) for row in rows),
        cells=(
            *(key(row, check, source) for row in names for check in ("schema", "data")),
            *(key(row, check, source) for row in rows for check in ("again", "frozen")),
        ),
        read_by={
            "DELETES": frozenset({"data"}),
            "CHANGES": frozenset({"data"}),
            "AGAIN": frozenset({"again"}),
        },
        snapshot_checks=OF_SNAPSHOT,
        migration_checks=OF_MIGRATION,
        snapshots=versions + 1,
        declared=declared,
    )


def outcomes(of: Plan, **changed: Outcome) -> list[Outcome]:
    found = {cell: Outcome(cell, OK) for cell in of.cells}
    found.update({outcome.cell: outcome for outcome in changed.values()})
    return list(found.values())


def shown(
    plans: list[Plan], found: list[Outcome], *, verbose: bool = False, workers: int = 1
) -> list[str]:
    folded = {of.application.name: fold(of, of.in_order(found)) for of in plans}
    lines = matrix_section(plans, found, folded, seconds=0.84, workers=workers, verbose=verbose)
    return ["".join(piece.text for piece in line) for line in lines]


def test_all_good_is_one_line() -> None:
    assert shown([plan()], outcomes(plan())) == ["4 snapshots, 3 migrations: 14 ok in 0.84s"]


def test_workers_are_named_where_there_are_several() -> None:
    assert shown([plan()], outcomes(plan()), workers=2) == [
        "4 snapshots, 3 migrations: 14 ok in 0.84s (2 workers)"
    ]


def test_the_grid_is_shown_when_asked_for() -> None:
    assert shown([plan()], outcomes(plan()), verbose=True) == [
        "  snapshots   schema    data",
        "  0000+u1     ok        ok",
        "  0001        ok        ok",
        "  0002        ok        ok",
        "  0003        ok        ok",
        "",
        "  migrations   again     frozen",
        "  0001         ok        ok",
        "  0002         ok        ok",
        "  0003         ok        ok",
        "",
        "4 snapshots, 3 migrations: 14 ok in 0.84s",
    ]


def test_a_failure_shows_the_grid_and_counts() -> None:
    found = outcomes(
        plan(),
        a=Outcome(key("0001", "schema"), FAIL),
        b=Outcome(key("0002", "frozen"), NOTE, (Note("0002", "its text changed since release"),)),
        c=Outcome(key("0003", "data"), DIED),
        d=Outcome(key("0003", "again"), SKIP),
    )
    assert shown([plan()], found) == [
        "  snapshots   schema    data",
        "  0000+u1     ok        ok",
        "  0001        FAIL      ok",
        "  0002        ok        ok",
        "  0003        ok        died",
        "",
        "  migrations   again     frozen",
        "  0001         ok        ok",
        "  0002         ok        note",
        "  0003         skip      ok",
        "",
        "note 0002: its text changed since release",
        "2 failed, 11 ok, 1 skipped in 0.84s",
    ]


def test_notes_are_shown_without_being_asked_for_and_remarks_are_not() -> None:
    said, more = Note("0003", "said"), Note("0003", "more")
    found = outcomes(plan(), a=Outcome(key("0003", "data"), NOTE, (said,), remarks=(more,)))
    last = "4 snapshots, 3 migrations: 14 ok in 0.84s"
    assert shown([plan()], found) == ["note 0003: said", last]
    assert shown([plan()], found, verbose=True)[-3:] == ["note 0003: said", "note 0003: more", last]


def test_of_notes_that_one_command_sees_to_the_first_kind_is_told_as_whoever_says_most() -> None:
    texts = ("no longer has: NOT NULL (of t)", "no longer has: NOT NULL on n (now m) (of t)")
    guards = [Note("0003", text, "GUARDS") for text in (*texts, "another kind, which says more")]
    found = outcomes(
        plan(),
        a=Outcome(key("0002", "data"), NOTE, (guards[0],)),
        b=Outcome(key("0003", "data"), NOTE, (guards[1], guards[2])),
        c=Outcome(key("0003", "schema"), NOTE, (guards[0],)),
    )
    assert shown([plan()], found) == [
        "note 0003: no longer has: NOT NULL on n (now m) (of t).  GUARDS",
        "4 snapshots, 3 migrations: 14 ok in 0.84s",
    ]


def test_cells_that_were_not_run_are_told_apart_from_cells_that_are_not() -> None:
    found = [Outcome(key("0002", "schema"), OK), Outcome(key("0002", "again"), SKIP)]
    assert shown([plan()], found, verbose=True)[:10] == [
        "  snapshots   schema    data",
        "  0000+u1     -         -",
        "  0001        -         -",
        "  0002        ok        -",
        "  0003        -         -",
        "",
        "  migrations   again     frozen",
        "  0001         -         -",
        "  0002         skip      -",
        "  0003         -         -",
    ]
    assert shown([plan()], found) == ["4 snapshots, 3 migrations: 1 ok, 1 skipped of 14 in 0.84s"]
    assert shown([plan()], []) == ["4 snapshots, 3 migrations: no cell of 14 was run"]


def test_a_declaration_that_no_row_needed_is_noted_when_every_lineage_was_seen() -> None:
    declared = frozenset({NOTES_DELETED, TITLES_CHANGED})
    of = plan(declared=declared)
    found = outcomes(of, a=Outcome(key("0001", "data"), OK, used=frozenset({NOTES_DELETED})))
    note = "note 0003 CHANGES notes.title: declared, but no stored row needs it"
    assert shown([of], found)[:-1] == [note]
    assert shown([of], found[1:])[:-1] == ([note] if found[0].cell.check != "data" else [])
    assert len(shown([of], [o for o in found if str(o.cell.row) != "0003"])) == 1
    failed = [*found, Outcome(key("0002", "schema"), FAIL)]
    assert note not in shown([of], failed)


def test_an_excuse_that_nothing_needed_is_noted_when_its_check_was_asked_of_every_row() -> None:
    of = plan(declared=frozenset({(3, DeclarationKey("AGAIN", ""))}))
    found = outcomes(of)
    note = "note 0003 AGAIN: declared, but nothing needs it"
    assert shown([of], found)[:-1] == [note]
    assert shown([of], [one for one in found if one.cell.check != "schema"])[:-1] == [note]
    assert len(shown([of], [one for one in found if one.cell.check != "again"])) == 1
    used = frozenset({(3, DeclarationKey("AGAIN", ""))})
    assert len(shown([of], outcomes(of, a=Outcome(key("0003", "again"), OK, used=used)))) == 1


def test_several_sources_have_a_grid_each() -> None:
    plans = [plan(1, "cache"), plan(1, "index")]
    lines = shown(plans, [*outcomes(plans[0]), *outcomes(plans[1])], verbose=True)
    assert [line for line in lines if line in {"cache", "index"}] == ["cache", "index"]
    assert lines[-1] == "4 snapshots, 2 migrations: 12 ok in 0.84s"


def test_many_versions_fold_rows_that_are_alike_but_never_a_failure() -> None:
    of = plan(20)
    found = outcomes(of, a=Outcome(key("0007", "again"), FAIL))
    assert shown([of], found)[:7] == [
        "  snapshots       schema    data",
        "  0000+u1..0020   ok        ok        (21 rows alike)",
        "",
        "  migrations   again     frozen",
        "  0001..0006   ok        ok        (6 rows alike)",
        "  0007         FAIL      ok",
        "  0008..0020   ok        ok        (13 rows alike)",
    ]


def test_neighbours_that_fail_alike_are_not_folded() -> None:
    of = plan(20)
    failed = {row: Outcome(key(row, "again"), FAIL) for row in ("0007", "0008", "0009")}
    assert shown([of], outcomes(of, **failed))[4:9] == [
        "  0001..0006   ok        ok        (6 rows alike)",
        "  0007         FAIL      ok",
        "  0008         FAIL      ok",
        "  0009         FAIL      ok",
        "  0010..0020   ok        ok        (11 rows alike)",
    ]


def test_every_row_is_shown_to_those_who_ask_for_more() -> None:
    of = plan(20)
    lines = shown([of], outcomes(of), verbose=True)
    assert len(lines) == 1 + 21 + 2 + 20 + 2
    assert not [line for line in lines if "alike" in line]


def test_the_grid_fits_eighty_columns() -> None:
    of = plan(20)
    assert max(map(len, shown([of], outcomes(of), verbose=True))) <= 80


def test_every_word_of_the_grid_has_a_colour_that_only_repeats_it() -> None:
    of = plan()
    words = (FAIL, DIED, NOTE, SKIP, BLOCKED)
    changed = {word: Outcome(cell, word) for word, cell in zip(words, of.cells, strict=False)}
    found = outcomes(of, **changed)[:-1]
    folded = {"": fold(of, found)}
    lines = list(matrix_section([of], found, folded, seconds=1, workers=1, verbose=True))
    coloured = {piece.text for line in lines for piece in line if piece.word and len(line) > 1}
    assert coloured == {"ok", "-", *words} <= set(COLOURS)


def test_an_outcome_survives_json() -> None:
    row = SnapshotRow(SnapshotName(1, "u1"), "9c1f0a7")
    outcome = Outcome(
        CellKey("s", row, "data"),
        NOTE,
        (Note(row, "n", "pmd-migrations snapshot"), Note("migration_ignore", "n")),
        (Note(MigrationRow(2, "0b2d4f6"), "r"),),
        frozenset({(1, DeclarationKey("MOVES", "a.b"))}),
        (
            Finding("head", ("line",), 2, ("more",), frozenset({("0002", "t"), ("0001", "u")})),
            Finding("other", of_step=True, tells=row),
        ),
        ("again: pytest",),
        row,
    )
    found = Outcome.from_json(json.loads(json.dumps(outcome.to_json())))
    assert found == outcome
    assert found.cell.row.title == "0001+u1 9c1f0a7"
    assert [note.about for note in found.remarks] == [MigrationRow(2)]
    assert found.remarks[0].about.title == "0002 0b2d4f6"


def test_a_cell_that_sent_nothing_is_read_from_its_id() -> None:
    nodeid = "migrations::cache::0000+u1..0012[data]"
    for status, skipped, died in ((FAIL, False, False), (SKIP, True, False), (DIED, False, True)):
        found = Outcome.of_silence(nodeid, skipped=skipped, died=died)
        assert found == Outcome(key("0000+u1", "data", "cache"), status)
    assert Outcome.of_silence("tests/test_a.py::test_b", skipped=True, died=False) is None


def test_where_no_row_was_asked_no_declaration_is_called_unneeded() -> None:
    of = plan(declared=frozenset({NOTES_DELETED}))._replace(cells=(key("0001", "schema"),))
    assert shown([of], [Outcome(key("0001", "schema"), OK)]) == [
        "4 snapshots, 3 migrations: 1 ok in 0.84s"
    ]


def test_equal_notes_about_several_rows_are_one_line() -> None:
    names = ["0000+ensured", "0000+grown", "0000+u1", "0001", "0001+adopted", "0001+b", "0002"]
    about = [SnapshotRow(SnapshotName.parse(name)) for name in (*names, "0002")]
    about.append(MigrationRow(2))
    notes = [Note(row, "same schema as fresh from 0002 on") for row in about]
    assert list(note_lines([*notes, Note("0005", "3 new rows")])) == [
        "note 0000+ensured, +grown, +u1, 0001, 0001+adopted, +b, 0002: same schema as",
        "  fresh from 0002 on",
        "note 0005: 3 new rows",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("not locked yet", ["note 0002: not locked yet.  pmd-migrations snapshot"]),
        (
            "no snapshot yet; its row uses a fresh build",
            [
                "note 0002: no snapshot yet; its row uses a fresh build",
                "  pmd-migrations snapshot",
            ],
        ),
    ],
)
def test_a_command_is_never_broken(text: str, lines: list[str]) -> None:
    assert list(note_lines([Note("0002", text, "pmd-migrations snapshot")])) == lines


def test_a_name_that_is_too_long_stands_above_its_words() -> None:
    long = f"0001+{'very-long-' * 7}"
    application = Application(Numbered("app", 1))
    rows = tuple(SnapshotRow(SnapshotName.parse(name)) for name in ("0001", long))
    of = Plan(application, rows, (), (key(long, "schema"),), ("schema",), (), 1)
    assert shown([of], [Outcome(key(long, "schema"), OK)], verbose=True)[:4] == [
        "  snapshots   schema",
        "  0001        none",
        f"  {long}",
        "              ok",
    ]


def test_the_plan_lists_rows_checks_and_declarations(tmp_path: Path) -> None:
    history = application(tmp_path, {1: "CREATE TABLE notes(a)", 2: "DELETE FROM notes"})
    history.application.source.declarations = lambda version: Declarations(
        deletes={"notes": Condition("1", "all")} if version == 2 else {}
    )
    store(history, "0000+u1", "CREATE TABLE other(a)")
    found = plan_of(history, all_checks())
    assert [row.title for row in found.snapshot_rows] == ["0000+u1", "0001", "0002"]
    assert [row.title for row in found.migration_rows] == ["0001", "0002"]
    assert len(found.cells) == 12
    assert (found.snapshot_checks, found.migration_checks) == (
        ("schema", "data"),
        ("again", "atomic", "frozen"),
    )
    assert (found.snapshots, found.application) == (1, history.application)
    assert (found.declared, found.notes) == (frozenset({NOTES_DELETED}), ())


def test_a_declaration_that_cannot_be_read_is_noted(tmp_path: Path) -> None:
    history = application(tmp_path, {1: "CREATE TABLE notes(a)"})
    history.application.source.declarations = lambda _: 3
    found = plan_of(history, all_checks())
    text = (
        "source notes: declarations(1) returned a int; expected pytest_pmd_migrations.Declarations"
    )
    assert found.notes == (Note(MigrationRow(1), text),)
    assert shown([found], [])[0].startswith("note 0001: source notes: declarations(1)")


def test_a_label_stands_beside_the_number_in_grid_and_notes(tmp_path: Path) -> None:
    history = application(tmp_path, {1: "CREATE TABLE notes(a)", 2: "DELETE FROM notes"})
    history.application.source.label = lambda version: f"9c1f0a{version}"
    store(history, "0001", "CREATE TABLE notes(a)")
    of = plan_of(history, all_checks())
    assert [row.title for row in of.snapshot_rows] == ["0001 9c1f0a1", "0002 9c1f0a2"]
    assert [row.title for row in of.migration_rows] == ["0001 9c1f0a1", "0002 9c1f0a2"]
    row = SnapshotRow(SnapshotName(2), "9c1f0a2")
    note = Note(row, "no snapshot yet")
    lines = shown([of], [Outcome(CellKey("", row, "schema"), NOTE, (note,))], verbose=True)
    assert lines[2] == "  0002 9c1f0a2   note      -"
    assert "note 0002 9c1f0a2: no snapshot yet" in lines
