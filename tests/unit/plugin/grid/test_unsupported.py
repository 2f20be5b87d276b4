"""A stored database that is said to be no longer upgraded: nothing is asked of it, unless it is."""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.cli.problems import find_problems
from pytest_pmd_migrations.cli.survey import take_survey
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.report.outcome import NONE, Outcome
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.declared.declarations import StoredExcuse

from tests.every import for_every
from tests.unit.plugin.built_application import application, lock, store, told, verdict

ONE = "CREATE TABLE IF NOT EXISTS notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "CREATE INDEX IF NOT EXISTS by_title ON notes(title)"
OLD = "CREATE TABLE notes(id INTEGER PRIMARY KEY, name TEXT)"
BETA = {"0001+beta": StoredExcuse(unsupported="dropped in 2.0")}


def with_beta(folder: Path, beta: str, **settings: object) -> History:
    history = application(folder, {1: ONE, 2: TWO}, stored=BETA, **settings)
    store(history, "0001", f"{ONE}; INSERT INTO notes VALUES (1, 'a')")
    store(history, "0001+beta", beta)
    return history


@for_every(
    "beta",
    [
        # A step fails on it.
        OLD,
        # It arrives, with another schema.
        f"{ONE}; CREATE TABLE left_over(a)",
    ],
)
def test_nothing_is_asked_of_it(tmp_path: Path, beta: str) -> None:
    history = with_beta(tmp_path, beta)
    for check in ("schema", "data"):
        assert told(history, "0001+beta", check) == ""
        unasked = verdict(history, "0001+beta", check).unasked
        assert unasked is not None
        assert unasked.text == "unsupported: dropped in 2.0"


def test_migrations_are_judged_without_it(tmp_path: Path) -> None:
    broken = f"{OLD}; INSERT INTO notes VALUES (1, 'a')"
    history = lock(with_beta(tmp_path, broken))
    cells = list_cells(history, all_checks())
    judged = JudgedCells(cells, all_checks())
    outcomes = [Outcome.of_verdict(cell.key, judged.verdict(cell)) for cell in cells]
    assert all(one.findings == () for one in outcomes)
    none = [one for one in outcomes if one.status == NONE]
    assert {str(one.cell.row) for one in none} == {"0001+beta"}
    assert {note.text for one in none for note in one.remarks} == {"unsupported: dropped in 2.0"}


def test_one_that_upgrades_after_all_fails_and_says_what_to_take_out(tmp_path: Path) -> None:
    history = with_beta(tmp_path, f"{ONE}; INSERT INTO notes VALUES (1, 'a')")
    text = (
        "0001+beta is said to be unsupported, but it upgrades\n"
        "0001+beta arrives at 0002 with the schema of a fresh database, so it is\n"
        "supported after all.\n"
        "\n"
        "Take this out of the file of migration_rows, so that it is checked again:\n"
        '  [stored."0001+beta"]\n'
        '  unsupported = "dropped in 2.0"'
    )
    assert told(history, "0001+beta", "schema") == text
    assert told(history, "0001+beta", "data") == text
    one, other = (verdict(history, "0001+beta", check) for check in ("schema", "data"))
    assert one.findings[0].things == other.findings[0].things
    # Of several versions that one table names, one may be taken out.
    among = {"0001": StoredExcuse(unsupported="dropped", among="0001..0002")}
    history = application(tmp_path, {1: ONE, 2: TWO}, stored=among)
    assert told(history, "0001", "data").splitlines()[4:] == [
        "Take 0001 (the others may stay) out of the file of migration_rows, so that",
        "it is checked again:",
        '  [stored."0001..0002"]',
        '  unsupported = "dropped"',
    ]


def test_a_file_that_cannot_be_read_is_still_told(tmp_path: Path) -> None:
    history = with_beta(tmp_path, OLD)
    history.store.folder.file(SnapshotName(1, "beta")).write_bytes(b"no database")
    assert told(history, "0001+beta", "data").startswith("snapshot 0001+beta is no SQLite database")


def test_the_command_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    history = lock(with_beta(tmp_path, OLD))
    problems = [one.text for one in find_problems(take_survey(history))]
    assert not [text for text in problems if "fails" in text]
