"""Which cell tells a cause: the culprit's first one, or the first that the cause blocks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Check, Finding, MigrationRow, SnapshotRow, Verdict
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.faults import DEFAULT_KINDS
from pytest_pmd_migrations.grid.blocked import failed_step
from pytest_pmd_migrations.grid.cells import Cell, list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.snapshots.names import SnapshotName

from tests.unit.plugin.built_application import application, lock, store

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN pinned INTEGER"
BROKEN = "SELECT missing"


@pytest.fixture(autouse=True)
def _one_kind_of_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    crash = tuple(kind for kind in DEFAULT_KINDS if kind.name == "crash")
    monkeypatch.setattr("pytest_pmd_migrations.checks.atomic.DEFAULT_KINDS", crash)


def broken(tmp_path: Path, last: int = 3) -> History:
    """Return a history whose step to 0003 cannot be taken."""
    released = {1: ONE, 2: TWO}
    history = application(tmp_path, released)
    store(history, "0001", ONE)
    store(history, "0002", f"{ONE}; {TWO}")
    lock(history)
    return application(tmp_path, released | dict.fromkeys(range(3, last + 1), BROKEN))


def failing_on_rows(tmp_path: Path) -> History:
    """Return a history whose step to 0003 cannot be taken from what is stored."""
    steps = {1: ONE, 2: TWO, 3: "CREATE UNIQUE INDEX titles ON notes(title)"}
    history = application(tmp_path, steps)
    rows = "INSERT INTO notes(title) VALUES ('same'), ('same')"
    for name, sql in {"0001": ONE, "0002": f"{ONE}; {TWO}"}.items():
        store(history, name, f"{sql}; {rows}")
    lock(history)
    return application(tmp_path, steps)


def judged(history: History, select: Callable[[Cell], bool] = lambda _: True) -> dict[str, Verdict]:
    """Return the verdict on each selected cell by its name; each is judged first and last alike."""
    checks = all_checks()
    cells = [cell for cell in list_cells(history, checks) if select(cell)]
    forth, back = JudgedCells(cells, checks), JudgedCells(cells, checks)
    found = {cell.name: forth.verdict(cell) for cell in cells}
    again = {cell.name: back.verdict(cell) for cell in reversed(cells)}
    assert {name: (one.findings, one.cause) for name, one in found.items()} == {
        name: (one.findings, one.cause) for name, one in again.items()
    }
    return found


def failing(found: dict[str, Verdict]) -> list[str]:
    return [name for name, verdict in found.items() if verdict.findings]


def blocked(found: dict[str, Verdict]) -> list[str]:
    return [name for name, verdict in found.items() if verdict.cause]


def test_the_first_cell_of_the_culprit_tells_and_all_others_are_blocked(tmp_path: Path) -> None:
    found = judged(broken(tmp_path))
    assert failing(found) == ["0003[again]"]
    assert blocked(found) == [
        *(f"000{n}..0003[{check}]" for n in (1, 2, 3) for check in ("schema", "data")),
        "0003[atomic]",
        "0003[frozen]",
    ]
    assert {verdict.cause.row for verdict in found.values() if verdict.cause} == {MigrationRow(3)}
    (finding,) = found["0003[again]"].findings
    assert finding.tells == MigrationRow(3)
    assert (finding.headline, *finding.lines) == (
        "0003_step.py failed",
        "the step to 0003 raised OperationalError: no such column: missing",
    )


def test_steps_after_the_culprit_are_blocked_by_it(tmp_path: Path) -> None:
    found = judged(broken(tmp_path, last=5))
    assert failing(found) == ["0003[again]"]
    assert found["0005[frozen]"].cause.row == MigrationRow(3)


def test_the_story_of_a_step_is_found_once_however_many_cells_it_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[MigrationRow] = []

    def count(walks: Walks, row: MigrationRow, lineages: Sequence[Walk]) -> tuple[Finding, ...]:
        asked.append(row)
        return failed_step(walks, row, lineages)

    monkeypatch.setattr("pytest_pmd_migrations.grid.judged.failed_step", count)
    checks = all_checks()
    cells = list_cells(failing_on_rows(tmp_path), checks)
    verdicts = JudgedCells(cells, checks)
    told = {cell.name: verdicts.verdict(cell) for cell in cells}
    assert blocked(told) == [
        f"000{n}..0003[{check}]" for n in (1, 2) for check in ("schema", "data")
    ]
    assert asked.count(MigrationRow(3)) == 1


def test_a_cell_whose_lineage_stops_at_a_step_waits_for_no_other_lineage(tmp_path: Path) -> None:
    history, checks = failing_on_rows(tmp_path), all_checks()
    cells = list_cells(history, checks)
    verdicts = JudgedCells(cells, checks)
    first = next(cell for cell in cells if cell.name == "0001..0003[schema]")
    verdict = verdicts.verdict(first)
    assert (verdict.findings, verdict.cause.row) == ((), MigrationRow(3))
    walked = verdicts.walks[history].taken
    assert [str(start) for start in walked] == ["fresh", "0001"]


@pytest.mark.parametrize(
    ("select", "teller"),
    [
        (lambda cell: cell.check.name == "data", "0001..0003[data]"),
        (lambda cell: cell.check.name == "frozen", "0003[frozen]"),
        (lambda cell: cell.name == "0002..0003[schema]", "0002..0003[schema]"),
        (lambda cell: cell.row.version == 2, "0002..0003[schema]"),
        (lambda cell: cell.name in {"0001[again]", "0003[atomic]"}, "0003[atomic]"),
    ],
)
def test_where_the_culprits_cell_is_not_selected_the_first_blocked_one_tells(
    tmp_path: Path, select: Callable[[Cell], bool], teller: str
) -> None:
    assert failing(judged(broken(tmp_path), select)) == [teller]


def test_a_selection_that_the_cause_does_not_touch_passes(tmp_path: Path) -> None:
    found = judged(
        broken(tmp_path), lambda cell: str(cell.row) == "0001" and cell.check.of != "snapshot"
    )
    assert (failing(found), blocked(found)) == ([], [])


def test_a_step_that_only_some_lineages_cannot_take_fails_beside_its_own_checks(
    tmp_path: Path,
) -> None:
    history = application(tmp_path, {1: ONE, 2: "CREATE TABLE tags(a)"})
    store(history, "0001", ONE)
    store(history, "0001+grown", f"{ONE}; CREATE TABLE tags(a)")
    store(history, "0002", f"{ONE}; CREATE TABLE tags(a)")
    found = judged(lock(history))
    assert failing(found) == ["0002[again]"]
    assert blocked(found) == ["0001+grown..0002[schema]", "0001+grown..0002[data]"]
    (finding,) = found["0002[again]"].findings
    assert finding.lines == (
        "  seen from 0001+grown",
        "",
        "the step to 0002 raised OperationalError: table tags already exists",
    )


def test_lineages_that_a_step_stops_in_different_ways_are_told_apart(tmp_path: Path) -> None:
    def two(conn: sqlite3.Connection) -> None:
        titles = [title for (title,) in conn.execute("SELECT title FROM notes")]
        raise ValueError("no note" if not titles else titles[0])

    history = application(tmp_path, {1: ONE, 2: two})
    store(history, "0001", ONE)
    store(history, "0001+a", f"{ONE}; INSERT INTO notes(title) VALUES ('a')")
    first, second = judged(history)["0002[again]"].findings
    assert first.lines[:3] == (
        "  seen from fresh, 0001",
        "",
        "the step to 0002 raised ValueError: no note",
    )
    assert second.lines[:3] == (
        "  seen from 0001+a",
        "",
        "the step to 0002 raised ValueError: a",
    )


def test_a_snapshot_that_cannot_be_read_is_told_by_its_own_first_cell(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", ONE).write_bytes(b"")
    store(history, "0002", f"{ONE}; {TWO}")
    found = judged(history)
    assert failing(found)[:1] == ["0001..0002[schema]"]
    assert blocked(found) == ["0001..0002[data]"]
    assert found["0001..0002[data]"].cause.row == SnapshotRow(SnapshotName(1))


def test_a_snapshot_that_is_missing_blocks_the_line_that_the_same_command_writes(
    tmp_path: Path,
) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0002", f"{ONE}; {TWO}")
    found = judged(history, lambda cell: cell.row.version == 1)
    assert failing(found) == ["0001..0002[schema]"]
    assert blocked(found) == ["0001..0002[data]", "0001[frozen]"]
    alone = judged(history, lambda cell: cell.name == "0001[frozen]")
    assert alone["0001[frozen]"].findings[0].headline == "0001_step.py has no line in frozen.toml"


def test_a_check_at_fault_stops_no_other_cell_from_being_told(tmp_path: Path) -> None:
    def watch(_: History) -> Callable[[object], object]:
        return lambda _: 1 / 0

    wrong = Check("wrong", "snapshot", watch, lambda *_: Verdict())
    history = broken(tmp_path)
    checks = [wrong, *all_checks()]
    cells = [cell for cell in list_cells(history, checks) if cell.check.of == "snapshot"]
    found = JudgedCells(cells, checks)
    tellers = [cell.name for cell in cells if found.verdict(cell).findings]
    assert tellers == ["0001..0003[wrong]"]


def two_broken(tmp_path: Path) -> History:
    """Return a history of which 0002 and 0004 cannot be taken, with a snapshot before each."""
    steps = {1: ONE, 2: BROKEN, 3: "CREATE TABLE tags(a)", 4: "DROP TABLE nowhere"}
    history = application(tmp_path, steps)
    store(history, "0001", ONE)
    store(history, "0003", f"{ONE}; CREATE TABLE tags(a)")
    return history


def test_each_of_two_broken_steps_is_told_by_a_cell_of_its_own(tmp_path: Path) -> None:
    found = judged(two_broken(tmp_path))
    told = {
        finding.tells: name
        for name, verdict in found.items()
        for finding in verdict.findings
        if finding.tells
    }
    assert told == {MigrationRow(2): "0002[again]", MigrationRow(4): "0004[again]"}
    causes = {name: verdict.cause.row.version for name, verdict in found.items() if verdict.cause}
    assert causes["0001..0004[schema]"] == 2
    assert causes["0003..0004[schema]"] == 4


def test_a_cell_that_tells_its_own_step_may_tell_another_cause_too(tmp_path: Path) -> None:
    wanted = {"0001..0004[schema]", "0004[atomic]", "0003[frozen]"}
    history = two_broken(tmp_path)
    checks = all_checks()
    cells = [cell for cell in list_cells(history, checks) if cell.name in wanted]
    cells.sort(key=lambda cell: cell.name, reverse=True)
    found = JudgedCells(cells, checks)
    told = {cell.name: [one.tells for one in found.verdict(cell).findings] for cell in cells}
    assert told == {
        "0004[atomic]": [MigrationRow(4), MigrationRow(2)],
        "0003[frozen]": [],
        "0001..0004[schema]": [],
    }


def test_the_story_is_whole_where_only_blocked_cells_are_selected(tmp_path: Path) -> None:
    def two(conn: sqlite3.Connection) -> None:
        raise ValueError(next(iter(conn.execute("SELECT title FROM notes")), ("no note",))[0])

    history = application(tmp_path, {1: ONE, 2: two})
    for name in ("a", "b"):
        store(history, f"0001+{name}", f"{ONE}; INSERT INTO notes(title) VALUES ('{name}')")
    found = judged(history, lambda cell: cell.check.name == "data" and cell.row.version == 1)
    first, second = found["0001+a..0002[data]"].findings
    assert first.lines[:3] == (
        "  seen from 0001+a",
        "",
        "the step to 0002 raised ValueError: a",
    )
    assert second.lines[:3] == (
        "  seen from 0001+b",
        "",
        "the step to 0002 raised ValueError: b",
    )
    assert (first.tells, second.tells) == (None, MigrationRow(2))


def test_what_only_a_fresh_database_meets_is_said_to_be_seen_from_it(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "CREATE TABLE tags(a)"})
    store(history, "0002", f"{ONE}; CREATE TABLE tags(a)")
    broken = application(tmp_path, {1: BROKEN, 2: "CREATE TABLE tags(a)"})
    found = judged(broken, lambda cell: cell.name == "0002..0002[schema]")
    (finding,) = found["0002..0002[schema]"].findings
    assert finding.lines[:1] == ("  seen from fresh",)


def test_a_broken_snapshot_is_one_story_for_its_lineage_and_for_frozen(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", ONE)
    path = store(history, "0002", f"{ONE}; {TWO}")
    lock(history, released=(1, 2))
    path.write_bytes(b"no database")
    edited = application(tmp_path, {1: ONE, 2: f"{TWO} DEFAULT 3"})
    found = judged(edited, lambda cell: cell.row.version == 2)
    assert failing(found) == ["0002..0002[schema]"]
    assert found["0002[frozen]"].cause.row == SnapshotRow(SnapshotName(2))
