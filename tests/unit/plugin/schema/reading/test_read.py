"""Reading a schema: what it takes, what it leaves alone, what it says when it cannot."""

from __future__ import annotations

import inspect
import pickle
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema import Schema, compare, read_schema, stored_text

SCRIPT = """
    CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT COLLATE NOCASE, CHECK(title <> "none"));
    CREATE INDEX notes_title ON notes(title) WHERE title IS NOT NULL;
    CREATE VIEW titles AS SELECT title FROM notes;
    CREATE TRIGGER notes_gone AFTER DELETE ON notes BEGIN SELECT 1; END;
    CREATE VIRTUAL TABLE words USING fts5(title, tokenize='porter');
    INSERT INTO notes VALUES(1, 'a');
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notes of 100%.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(SCRIPT)
    return path


@pytest.fixture
def conn(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as conn:
        yield conn


def test_a_file_and_a_connection_give_the_same(file: Path, conn: sqlite3.Connection) -> None:
    assert read_schema(file) == read_schema(str(file)) == read_schema(conn)


def test_a_file_is_not_changed_and_nothing_is_left_beside_it(file: Path) -> None:
    before = file.read_bytes()
    read_schema(file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_in_wal_mode_is_not_changed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
    before = file.read_bytes()
    read_schema(file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_still_stands_in_the_wal_file_is_read(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("CREATE TABLE late(a)")
        before = file.read_bytes()
        assert "late" in {found.name for found in read_schema(file).objects}
        assert file.read_bytes() == before


def test_a_connection_keeps_its_factories_and_its_transaction(conn: sqlite3.Connection) -> None:
    expected = read_schema(conn)
    conn.row_factory = sqlite3.Row
    conn.text_factory = bytes
    conn.execute("INSERT INTO notes VALUES(2, 'b')")
    assert read_schema(conn) == expected
    assert (conn.row_factory, conn.text_factory) == (sqlite3.Row, bytes)
    assert conn.in_transaction
    conn.rollback()
    assert conn.execute("SELECT count(*) FROM notes").fetchone()[0] == 1


def test_reading_opens_no_transaction(conn: sqlite3.Connection) -> None:
    read_schema(conn)
    stored_text(conn)
    assert not conn.in_transaction


def test_a_schema_that_is_not_committed_is_read(conn: sqlite3.Connection) -> None:
    conn.execute("BEGIN")
    conn.execute("CREATE TABLE open(a)")
    assert "open" in {found.name for found in read_schema(conn).objects}


def test_only_the_main_database_is_read(conn: sqlite3.Connection) -> None:
    expected, text = read_schema(conn), stored_text(conn)
    conn.execute("CREATE TEMP TABLE notes(other)")
    conn.execute("ATTACH ':memory:' AS aux")
    conn.execute("CREATE TABLE aux.more(a)")
    assert (read_schema(conn), stored_text(conn)) == (expected, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.db"
    message = f"{path} does not exist; expected a SQLite database file"
    with pytest.raises(SchemaReadError, match=re.escape(message)):
        read_schema(path)
    assert not path.exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database, but long enough to look like one\n" * 40)
    message = (
        f"the schema of {path} cannot be read: file is not a database; expected a SQLite database."
        " Restore the file, or check that it is not encrypted"
    )
    with pytest.raises(SchemaReadError, match=re.escape(message)):
        read_schema(path)


def test_an_empty_file_has_an_empty_schema(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    assert read_schema(path).objects == ()


def test_a_schema_is_a_value(file: Path) -> None:
    schema = read_schema(file)
    copy = pickle.loads(pickle.dumps(schema))
    assert copy == schema
    assert hash(copy) == hash(schema)
    assert re.fullmatch("sha256:[0-9a-f]{64}", schema.fingerprint)


def test_shadow_tables_are_no_part_of_a_schema(file: Path) -> None:
    assert {found.name for found in read_schema(file).objects if not found.owner} == {
        "notes",
        "titles",
        "words",
    }


def test_a_table_takes_what_belongs_to_it_along(file: Path) -> None:
    left = read_schema(file).without(["NOTE?"])
    assert {found.name for found in left.objects} == {"titles", "words"}


def test_an_index_can_be_left_out_alone(file: Path) -> None:
    schema = read_schema(file)
    left = schema.without(["*_title", "nothing*"])
    assert {found.name for found in schema.objects if found not in left.objects} == {"notes_title"}
    assert schema.without([]) is schema


def test_a_virtual_table_whose_module_is_missing_is_read_from_its_text(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA writable_schema=ON")
        conn.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE words USING gone(title, x=1)'"
            " WHERE name = 'words'"
        )
        conn.commit()
    [found] = [found for found in read_schema(file).objects if found.kind == "virtual table"]
    assert found.facts == (("module", "gone"), ("arguments", "title, x = 1"))


def test_a_view_on_a_table_that_is_gone_is_no_crash(file: Path, conn: sqlite3.Connection) -> None:
    conn.execute("DROP TABLE notes")
    [found] = [found for found in read_schema(conn).objects if found.kind == "view"]
    columns = "cannot be read: no such table: main.notes"
    assert found.facts == (("columns", columns), ("SELECT", "select title from notes"))


def test_functions_and_collations_of_the_application_are_not_needed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.create_function("ours", 1, str, deterministic=True)
        conn.create_collation("mine", lambda a, b: (a > b) - (a < b))
        conn.executescript(
            'CREATE TABLE t(a COLLATE mine, CHECK(ours(a) <> "x"), CHECK(a <> "a"));'
            'CREATE INDEX i ON t(ours(a)) WHERE a <> "y"'
        )
    facts = {found.name: dict(found.facts) for found in read_schema(file).objects}
    assert "t: ours ( a ) <> 'x'" in facts
    assert "t: a <> a" in facts
    assert facts["t.a"]["collation"] == "MINE"
    assert facts["i"]["WHERE"] == "a <> 'y'"


def test_a_view_that_needs_a_function_may_have_a_trigger(conn: sqlite3.Connection) -> None:
    conn.create_function("fold", 1, str.casefold, deterministic=True)
    conn.executescript(
        "CREATE TABLE k(a); CREATE VIEW folded AS SELECT fold(k.a) AS a FROM k;"
        'CREATE TRIGGER kept INSTEAD OF UPDATE ON folded BEGIN UPDATE k SET a = "x"; END'
    )
    with closing(sqlite3.connect(":memory:")) as other:
        other.deserialize(conn.serialize())
        triggers = [
            [thing for thing in read_schema(read).objects if thing.kind == "trigger"]
            for read in (conn, other)
        ]
    assert triggers[0] == triggers[1] != []


def test_text_that_is_not_utf8_is_no_crash(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA writable_schema=ON")
        conn.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE VIEW titles AS SELECT ''' ||"
            " CAST(x'ff' AS TEXT) || ''' AS title' WHERE name = 'titles'"
        )
        conn.commit()
    schema = read_schema(file)
    assert schema.fingerprint
    assert compare(schema, schema).verdict == "equal"


def named(name: bytes) -> Schema:
    """A schema whose table has a name of these bytes, which other objects name as well."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.executescript(
            "CREATE TABLE place(a, b CHECK (b > 0)); CREATE INDEX i ON place(b);"
            'CREATE VIEW v AS SELECT "a", "no" FROM place;'
            'CREATE TRIGGER r AFTER INSERT ON place BEGIN DELETE FROM place WHERE "b" = "no"; END;'
            "PRAGMA writable_schema = ON;"
        )
        for part in ("name", "tbl_name", "sql"):
            sql = f"UPDATE sqlite_schema SET {part} = CAST(replace({part}, 'place', ?) AS TEXT)"
            conn.execute(sql, (name,))
        conn.execute("PRAGMA writable_schema = RESET")
        return read_schema(conn)


def test_names_that_are_not_utf8_are_read_and_compared() -> None:
    schema = named(b"f\xff")
    assert [found.name for found in schema.objects if found.kind == "table"] == ["f\udcff"]
    assert [found.columns for found in schema.objects if found.kind == "view"] == [("a", "no")]
    assert schema == named(b"f\xff")
    assert schema.fingerprint == named(b"f\xff").fingerprint
    found = compare(schema, named(b"f\xfe")).differences
    assert {(one.kind, one.object) for one in found if not one.part} == {
        ("table", "f\udcff"),
        ("table", "f\udcfe"),
    }


def test_a_body_that_begins_with_values_is_read(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TRIGGER r AFTER UPDATE ON notes BEGIN VALUES(0); END")
    conn.execute("CREATE TRIGGER s DELETE ON notes WHEN old.title BEGIN VALUES(1), (2); END")
    facts = {found.name: dict(found.facts) for found in read_schema(conn).objects}
    assert facts["r"]["body"] == "values ( 0 ) ; end"
    assert (facts["s"]["WHEN"], facts["s"]["body"]) == ("old . title", "values ( 1 ) , ( 2 ) ; end")


def test_a_broken_view_hides_nothing_of_what_is_on_it(conn: sqlite3.Connection) -> None:
    conn.executescript(
        "CREATE TABLE k(a); CREATE TABLE l(a); CREATE VIEW v AS SELECT k.a FROM k JOIN l;"
        'CREATE TRIGGER r INSTEAD OF UPDATE ON v BEGIN UPDATE k SET "a" = 1; END; DROP TABLE l;'
    )
    facts = {found.name: dict(found.facts) for found in read_schema(conn).objects}
    assert facts["v"]["columns"] == "cannot be read: no such table: main.l"
    assert facts["v"]["SELECT"] == "select k . a from k join l"
    assert facts["r"]["body"] == "update k set a = 1 ; end"


def test_a_view_is_the_same_with_its_function_and_without(conn: sqlite3.Connection) -> None:
    conn.execute('CREATE VIEW v AS SELECT fold(title) AS f, local("title") FROM notes')
    without = read_schema(conn)
    conn.create_function("fold", 1, str)
    conn.create_function("local", 1, str)
    assert read_schema(conn) == without
    assert [found.columns for found in without.objects if found.name == "v"] == [
        ("f", "local ( title )")
    ]


def test_a_statement_that_cannot_be_parsed_is_an_error_that_names_the_object(
    conn: sqlite3.Connection,
) -> None:
    depth = 90
    conn.execute(f"CREATE TABLE deep(a CHECK ({'(' * depth}a{')' * depth} > 0))")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + depth)
    try:
        with pytest.raises(SchemaReadError) as caught:
            read_schema(conn)
    finally:
        sys.setrecursionlimit(limit)
    message = str(caught.value)
    assert message.startswith("the table deep cannot be read (RecursionError: ")
    assert (
        "; expected a CREATE statement that SQLite can parse, found: CREATE TABLE deep" in message
    )
    assert "deep" in {found.name for found in read_schema(conn).objects}


def test_stored_text_is_the_rows_of_the_schema_in_order(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TABLE sqliteXstat(a)")
    rows = stored_text(conn)
    assert list(rows) == sorted(rows)
    names = [row[1] for row in rows if not row[1].startswith("words_")]
    assert {"notes", "notes_title", "titles", "notes_gone", "words", "sqliteXstat"} == set(names)


def test_stored_text_tells_an_fts5_setting(conn: sqlite3.Connection) -> None:
    before = stored_text(conn)
    conn.execute("INSERT INTO words(words, rank) VALUES('rank', 'bm25(10.0)')")
    assert stored_text(conn) != before
    assert ("fts5", "words", "rank", "bm25(10.0)") in stored_text(conn)


def test_stored_text_tells_nothing_of_an_fts5_tables_rows(conn: sqlite3.Connection) -> None:
    before = stored_text(conn)
    conn.execute("INSERT INTO words VALUES('a row')")
    assert stored_text(conn) == before
