"""Lineages that have become the same take their steps once, and no verdict is another for it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.model import Check, Verdict
from pytest_pmd_migrations.checks.schema import SCHEMA
from pytest_pmd_migrations.cli.build import build_missing, write_built
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.every import for_every
from tests.unit.plugin.both_ways import CHECKS, both_ways, steps_taken
from tests.unit.plugin.built_application import (
    Repeatable,
    Up,
    again,
    application,
    history_of,
    lock,
    store,
)

REPOSITORY = Path(__file__).parents[4]
PEOPLE = "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)"
STEPS: Mapping[int, Up] = {
    1: PEOPLE,
    2: "ALTER TABLE people ADD COLUMN phone TEXT",
    3: "CREATE TABLE posts(id INTEGER PRIMARY KEY, person INTEGER REFERENCES people, text TEXT)",
    4: "CREATE INDEX posts_person ON posts(person); CREATE VIEW v AS SELECT name FROM people",
    5: "INSERT INTO people(name) VALUES ('added')",
    6: "DELETE FROM posts WHERE id = 1",
    7: "DROP VIEW v; CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT, age INTEGER, phone TEXT);"
    " INSERT INTO p SELECT * FROM people; DROP TABLE people; ALTER TABLE p RENAME TO people",
    8: "UPDATE people SET name = upper(name)",
    9: "CREATE INDEX posts_text ON posts(text)",
}


def built(root: Path, steps: Mapping[int, Up] = STEPS) -> History:
    """An application whose snapshots its own command stored, the faulty steps being added later."""
    history = application(root, {number: steps[number] for number in list(steps)[:4]})
    list(write_built(build_missing(history, rewrite=None)))
    store(history, "0002+odd", f"{PEOPLE}; ALTER TABLE people ADD COLUMN phone TEXT")
    return application(root, steps, source=Repeatable(root / "app", steps))


def test_every_verdict_is_the_same_both_ways(tmp_path: Path) -> None:
    found = both_ways(lock(built(tmp_path)), CHECKS)
    failing = {name for name, verdict in found.items() if verdict.findings or verdict.cause}
    assert any("[data]" in name for name in failing)
    assert any("[again]" in name for name in failing)


def test_every_verdict_on_pmd_is_the_same_both_ways(tmp_path: Path) -> None:
    """On some of its databases: every step is taken, and each kind of lineage meets another."""
    source = resolve_source("pmd.store.migrations.versions", root=REPOSITORY)
    for name in ("0000+u1", "0000+grown", "0001", "0001+adopted", "0004", "0008", "0011"):
        shutil.copy(REPOSITORY / f"fixtures/snapshots/{name}.db", tmp_path)
    both_ways(history_of(source, SnapshotFolder(tmp_path)), (SCHEMA, DATA))


def test_a_step_is_taken_once_for_lineages_that_have_met(tmp_path: Path) -> None:
    history = lock(built(tmp_path))
    lineages = 1 + len(history.store.names)
    # A fresh one, which the others are compared with, that of 0001, that of 0002, whose new column
    # has a row, that of 0003 and 0004.
    assert steps_taken(again(history), (SCHEMA, DATA))[9] == 4 < lineages
    own = Check("own", "snapshot", lambda _: lambda step: step.version, lambda *_: Verdict())
    assert steps_taken(again(history), (SCHEMA, own))[9] >= lineages
    may = replace(own, shares=lambda seen, other: seen == other)
    assert steps_taken(again(history), (SCHEMA, may))[9] == 4


def test_damage_of_a_stored_database_is_told_of_its_own_lineage(tmp_path: Path) -> None:
    index = "CREATE VIRTUAL TABLE f USING fts5(a)", "INSERT INTO f VALUES ('x')"
    damaged = "DELETE FROM f_content"
    steps = {1: ";".join(index), 2: damaged, 3: PEOPLE}
    history = application(tmp_path, steps)
    store(history, "0001", ";".join(index))
    store(history, "0002", ";".join((*index, damaged)))
    found = both_ways(lock(history), (DATA,))
    told = {name: [one.headline for one in verdict.findings] for name, verdict in found.items()}
    assert told == {
        "migrations::0001..0003[data]": [
            "0002_step.py: the full-text index f does not match its co...",
            "0002_step.py: f lost 1 of 1 row",
        ],
        "migrations::0002..0003[data]": [
            "stored 0002: the full-text index f does not match its con..."
        ],
        "migrations::0003..0003[data]": [],
    }


@pytest.mark.parametrize("broken", ["raises", "stops elsewhere"])
def test_a_step_that_fails_is_told_alike(tmp_path: Path, broken: str) -> None:
    def fail(conn: sqlite3.Connection) -> None:
        if broken == "raises":
            raise ValueError("no")
        conn.execute("PRAGMA user_version = 3")

    history = built(tmp_path, {**STEPS, 8: fail})
    found = both_ways(history, CHECKS)
    assert 8 in {verdict.cause.row.version for verdict in found.values() if verdict.cause}


def leave(what: str, conn: sqlite3.Connection) -> None:
    """Leave something on the connection that a later step takes for granted."""
    if what == "a function":
        conn.create_function("twice", 1, lambda one: 2 * one)
    elif what == "a collation":
        conn.create_collation("twice", lambda one, other: (one > other) - (one < other))
    else:
        conn.execute("CREATE TEMP TABLE twice(a)")


NEEDS = {
    "a function": "SELECT twice(1)",
    "a collation": "SELECT 1 UNION SELECT 2 ORDER BY 1 COLLATE twice",
    "a temporary table": "SELECT * FROM twice",
}


def needing_what_was_left(root: Path, what: str) -> History:
    """An application whose last step needs what the one before left on the connection."""
    steps: Mapping[int, Up] = {1: PEOPLE, 2: lambda conn: leave(what, conn), 3: NEEDS[what]}
    history = application(root, steps)
    store(history, "0001", PEOPLE)
    store(history, "0002", PEOPLE)
    return history


@for_every("what", NEEDS)
def test_what_only_an_earlier_step_left_on_the_connection_is_missed(
    tmp_path: Path, what: str
) -> None:
    found = both_ways(needing_what_was_left(tmp_path, what), (SCHEMA, DATA))
    # The lineage of 0001 has it, and that of 0002, which says the same, has not.
    stopped = {name for name, verdict in found.items() if verdict.cause is not None}
    assert stopped >= {"migrations::0002..0003[schema]", "migrations::0002..0003[data]"}
    assert "migrations::0001..0003[schema]" not in stopped


def test_a_function_that_a_step_puts_in_the_place_of_another_is_on_its_connection_alone(
    tmp_path: Path,
) -> None:
    def prepare(conn: sqlite3.Connection) -> None:
        conn.create_function("answer", 0, lambda: None)

    def replace_it(conn: sqlite3.Connection) -> None:
        conn.create_function("answer", 0, lambda: "kept")

    steps: Mapping[int, Up] = {
        1: PEOPLE,
        2: replace_it,
        3: "UPDATE people SET name = coalesce(answer(), name || 'x')",
    }
    history = application(tmp_path, steps, connection=(("prepare", prepare),))
    filled = f"{PEOPLE}; INSERT INTO people(id, name) VALUES (1, 'kept')"
    store(history, "0001", filled)
    store(history, "0002", filled)
    found = both_ways(history, (DATA,))
    told = {name: bool(verdict.findings) for name, verdict in found.items()}
    assert not told["migrations::0001..0003[data]"]
    assert told["migrations::0002..0003[data]"]
