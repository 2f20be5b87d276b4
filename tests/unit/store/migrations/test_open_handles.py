"""What a step leaves half-read is ended, and nothing else of the connection is touched."""

from __future__ import annotations

import sys

import pytest

from tests.unit.store.migrations.catalogue.leftovers import KEEP

SHARED = "import sys\nshared = sys.__dict__.setdefault('shared_by_steps', [])\n"
CHILD = """
import sqlite3, sys
from pmd.store.migrations import MigrationFailedError, MigrationRunner, load_migrations

searches = []
sys.addaudithook(lambda event, _: event.startswith("gc.get_") and searches.append(event))
conn = sqlite3.connect(":memory:", isolation_level=None)
try:
    MigrationRunner(conn, load_migrations(sys.argv[1])).run_migrations()
except MigrationFailedError as error:
    print(error)
assert not conn.in_transaction
print(sorted(set(searches)))
"""


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    yield
    vars(sys).pop("shared_by_steps", None)


def test_a_cursor_and_a_blob_of_the_callers_stay_open(app, at_one):
    """Those that a step leaves open are ended alone."""
    at_one.executescript(
        "CREATE TABLE theirs (id INTEGER PRIMARY KEY, b); INSERT INTO theirs VALUES"
        " (1, x'00'), (2, x'00'), (3, x'00')"
    )
    rows = at_one.execute("SELECT id FROM theirs ORDER BY id")
    done = at_one.execute("SELECT id AS number FROM theirs")
    done.fetchall()
    assert rows.fetchone() == (1,)
    left = f"{KEEP}kept.append(db.execute('SELECT x FROM t')); kept[-1].fetchone()\n"
    with at_one.blobopen("theirs", "b", 1, readonly=True) as blob:
        app.add(left + "db.execute('INSERT INTO t VALUES (3)')")
        assert app.runner(at_one).run_migrations() == 1
        assert rows.fetchall() == [(2,), (3,)]
        assert blob.read() == b"\0"
    assert done.description[0][0] == "number"
    at_one.execute("DROP TABLE t")  # the step's cursor does not lock it


def test_a_cursor_of_an_earlier_step_is_ended_again(app, at_one):
    """Made in one step and half-read in the next, it holds no lock after either."""
    app.add(f"{SHARED}shared.append(db.conn.cursor())")
    app.add(f"{SHARED}shared[0].execute('SELECT x FROM t').fetchone()")
    app.add("db.execute('DROP TABLE t')")
    assert app.runner(at_one).run_migrations() == 3


def test_a_cursor_is_ended_whatever_its_class_does(app, at_one):
    app.add(
        f"{KEEP}import sqlite3\n"
        "class Odd(sqlite3.Cursor):\n"
        "    def execute(self, *_):\n"
        "        raise LookupError('mine')\n"
        "    close = execute\n"
        "kept.append(db.conn.cursor(Odd))\n"
        "sqlite3.Cursor.execute(kept[-1], 'SELECT x FROM t').fetchone()"
    )
    assert app.runner(at_one).run_migrations() == 1
    with app.connect() as other:
        other.execute("BEGIN EXCLUSIVE")  # no lock is held
        other.execute("ROLLBACK")


def test_no_step_makes_the_runner_search_the_heap(app, warm_python):
    """In an application with many objects that would take seconds."""
    app.add("kept = db.execute('SELECT x FROM t'); kept.fetchone()\nraise ValueError('mine')")
    done = warm_python.run(sys.executable, "-c", CHILD, str(app.folder))
    assert done.stdout.splitlines() == [
        "migration 0002 (step 2) failed and was undone: ValueError: mine",
        "['gc.get_referents']",
    ], done.stderr
