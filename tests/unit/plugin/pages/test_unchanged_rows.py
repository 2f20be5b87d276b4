"""Pages tell which tables a step changed, and never say that one is the same when it is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.database_parts import database_parts
from pytest_pmd_migrations.pages.unchanged_rows import unchanged_rows
from pytest_pmd_migrations.rows import digest_tables
from pytest_pmd_migrations.schema.letter_case import fold

from tests.every import for_every
from tests.unit.plugin.pages.laid_out import laid_out
from tests.unit.plugin.rows.steps import image, stepped
from tests.unit.plugin.rows.test_losses import LOSSES, PEOPLE

WIDE = "CREATE TABLE wide(" + ", ".join(f"column_number_{n} TEXT" for n in range(90)) + ");"
FILLED = PEOPLE + WIDE + "".join(f"CREATE TABLE t{n}(a, b UNIQUE);" for n in range(30))

SCHEMA_STEPS = {
    "nothing": "",
    "a table": "CREATE TABLE t(a)",
    "many tables": "".join(f"CREATE TABLE u{n}(a, b UNIQUE);" for n in range(40)),
    "a table with rows": "CREATE TABLE t(a); INSERT INTO t VALUES (1)",
    "an index on an empty table": "CREATE INDEX i ON wide(column_number_3)",
    "an index on rows": "CREATE INDEX i ON people(name)",
    "a column": "ALTER TABLE people ADD COLUMN phone TEXT",
    "a column of a wide table": "ALTER TABLE wide ADD COLUMN phone TEXT",
    "a column with a default": "ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'x'",
    "two columns": "ALTER TABLE people ADD COLUMN a; ALTER TABLE people ADD COLUMN b",
    "a trigger": "CREATE TRIGGER x AFTER INSERT ON people BEGIN SELECT 1; END",
    "a view": "CREATE VIEW v AS SELECT * FROM people",
    "a view dropped again": "CREATE VIEW v AS SELECT * FROM people; DROP VIEW v",
    "another version": "PRAGMA user_version = 7",
}


def unchanged(step: str, page_size: int) -> bool:
    before = image(FILLED, page_size=page_size)
    return same_rows(before, stepped(before, step))


def same_rows(before: Image, after: Image) -> bool:
    """Whether no row changed, said alike of the layout that follows and of one read anew."""
    then = laid_out(before)
    now = laid_out(after, then)
    said = unchanged_rows(then, now)
    assert said == unchanged_rows(then, laid_out(after))
    return said


@for_every("step", SCHEMA_STEPS.values(), ids=SCHEMA_STEPS.keys())
def test_a_step_of_the_schema_is_seen_at_once(step: str) -> None:
    assert [size for size in (512, 1024, 4096, 65536) if not unchanged(step, size)] == []


def test_a_column_before_a_table_constraint_is_seen_at_once() -> None:
    before = image("CREATE TABLE t(a, b, UNIQUE (a)); INSERT INTO t VALUES (1, 2)")
    after = stepped(before, "ALTER TABLE t ADD COLUMN c")
    assert same_rows(before, after)


TOUCHING = {
    "a new row": "INSERT INTO people VALUES (9, 'x', NULL, NULL)",
    "a value": "UPDATE people SET age = 37 WHERE id = 1",
    "a column and a value": "ALTER TABLE people ADD COLUMN phone TEXT;"
    " UPDATE people SET age = 37 WHERE id = 1",
    "a row less": "DELETE FROM people WHERE id = 1",
    "a dropped table": "DROP TABLE people",
    "a dropped column": "ALTER TABLE people DROP COLUMN age",
    "a renamed column": "ALTER TABLE people RENAME COLUMN age TO years",
    "a renamed last column": "ALTER TABLE people RENAME COLUMN age TO aged",
    "a renamed table": "ALTER TABLE people RENAME TO persons",
    "a table made again": "DROP TABLE t0; CREATE TABLE v(a, b UNIQUE)",
    "another type": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
    " replace(sql, 'age INTEGER', 'age REAL') WHERE name = 'people'",
    "another collation": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
    " replace(sql, 'age INTEGER', 'age INTEGER COLLATE NOCASE') WHERE name = 'people'",
    "a column in the middle": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
    " replace(sql, 'age INTEGER', 'size, age INTEGER') WHERE name = 'people'",
    "a column less": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
    " replace(sql, ', age INTEGER', '') WHERE name = 'people'",
    "roots that swap": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage ="
    " 8 + 9 - rootpage WHERE rootpage IN (8, 9)",
    "a row of the schema less": "PRAGMA writable_schema = ON;"
    " DELETE FROM sqlite_schema WHERE name = 'people'",
}


@for_every("step", TOUCHING.values(), ids=TOUCHING.keys())
def test_a_step_that_touches_rows_is_never_said_to_leave_them(step: str) -> None:
    assert [size for size in (512, 4096) if unchanged(step, size)] == []


def test_no_planted_loss_of_rows_passes() -> None:
    passed = []
    for name, case in LOSSES.items():
        before = image(case.before)
        if same_rows(before, stepped(before, case.step)):
            passed.append(name)
    assert [name for name in passed if "integrity_check" not in LOSSES[name].finds] == []


STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS a(x, y)",
    "CREATE TABLE IF NOT EXISTS b(x UNIQUE, y TEXT)",
    "INSERT OR IGNORE INTO a VALUES (abs(random() % 9), zeroblob(700))",
    "INSERT OR IGNORE INTO b VALUES (1, 'one'), (2, 'two')",
    "UPDATE b SET y = y || 'x'",
    "DELETE FROM a WHERE rowid = 1",
    "DROP TABLE a",
    "DROP TABLE b",
    "ALTER TABLE a ADD COLUMN z DEFAULT 5",
    "ALTER TABLE b ADD COLUMN z",
    "ALTER TABLE a RENAME TO c",
    "ALTER TABLE c RENAME TO a",
    "ALTER TABLE a RENAME COLUMN x TO w",
    "ALTER TABLE b DROP COLUMN y",
    "CREATE INDEX IF NOT EXISTS i ON b(y)",
    "DROP INDEX i",
    "VACUUM",
)


def run(conn, statements) -> None:
    for statement in statements:
        try:
            conn.execute(statement)
            conn.commit()
        except conn.OperationalError:
            conn.rollback()


def rows_of(conn) -> dict[str, str]:
    """The digests of the tables that have rows; a column that was added is left out."""
    found = digest_tables(conn, volatile=("*.z",))
    return {
        table: digest
        for table, digest in found.items()
        if conn.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
    }


def dump(conn: sqlite3.Connection) -> list[object]:
    """All that a database says: its schema in its order, its rows with their rowids."""
    schema = conn.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type = 'index'")
    found: list[object] = list(schema)
    for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        found.append(conn.execute(f"SELECT rowid, * FROM {name} ORDER BY rowid").fetchall())
    return found


@settings(deadline=None, max_examples=100)
@example(
    ["CREATE TABLE IF NOT EXISTS b(x UNIQUE, y TEXT)", "ALTER TABLE b DROP COLUMN y"],
    ["DROP TABLE b", "CREATE TABLE IF NOT EXISTS b(x UNIQUE, y TEXT)"],
)
@given(st.lists(st.sampled_from(STATEMENTS)), st.lists(st.sampled_from(STATEMENTS), max_size=4))
def test_rows_that_are_said_to_be_unchanged_are(first: list[str], second: list[str]) -> None:
    # A file that never had a table lacks settings in its header that it then keeps.
    begun = image("CREATE TABLE begun(a)", page_size=512)
    before = stepped(begun, lambda conn: run(conn, first))
    after = stepped(before, lambda conn: run(conn, second))
    then, now = laid_out(before), laid_out(after)
    with closing(before.connect()) as old, closing(after.connect()) as new:
        if same_rows(before, after):
            assert {**rows_of(new), **rows_of(old)} == rows_of(new)
        changed = now.changed_tables(then)
        kept = {fold(name) for name in now.holdings} - {fold(name) for name in changed}
        assert all(digest_tables(old)[name] == digest_tables(new)[name] for name in kept)
        assert (dump(old) == dump(new)) == (database_parts(then) == database_parts(now))
