"""What a step gives otherwise in each run is found in few runs, however many databases show it."""

from __future__ import annotations

import sqlite3
import uuid
from functools import partial
from pathlib import Path

from pytest_pmd_migrations.application.varying_step import find_varying_step
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName

from tests.unit.plugin.built_application import application, lock, store

NOTES = "CREATE TABLE notes(id INTEGER PRIMARY KEY, luck); INSERT INTO notes VALUES (1, NULL)"


def test_two_databases_that_show_the_same_column_are_enough(tmp_path: Path) -> None:
    taken: list[int] = []

    def draw(conn: sqlite3.Connection) -> None:
        taken.append(1)
        conn.execute("UPDATE notes SET luck = ?", [uuid.uuid4().hex])

    steps = {1: NOTES, **{version: f"CREATE TABLE t{version}(a)" for version in range(2, 7)}}
    history = application(tmp_path, steps)
    names = [SnapshotName(version) for version in range(1, 7)]
    for name in names:
        store(history, str(name), ";".join(steps[one] for one in range(1, name.version + 1)))
    lock(history)
    history = application(tmp_path, {**steps, 7: draw})
    found = find_varying_step(history, 7, [FRESH, *names])
    assert found is not None
    assert (found.columns, found.line) == (("notes.luck",), 'migration_volatile = ["notes.luck"]')
    of_two, of_the_schema = 2 * 2, 1
    assert len(taken) == of_two + of_the_schema


def test_later_versions_go_on_where_the_walks_of_earlier_ones_ended(tmp_path: Path) -> None:
    taken: list[int] = []

    def step(conn: sqlite3.Connection, version: int) -> None:
        taken.append(version)
        conn.execute(f"CREATE TABLE t{version}(a)")
        conn.execute("UPDATE notes SET luck = ?", [uuid.uuid4().hex])

    versions = range(2, 12)
    steps = {1: NOTES, **{version: partial(step, version=version) for version in versions}}
    history = application(tmp_path, steps)
    history.fresh.image(11)
    taken.clear()
    for version in versions:
        found = find_varying_step(history, version, [FRESH])
        assert found is not None
        assert found.columns == ("notes.luck",)
    assert taken == [version for version in versions for _ in range(2)]
