"""Cells: which there are, that each stands for itself, and what one says that cannot be judged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from pytest_pmd_migrations.checks.model import Check, Finding, Note, SnapshotRow, Verdict
from pytest_pmd_migrations.checks.registry import all_checks, register, select_checks
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.grid.cells import CellKey, list_cells, migration_rows, parse_cell_id
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.selection import select_cells
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.report.plan import plan_of
from pytest_pmd_migrations.snapshots.names import SnapshotName

from tests.unit.plugin.built_application import (
    Notes,
    again,
    application,
    lock,
    store,
    told,
    verdict,
)

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN pinned INTEGER"


def test_every_stored_recorded_and_expected_snapshot_has_cells(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001+old", ONE).rename(tmp_path / "kept.db")
    store(history, "0001+grown", ONE)
    (tmp_path / "kept.db").rename(tmp_path / "snapshots/0001+old.db")
    history = lock(again(history), released=(1, 2))
    (tmp_path / "snapshots/0001+old.db").unlink()
    del history.application.source.steps[2]
    names = [cell.name for cell in list_cells(again(history), all_checks())]
    assert names == [
        *(f"0001..0001[{check}]" for check in ("schema", "data")),
        *(f"0001+grown..0001[{check}]" for check in ("schema", "data")),
        *(f"0001+old..0001[{check}]" for check in ("schema", "data")),
        *(f"0001[{check}]" for check in ("again", "atomic", "frozen")),
        "0002[frozen]",
    ]


def test_an_id_is_read_back(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO}, name="app.cache")
    store(history, "0000+u1.x", ONE)
    for cell in list_cells(history, all_checks()):
        assert parse_cell_id(cell.id) == cell.key
        assert parse_cell_id(cell.id) == CellKey("app.cache", cell.row, cell.check.name)
    for no_cell in ("tests/test_a.py::test_b[schema]", "migrations::x..0001[schema]"):
        assert parse_cell_id(no_cell) is None
    assert parse_cell_id("migrations::0001+a[frozen]") is None


def test_an_older_version_without_a_snapshot_fails_and_names_the_command(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0002", f"{ONE}; {TWO}")
    assert told(history, "0001", "data").split("\n")[-3:] == [
        "",
        "Build it:",
        "  pmd-migrations snapshot",
    ]
    assert told(history, "0001", "schema").startswith("0001 has no snapshot\n")


def test_a_snapshot_that_the_lock_has_and_the_folder_has_not_fails(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    path = store(history, "0001", ONE)
    history = lock(history)
    path.unlink()
    assert told(again(history), "0001", "data").split("\n")[0] == "snapshot 0001 is gone"
    assert told(again(history), "0001", "data").endswith(
        f"\n  git checkout HEAD -- {tmp_path}/snapshots/0001.db"
    )


def test_the_newest_version_may_lack_its_snapshot_with_a_note(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", ONE)
    text = "no snapshot yet; its row uses a fresh build"
    assert verdict(history, "0002", "schema") == Verdict(
        notes=(Note(SnapshotRow(SnapshotName(2)), text, "pmd-migrations snapshot"),)
    )
    broken = application(tmp_path, {1: ONE, 2: "SELECT missing"})
    assert told(broken, "0002", "schema").startswith("0002_step.py failed\n")


@pytest.mark.parametrize(
    ("damage", "head"),
    [
        (lambda _: b"", "snapshot 0001 is empty"),
        (lambda _: b"no database", "snapshot 0001 is no SQLite database, or is encrypted"),
        (lambda content: content[:-100], "snapshot 0001 is truncated"),
        (lambda content: content[:100] + b"\xff" * 100 + content[200:], "snapshot 0001 cannot"),
    ],
)
def test_a_damaged_snapshot_fails_its_own_cells_only(tmp_path: Path, damage, head: str) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    path = store(history, "0001", ONE)
    store(history, "0002", f"{ONE}; {TWO}")
    path.write_bytes(damage(path.read_bytes()))
    for check in ("schema", "data"):
        assert told(history, "0001", check).startswith(head)
        assert told(history, "0002", check) == ""
    assert told(history, "0002", "again") == ""


def test_a_part_left_in_a_write_ahead_log_is_no_whole_snapshot(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    path = store(history, "0001", ONE)
    path.with_name("0001.db-wal").write_bytes(b"")
    assert told(history, "0001", "data") == ""
    path.with_name("0001.db-wal").write_bytes(b"frames")
    assert " ".join(told(history, "0001", "data").split("\n")) == (
        f"snapshot 0001 is not whole {path}-wal holds a part of it; expected one file. Close the"
        f' program that has it open, or fold the part in: sqlite3 {path} "VACUUM"'
    )


def test_what_one_check_cannot_see_leaves_the_others_alone(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    history.application.source.declarations = lambda _: 3
    store(history, "0001", f"{ONE}; INSERT INTO notes VALUES (1, 'a')")
    assert told(history, "0001", "data") == (
        "source notes: declarations(2) returned a int; expected py...\n"
        "source notes: declarations(2) returned a int; expected\n"
        "pytest_pmd_migrations.Declarations"
    )
    assert told(history, "0001", "schema") == told(history, "0002", "again") == ""


def test_rows_that_sqlite_cannot_read_fail_the_checks_that_read_them(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    path = store(history, "0001", f"{ONE}; INSERT INTO notes VALUES (1, 'a')")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * 4096)
    assert told(history, "0001", "data") != ""
    finding = verdict(history, "0002", "frozen").findings[0]
    assert (finding.headline, *finding.lines) == (
        "0001 at 0001: SQLite cannot read it",
        "The check frozen got DatabaseError: database disk image is malformed",
    )


def test_a_fault_of_a_check_is_raised_as_it_is_and_only_there(tmp_path: Path) -> None:
    def watch(history):
        return lambda _: 1 / 0

    wrong = Check("wrong", "migration", watch, lambda *_: Verdict())
    history = application(tmp_path, {1: ONE})
    checks = (*all_checks(), wrong)
    walks = Walks(history, checks)
    cells = {cell.name: cell for cell in list_cells(history, checks)}
    with pytest.raises(ZeroDivisionError):
        judge_cell(walks, cells["0001[wrong]"])
    assert judge_cell(walks, cells["0001[again]"]).findings == ()


def test_a_lineage_that_stops_names_the_step_and_the_cause(tmp_path: Path) -> None:
    def two(conn: sqlite3.Connection) -> None:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error

    history = application(tmp_path, {1: ONE, 2: two})
    store(history, "0001", ONE)
    assert told(history, "0001", "data") == (
        "0002_step.py failed\n"
        "the step to 0002 raised ValueError: second\n"
        "  KeyError: 'first'\n"
        f"  {shown_path(Path(__file__))}:{two.__code__.co_firstlineno + 2}, in two\n"
        '    raise KeyError("first")'
    )
    assert verdict(history, "0001", "data").image is not None


def test_no_snapshot_at_all_is_an_error(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    with pytest.raises(MigrationTestError) as caught:
        select_cells([history], all_checks(), [])
    assert str(caught.value) == (
        f"no snapshot is stored in {tmp_path}/snapshots, so nothing can be checked."
        " Build them: pmd-migrations snapshot"
    )


def test_checks_that_leave_no_cell_are_an_error(tmp_path: Path) -> None:
    history = application(tmp_path, {}, source=Notes(tmp_path / "app", {1: ONE}))
    store(history, "0001", ONE)
    with pytest.raises(SettingError) as caught:
        select_cells([history], select_checks("again"), [])
    assert str(caught.value) == (
        "--migration-checks=again leaves no cell: no source here can be asked that."
        " See docs/reference/sources.md and fixtures-and-hooks.md"
    )


def test_ids_select_cells_and_an_unknown_one_says_what_there_is(tmp_path: Path) -> None:
    histories = []
    for name in ("cache", "index"):
        (tmp_path / name).mkdir()
        history = application(tmp_path / name, {1: ONE, 2: TWO}, name=name)
        store(history, "0001+old", ONE)
        histories.append(again(history))

    def chosen(wanted: str) -> list[str]:
        return [cell.id for cell in select_cells(histories, select_checks("schema"), [wanted])]

    rows = ("0001", "0001+old", "0002")
    of_index = [f"migrations::index::{row}..0002[schema]" for row in rows]
    assert chosen(of_index[0]) == of_index[:1]
    assert chosen("migrations::index::") == of_index
    of_cache = [id_.replace("index", "cache") for id_ in of_index]
    assert chosen("migrations::") == of_cache + of_index
    with pytest.raises(SettingError, match=r"^no such cell: migrations::other::\. Versions of"):
        chosen("migrations::other::")
    with pytest.raises(SettingError) as caught:
        select_cells(histories, select_checks("schema"), ["migrations::0001[schema]"])
    assert str(caught.value) == (
        "no such cell: migrations::0001[schema]. Versions of cache are 0001..0002 and 0001+old;"
        " Versions of index are 0001..0002 and 0001+old; checks of a snapshot are schema."
    )


def test_a_check_needs_a_name_that_an_id_can_hold_and_of_its_own() -> None:
    def wrong(name: str) -> str:
        check = Check(name, "snapshot", lambda _: lambda _: None, lambda *_: Verdict())
        with pytest.raises(SettingError) as caught:
            register(check)
        return str(caught.value)

    assert wrong("a[b]") == ("a check is named 'a[b]'; expected letters, digits, '_' and '-' only")
    assert wrong("schema") == "a check named 'schema' exists already; choose another name"
    register(all_checks()[0])
    with pytest.raises(SettingError) as caught:
        select_checks("schema, shema")
    assert str(caught.value) == (
        "--migration-checks names 'shema'; expected some of schema, data, statements, again,"
        " atomic, frozen, down, forecast"
    )


def test_a_check_without_an_observer_is_asked_all_the_same(tmp_path: Path) -> None:
    seen = []

    def judge(_history, _row, lineages):
        seen.extend((str(one.start), one.reached, dict(one.seen)) for one in lineages)
        return Verdict()

    plain = Check("plain", "migration", None, judge)
    history = application(tmp_path, {1: ONE})
    cell = next(cell for cell in list_cells(history, [plain]))
    assert judge_cell(Walks(history, [plain]), cell) == Verdict()
    assert seen == [("fresh", (1,), {})]


def test_only_a_check_that_says_so_is_asked_of_a_removed_version(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", ONE)
    history = lock(history, released=(1, 2))
    del history.application.source.steps[2]
    kept = Check("kept", "migration", None, lambda *_: Verdict(), asks_removed=True)
    other = Check("other", "migration", None, lambda *_: Verdict())
    names = [cell.name for cell in list_cells(again(history), [kept, other])]
    assert names == ["0001[kept]", "0001[other]", "0002[kept]"]


def test_a_check_gets_what_it_saw_itself_by_version(tmp_path: Path) -> None:
    def judge(_history, row, lineages):
        return Verdict(tuple(Finding(f"{row}: {dict(one.seen)}") for one in lineages))

    def watch(_history):
        return lambda step: f"seen at {step.version}"

    one = Check("one", "snapshot", watch, judge)
    two = Check("two", "snapshot", lambda _: lambda step: step.version * 10, judge)
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", ONE)
    walks = Walks(history, [one, two])
    told_by = [judge_cell(walks, cell).findings for cell in list_cells(history, [one, two])[:2]]
    assert told_by == [
        (Finding("0001: {1: 'seen at 1', 2: 'seen at 2'}"),),
        (Finding("0001: {1: 10, 2: 20}"),),
    ]


def test_k_finds_a_cell_by_its_source_and_by_its_label(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE}, name="cache")
    history.application.source.label = lambda _: "9c1f0a77b2d4"
    assert {cell.keywords for cell in list_cells(history, all_checks())} == {
        frozenset({"cache", "9c1f0a77b2d4"})
    }


def test_a_version_of_five_digits_stands_below_one_of_four(tmp_path: Path) -> None:
    history = application(tmp_path, {9999: ONE, 10000: TWO})
    assert [str(row) for row in migration_rows(history)] == ["9999", "10000"]
    rows = plan_of(history, all_checks()).migration_rows
    assert [row.title for row in rows] == ["9999", "10000"]


def test_a_removed_version_is_shown_with_the_label_that_its_lock_line_has(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    history.application.source.label = lambda version: f"9c1f0a{version}"
    store(history, "0001", ONE)
    history = lock(history, released=(1, 2))
    del history.application.source.steps[2]
    assert [row.title for row in migration_rows(again(history))] == ["0001 9c1f0a1", "0002 9c1f0a2"]


def test_the_step_that_stops_a_lineage_is_named_with_its_label(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "SELECT missing"})
    history.application.source.label = lambda version: f"9c1f0a{version}"
    store(history, "0001", ONE)
    assert verdict(history, "0001", "data").cause.row.title == "0002 9c1f0a2"


def test_the_kept_database_of_a_cell_is_named_by_its_lineage(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE}, name="cache")
    store(history, "0000+u1", ONE)
    names = {cell.name: cell.database_name for cell in list_cells(history, all_checks())}
    assert names["0000+u1..0001[data]"] == "cache-0000+u1..0001.db"
    assert names["0001[again]"] == "cache-0001.db"


def test_a_stored_file_without_a_lock_line_is_a_note_of_each_of_its_cells(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    store(history, "0001", ONE)
    history = lock(history)
    store(history, "0001+extra", ONE)
    for row, check in (("0001+extra", "schema"), ("0001+extra", "data"), ("0001", "schema")):
        name = SnapshotName.parse(row)
        text = "its file is not in frozen.toml yet"
        note = Note(SnapshotRow(name), text, "pmd-migrations snapshot")
        assert verdict(again(history), row, check).notes == ((note,) if name.variant else ())


def test_without_a_lock_file_only_variants_are_noted(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    for name in ("0001", "0001+extra"):
        store(history, name, ONE)
    assert verdict(history, "0001", "schema").notes == ()
    assert len(verdict(history, "0001+extra", "schema").notes) == 1
