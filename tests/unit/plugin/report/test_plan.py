"""The notes of a plan: those that a cell tells as well are left out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.checks.registry import all_checks, select_checks
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.report.outcome import Outcome
from pytest_pmd_migrations.report.plan import plan_of
from pytest_pmd_migrations.sources import Declarations

from tests.unit.plugin.built_application import Notes, application, store

MALFORMED = '0002_step.py: DELETES is "DROP it"; expected a dict'


class Malformed(Notes):
    def declarations(self, version: int) -> Declarations:
        if version == 2:
            raise SettingError(MALFORMED)
        return Declarations()


def history(tmp_path: Path, two: object = "INSERT INTO notes VALUES (1)") -> History:
    steps = {1: "CREATE TABLE notes(a)", 2: two}
    found = application(tmp_path, {}, source=Malformed(tmp_path / "app", steps))
    store(found, "0001", steps[1])
    return found


def notes_beside(of: History, checks: str) -> list[Note]:
    """Return what is left of the plan's notes after a run of these checks, as a report has them."""
    chosen = select_checks(checks)
    cells = list_cells(of, chosen)
    judged = JudgedCells(cells, chosen)
    outcomes = [Outcome.of_verdict(cell.key, judged.verdict(cell)) for cell in cells]
    sent = [Outcome.from_json(outcome.to_json()) for outcome in outcomes]
    return plan_of(of, all_checks()).notes_beside(sent)


def test_a_declaration_that_cannot_be_read_is_no_note_where_a_cell_tells_it(tmp_path: Path) -> None:
    assert notes_beside(history(tmp_path), "data") == []


def test_it_is_a_note_where_no_cell_tells_it(tmp_path: Path) -> None:
    assert notes_beside(history(tmp_path), "schema") == [Note(MigrationRow(2), MALFORMED)]


def test_it_is_none_where_its_step_cannot_be_taken(tmp_path: Path) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise ValueError("no")

    assert notes_beside(history(tmp_path, fail), "schema") == []
