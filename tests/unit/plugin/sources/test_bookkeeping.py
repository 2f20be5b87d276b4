"""The runner's own tables: named by globs, and put back after a second run that raised."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.abilities import unasked_of
from pytest_pmd_migrations.sources.applied.bookkeeping import (
    bookkeeping_of,
    foreign_of,
    put_back_on_error,
)
from pytest_pmd_migrations.sources.run import rerun

from tests.every import for_every


class Twice:
    """Its step refuses to run twice; what was applied stands in a table of its own."""

    name = "notes"
    bookkeeping = ("APPLIED_*",)

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        conn.execute("DELETE FROM applied_steps WHERE version = ?", (version,))

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:  # noqa: ARG002 - as a source has it
        conn.execute("DROP TABLE IF EXISTS applied_old")
        conn.execute("INSERT INTO applied_steps VALUES (9, 'half')")
        conn.execute("CREATE TABLE notes(a)")


def test_a_step_that_refuses_to_run_twice_is_still_applied() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE notes(a); CREATE TABLE applied_steps(version, x);"
            "CREATE TABLE applied_old(a); INSERT INTO applied_steps VALUES (1, NULL), (2, x'00')"
        )
        with pytest.raises(sqlite3.OperationalError, match="table notes already exists"):
            rerun(Twice(), conn, 2)  # type: ignore[arg-type]  # only what is asked for
        assert not conn.in_transaction
        rows = conn.execute("SELECT * FROM applied_steps ORDER BY version").fetchall()
        assert rows == [(1, None), (2, b"\0")]


@for_every("made", [("text_factory", bytes), ("row_factory", lambda _, row: {0: row})])
def test_rows_are_put_back_as_they_were_whatever_rows_the_connection_makes(
    made: tuple[str, object],
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE marks(name, at); INSERT INTO marks VALUES ('one', 1), (NULL, x'00')"
        )
        setattr(conn, *made)
        with pytest.raises(sqlite3.OperationalError), put_back_on_error(conn, ("marks",)):
            conn.executescript("DELETE FROM marks; nonsense")
        conn.row_factory, conn.text_factory = None, str
        rows = conn.execute("SELECT name, at FROM marks ORDER BY rowid").fetchall()
        assert rows == [("one", 1), (None, b"\0")]


def test_a_block_that_ends_well_changes_what_it_changes() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE marks(a)")
        with put_back_on_error(conn, ("marks",)):
            conn.execute("INSERT INTO marks VALUES (1)")
        assert conn.execute("SELECT a FROM marks").fetchall() == [(1,)]


@for_every("found", ["applied", [""], [1], 3])
def test_what_is_no_list_of_globs_is_refused(found: object) -> None:
    with pytest.raises(SourceError, match="bookkeeping"):
        bookkeeping_of(SimpleNamespace(name="n", bookkeeping=found))  # type: ignore[arg-type]  # only what is asked for


@for_every("found", [["atomic"], {"atomic": ""}, {"atomic": None}, {1: "why"}])
def test_what_is_no_reason_by_the_name_of_a_check_is_refused(found: object) -> None:
    with pytest.raises(SourceError, match="expected reasons by the names of checks"):
        unasked_of(SimpleNamespace(name="n", unasked=found))  # type: ignore[arg-type]  # only what is asked for


def test_tables_of_other_packages_are_hidden_and_filled_all_the_same() -> None:
    given = SimpleNamespace(name="n", bookkeeping=("applied",), foreign=("shelf_*",))
    bookkeeping, foreign = bookkeeping_of(given), foreign_of(given)  # type: ignore[arg-type]  # only what is asked for
    rules = Rules(ignore_patterns=("log",)).besides(bookkeeping, foreign)
    assert [name for name in ("applied", "shelf_rooms", "log", "notes") if rules.hides(name)] == [
        "applied",
        "shelf_rooms",
        "log",
    ]
    assert rules.unfilled_patterns == ("applied", "log")


def test_what_runs_elsewhere_is_not_asked_to_survive_faults() -> None:
    elsewhere = SimpleNamespace(name="n", in_process=False, unasked={"again": "it cannot"})
    assert unasked_of(elsewhere) == {  # type: ignore[arg-type]  # only what is asked for
        "atomic": "its migrations run in another process, where faults do not reach them",
        "again": "it cannot",
    }
    elsewhere.upgrade_until = print
    assert set(unasked_of(elsewhere)) == {"again"}  # type: ignore[arg-type]  # only what is asked for
    assert unasked_of(SimpleNamespace(name="n", unasked=lambda: 3)) == {}  # type: ignore[arg-type]  # only what is asked for
