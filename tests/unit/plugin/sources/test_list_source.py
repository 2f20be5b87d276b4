"""A list in Python as a source: SQL and functions, by number or by names in a table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_pmd_migrations.errors import MigrationTestError, RunnerFailedError
from pytest_pmd_migrations.sources import Location, resolve_source
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.in_python.list_elements import is_sql_for_name
from pytest_pmd_migrations.sources.in_python.wanted_argument import wanted_arguments
from pytest_pmd_migrations.sources.run import rerun, upgrade

from tests.every import for_every
from tests.unit.plugin.sources.conftest import write

MODULE = '''"""The database."""
import sqlite3
from sqlite_utils import Database


def tags(conn: sqlite3.Connection):
    conn.execute("CREATE TABLE tags(tag TEXT)")


def links(db):
    db["links"].create({"id": int, "url": str}, pk="id")


def own(conn):
    conn.execute("BEGIN")
    conn.execute("INSERT INTO tags VALUES ('first')")
    conn.commit()


MIGRATIONS = [
    "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); -- the first",
    tags,
    ("fill", """
    INSERT INTO notes(title) VALUES ('a;b');
    INSERT INTO notes(title) VALUES ('c')
    """),
    links,
    own,
    "BEGIN; ALTER TABLE notes ADD COLUMN done; COMMIT;",
    lambda conn: conn.execute("CREATE INDEX by_title ON notes(title)"),
]


class Store:
    STEPS = {"one": "CREATE TABLE one(a)", "two": tags}
'''


def settings(applied: str) -> object:
    said = {"migration_applied": applied, "migration_dialect": "", "migration_versions": ""}
    return SimpleNamespace(getini=said.__getitem__)


def test_each_element_is_a_version_with_a_place_and_a_text_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": MODULE})
    source = resolve_source("shop:MIGRATIONS", root=tmp_path)
    assert list(source.versions()) == [1, 2, 3, 4, 5, 6, 7]
    labels = [source.label(version) for version in source.versions()]  # type: ignore[attr-defined]  # it has them
    assert labels == ["", "tags", "fill", "links", "own", "", ""]
    lines = MODULE.splitlines()
    places = [source.location(version) for version in source.versions()]
    assert {place.path for place in places} == {tmp_path / "shop.py"}
    found = [lines[place.line - 1].split("(")[0].strip() for place in places]
    assert found[1:5] == ["def tags", "", "def links", "def own"]
    assert lines[places[0].line - 1].strip().startswith('"CREATE TABLE notes')
    assert places[2] == Location(tmp_path / "shop.py", lines.index('    ("fill", """') + 1)
    assert "CREATE TABLE tags" in source.text(2)  # type: ignore[attr-defined]  # it has texts


def test_it_goes_up_step_by_step_and_stands_in_user_version(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": MODULE})
    source = resolve_source("shop:MIGRATIONS", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        for version in source.versions():
            upgrade(source, conn, version)
            assert (current_version(source, conn), conn.in_transaction) == (version, False)
        assert conn.execute("SELECT title FROM notes").fetchall() == [("a;b",), ("c",)]
        assert conn.execute("SELECT tag FROM tags").fetchall() == [("first",)]
        with pytest.raises(sqlite3.OperationalError):
            rerun(source, conn, 7)
        assert not conn.in_transaction


def test_an_element_that_raises_leaves_nothing_of_it(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": "STEPS = ['CREATE TABLE a(a); CREATE TABLE b(b); nonsense']"})
    source = resolve_source("shop:STEPS", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        with pytest.raises(sqlite3.OperationalError, match="nonsense"):
            upgrade(source, conn, 1)
        assert conn.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


@for_every(
    "script",
    [
        "PRAGMA foreign_keys=OFF; BEGIN; ALTER TABLE a ADD y; COMMIT; PRAGMA foreign_keys=ON;",
        "-- without keys\nPRAGMA main . foreign_keys = OFF; ALTER TABLE a ADD y",
        "PRAGMA legacy_alter_table = ON; PRAGMA foreign_keys = OFF; ALTER TABLE a ADD y",
        "ALTER TABLE a ADD y; begin immediate; INSERT INTO a VALUES (1, 2); COMMIT",
        "ALTER TABLE a ADD y; VACUUM",
        "PRAGMA journal_mode = WAL; ALTER TABLE a ADD y",
        "PRAGMA synchronous = OFF; ALTER TABLE a ADD y",
        "ATTACH ':memory:' AS other; DETACH other; ALTER TABLE a ADD y",
    ],
)
@for_every("applied", ["", "done.name"])
def test_a_script_that_cannot_be_in_a_transaction_is_run_as_it_is(
    tmp_path: Path, applied: str, script: str
) -> None:
    elements = {"one": "CREATE TABLE a(x)", "two": script}
    write(tmp_path, {"shop.py": f"STEPS = {elements}"})
    source = resolve_source("shop:STEPS", root=tmp_path, config=settings(applied))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as conn:
        upgrade(source, conn, 2)
        assert current_version(source, conn) == 2
        assert not conn.in_transaction
        names = conn.execute("SELECT name FROM pragma_table_info('a')").fetchall()
        assert names == [("x",), ("y",)]


def test_foreign_keys_are_off_while_a_script_that_switches_them_is_run(tmp_path: Path) -> None:
    rebuild = (
        "PRAGMA foreign_keys = OFF; BEGIN; CREATE TABLE new(id INTEGER PRIMARY KEY, x);"
        " INSERT INTO new SELECT id, 1 FROM a; DROP TABLE a; ALTER TABLE new RENAME TO a; COMMIT;"
        " PRAGMA foreign_keys = ON"
    )
    first = (
        "CREATE TABLE a(id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1);"
        " CREATE TABLE b(a REFERENCES a ON DELETE CASCADE); INSERT INTO b VALUES (1)"
    )
    write(tmp_path, {"shop.py": f"STEPS = {[first, rebuild]}"})
    source = resolve_source("shop:STEPS", root=tmp_path)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as conn:
        conn.execute("PRAGMA foreign_keys = ON")
        upgrade(source, conn, 2)
        assert conn.execute("SELECT count(*) FROM b").fetchone() == (1,)
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)


@for_every(
    "script",
    [
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END; nonsense",
        "CREATE TABLE b(x); -- BEGIN;\n INSERT INTO b VALUES (';BEGIN; VACUUM;'); nonsense",
        "CREATE TABLE b(x); PRAGMA foreign_keys = OFF; nonsense",
        "PRAGMA user_version; CREATE TABLE b(x); nonsense",
    ],
)
def test_another_script_leaves_nothing_where_it_raises(tmp_path: Path, script: str) -> None:
    write(tmp_path, {"shop.py": f"STEPS = {['CREATE TABLE a(x)', script]}"})
    source = resolve_source("shop:STEPS", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        with pytest.raises(sqlite3.OperationalError, match="nonsense"):
            upgrade(source, conn, 2)
        assert conn.execute("SELECT name FROM sqlite_schema").fetchall() == [("a",)]
        assert current_version(source, conn) == 1


@for_every("makes", ["", "CREATE TABLE done(name TEXT PRIMARY KEY, day TEXT DEFAULT 'today');"])
def test_names_stand_in_a_table_of_the_application_or_one_that_is_made(
    tmp_path: Path, makes: str
) -> None:
    own = MODULE.replace("CREATE TABLE one(a)", f"{makes} CREATE TABLE one(a)")
    write(tmp_path, {"shop.py": own})
    source = resolve_source("shop:Store.STEPS", root=tmp_path, config=settings("done.name"))
    with closing(sqlite3.connect(":memory:")) as conn:
        assert current_version(source, conn) == 0
        for version in (1, 2):
            upgrade(source, conn, version)
            assert current_version(source, conn) == version
        assert conn.execute("SELECT name FROM done").fetchall() == [("one",), ("two",)]
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            rerun(source, conn, 1)
        assert current_version(source, conn) == 2


def named_columns(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> dict[str, object]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


class NamedColumns(sqlite3.Connection):
    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        made = super().cursor(factory)
        made.row_factory = named_columns
        return made


def with_row_factory() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.row_factory = named_columns
    return conn


def with_bytes() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.text_factory = bytes
    return conn


def with_cursors_of_its_own() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", factory=NamedColumns)


OWN_ROWS = [with_row_factory, with_bytes, with_cursors_of_its_own]


@for_every("opened", OWN_ROWS)
@for_every("applied", ["", "done.name"])
def test_a_list_goes_up_whatever_rows_the_application_has_its_connection_make(
    tmp_path: Path, applied: str, opened: Callable[[], sqlite3.Connection]
) -> None:
    write(tmp_path, {"shop.py": MODULE})
    source = resolve_source("shop:Store.STEPS", root=tmp_path, config=settings(applied))
    with closing(opened()) as conn:
        kept = conn.row_factory, conn.text_factory
        for version in (1, 2):
            assert current_version(source, conn) == version - 1
            upgrade(source, conn, version)
        assert current_version(source, conn) == 2
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            rerun(source, conn, 2)
        assert current_version(source, conn) == (2 if applied else 1)
        assert (conn.row_factory, conn.text_factory) == kept


@for_every(
    "text, applied, message",
    [
        (
            "STEPS = ['SELECT 1', 3]",
            "",
            "element 2 is 3; expected SQL strings, functions, or pairs of a name and one of these",
        ),
        (
            "STEPS = [('a', 'SELECT 1'), ('a', 'SELECT 2')]",
            "",
            "two elements are named 'a'; expected other names",
        ),
        (
            "def f(conn): pass\nSTEPS = [f, f]",
            "done.name",
            "two elements are named 'f'; expected other names, which a pair may give to a function"
            ' too: ("name", function)',
        ),
        ("def f(conn): pass\nSTEPS = [f, f]", "", None),
        (
            f"STEPS = [(2, 'CREATE TABLE {'a' * 60}(x)')]",
            "",
            'element 1 has 2 for its name; expected a text, as in ("0001", SQL), the number 1 that'
            " it has in the list, or the SQL alone",
        ),
        (
            f"STEPS = [('CREATE TABLE {'a' * 60}(x)', 'DROP TABLE a')]",
            "",
            f"element 1 has SQL for its name, 'CREATE TABLE {'a' * 45}…; expected a pair of a name",
        ),
        (
            "STEPS = {'ALTER TABLE a ADD x': lambda conn: None}",
            "",
            "element 1 has SQL for its name, 'ALTER TABLE a ADD x'; expected a pair of a name and"
            ' one step, as in ("notes", SQL): what goes down has no place there',
        ),
        (f"STEPS = [{'9' * 70}]", "", f"element 1 is {'9' * 59}…; expected SQL strings"),
        (
            "STEPS = [('a', 'SELECT 1'), 'SELECT 2']",
            "done.name",
            "element 2 has no name, which migration_applied 'done.name' needs; expected a function,"
            ' or a pair ("name", SQL)',
        ),
        (
            "STEPS = ['SELECT 1']",
            "",
            None,
        ),
        (
            "STEPS = [('a', 'SELECT 1')]",
            "done",
            "migration_applied 'done' names no column; expected a table and its column of names,"
            ' such as "_migrations.name"',
        ),
        ("STEPS = []", "", "has no migrations; expected at least one"),
        (
            "STEPS = {1: 'SELECT 1', 3: 'SELECT 1'}",
            "",
            "has the keys [1, 3]; expected the versions 1, 2, 3 and so on as whole numbers",
        ),
        ("STEPS = {1: 'SELECT 1', 'b': 'SELECT 1'}", "", "has the keys [1, 'b']; expected the"),
        (
            "STEPS = {'2': 'SELECT 1', '1': 'SELECT 1'}",
            "",
            "has the keys ['2', '1']; expected numbers in texts in their order, or a list of pairs",
        ),
        ("STEPS = {True: 'SELECT 1'}", "", "has the keys [True]; expected the versions"),
        (
            "def f(conn, cursor): pass\nSTEPS = [f]",
            "",
            "element 1, f, cannot be called with a connection alone: missing a required argument:"
            " 'cursor'; expected a function of one parameter, as in lambda conn: f(...)",
        ),
        ("STEPS = [print]", "", "'print' has no file; expected a function that is written in a"),
    ],
)
def test_what_is_no_list_of_migrations_is_told(
    tmp_path: Path, text: str, applied: str, message: str | None
) -> None:
    name = f"shop_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    write(tmp_path, {f"{name}.py": text})
    if message is None:
        resolve_source(f"{name}:STEPS", root=tmp_path, config=settings(applied))
        return
    with pytest.raises(MigrationTestError) as raised:
        resolve_source(f"{name}:STEPS", root=tmp_path, config=settings(applied))
    assert message in str(raised.value)


@for_every(
    "text, told",
    [
        ("async def f(conn): conn.execute('CREATE TABLE a(x)')", "type coroutine"),
        ("def f(conn): yield conn.execute('CREATE TABLE a(x)')", "type generator"),
        ("async def f(conn): yield conn.execute('CREATE TABLE a(x)')", "type async_generator"),
        ("def f(conn): return map(conn.execute, ['CREATE TABLE a(x)'])", "type map"),
        (
            "def f(conn):\n def run(): conn.execute('CREATE TABLE a(x)')\n return run",
            "type function",
        ),
        ("def f(conn): return 'CREATE TABLE a(x)'", "the SQL 'CREATE TABLE a(x)'"),
        ("def f(conn): return ['-- one\\nUPDATE a SET x = 1', 'VACUUM']", "the SQL '-- one"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_function_that_returns_what_was_to_be_run_is_told(
    tmp_path: Path, text: str, told: str
) -> None:
    name = f"shop_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    write(tmp_path, {f"{name}.py": f"{text}\nSTEPS = [f]\n"})
    source = resolve_source(f"{name}:STEPS", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        with pytest.raises(RunnerFailedError, match="f would not run when called") as raised:
            upgrade(source, conn, 1)
        assert told in str(raised.value)
        assert (current_version(source, conn), conn.in_transaction) == (0, False)


@for_every(
    "returned", ["conn.execute('SELECT 1')", "'Updated the notes'", "'update done'", "[]", "[1]"]
)
def test_what_else_a_function_returns_is_its_own_business(tmp_path: Path, returned: str) -> None:
    name = f"shop_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    write(tmp_path, {f"{name}.py": f"def f(conn): return {returned}\nSTEPS = [f]\n"})
    source = resolve_source(f"{name}:STEPS", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        upgrade(source, conn, 1)
        assert current_version(source, conn) == 1


@for_every(
    "name, is_one",
    [
        ("CREATE TABLE a(x)", True),
        ("create unique index i on a(x)", True),
        ("DROP TABLE a", True),
        ("-- the first\nINSERT INTO a VALUES (1)", True),
        ("UPDATE a SET x = 1", True),
        ("PRAGMA foreign_keys = ON", True),
        ("create table notes", False),
        ("create the table notes (and its index)", False),
        ("drop table notes", False),
        ("Drop table notes", False),
        ("update titles = done", False),
        ("VACUUM", False),
        ("0001_create", False),
        ("", False),
    ],
)
def test_a_name_may_speak_of_sql_but_not_be_it(name: str, is_one: bool) -> None:
    assert is_sql_for_name(name) is is_one


CALLABLES = """
import functools
from dataclasses import dataclass


def make(name, conn):
    conn.execute(f"CREATE TABLE {name}(x)")


@dataclass
class Adds:
    column: str

    def __call__(self, conn):
        conn.execute(f"ALTER TABLE a ADD {self.column}")


class Uses:
    def __call__(self, db):
        db["b"].create({"x": int})


STEPS = [functools.partial(make, "a"), Adds("y"), Adds("z"), Uses()]
"""


def test_a_partial_and_an_instance_have_the_text_of_what_they_call(tmp_path: Path) -> None:
    name = f"shop_{tmp_path.name}".replace("-", "_")
    write(tmp_path, {f"{name}.py": CALLABLES})
    source: Any = resolve_source(f"{name}:STEPS", root=tmp_path)
    assert source.text(1).startswith("def make(name, conn):")
    assert source.text(2).startswith("    def __call__(self, conn):")
    with closing(sqlite3.connect(":memory:")) as conn:
        upgrade(source, conn, 4)
        columns = conn.execute("SELECT name FROM pragma_table_info('a')").fetchall()
        assert columns == [("x",), ("y",), ("z",)]
        assert conn.execute("SELECT count(*) FROM b").fetchone() == (0,)


def test_a_module_of_thirty_functions_that_take_a_database(tmp_path: Path) -> None:
    head = "MIGRATIONS = []\nmigration = MIGRATIONS.append\n"
    makes = 'db["t{n}"].create({{"id": int, "a": str}}, pk="id")'
    bodies = [makes, 'db.execute("CREATE INDEX i{n} ON t{before}(a)")', 'db["t{two}"].transform()']
    functions = [
        f"@migration\ndef m{n:03d}(db):\n    "
        + bodies[n % 3].format(n=n, before=n - 1, two=n - 2)
        + "\n"
        for n in range(30)
    ]
    write(tmp_path, {"shop.py": "\n\n".join([head, *functions])})
    source = resolve_source("shop:MIGRATIONS", root=tmp_path, config=settings("_shop.name"))
    with closing(sqlite3.connect(":memory:")) as conn:
        for version in source.versions():
            upgrade(source, conn, version)
            assert current_version(source, conn) == version
        tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 't%'"
        assert conn.execute(tables).fetchone() == (10,)
        conn.execute("DELETE FROM _shop WHERE name = 'm003'")
        conn.commit()
        assert current_version(source, conn) == 3
        with pytest.raises(sqlite3.OperationalError, match='table "t3" already exists'):
            upgrade(source, conn, 30)
    assert source.label(30) == "m029"  # type: ignore[attr-defined]  # it has labels


@for_every(
    "text, wants",
    [
        ("def f(conn): conn.cursor()", "connection"),
        ("def f(db): db.cursor()", "connection"),
        ("def f(db): db['t'].drop()", "database"),
        ("def f(db): db.create_view('v', 'SELECT 1')", "database"),
        ("def f(db): db.execute('SELECT 1')", "connection"),
        ("def f(x: 'sqlite_utils.Database'): pass", "database"),
        ("def f(x: 'sqlite3.Connection'): x['t']", "connection"),
        ("def f(): pass", "connection"),
        ("def f(db): db.execute('SELECT 1')\ndef g(db): db['t']", "database"),
        (
            "def f(db): db.execute('SELECT 1')\ndef g(db): db['t']\ndef h(db): db.commit()",
            "connection",
        ),
        ("def f(x: 'sqlite3.Cursor'): pass", "cursor"),
        ("def f(cursor): cursor.execute('SELECT 1')", "cursor"),
        ("def f(cur): cur.executemany('SELECT ?', [])", "cursor"),
        ("def f(cur): cur.execute('SELECT 1'); cur.commit()", "connection"),
        ("def f(c): c.execute('SELECT 1'); c.fetchone()", "cursor"),
        ("def f(c): c.executemany('SELECT ?', [])", "connection"),
        ("def f(c):\n c.execute('SELECT 1')\n for row in c: pass", "cursor"),
        ("def f(c): c.execute('SELECT 1'); [*(row for row in c)]", "cursor"),
        ("def f(c): c.execute('SELECT 1')\ndef g(cur): pass", "connection"),
        ("def f(c): c.execute('SELECT 1')\ndef g(cur): pass\ndef h(c): c['t']", "database"),
    ],
)
def test_a_function_gets_what_it_uses(tmp_path: Path, text: str, wants: str) -> None:
    path = tmp_path / "functions.py"
    path.write_text(text)
    names: dict[str, Any] = {}
    exec(compile(text, str(path), "exec"), names)
    assert wanted_arguments(names[name] for name in "fgh" if name in names)[0] == wants


CURSORS = """
def make(cursor):
    cursor.execute("CREATE TABLE a(x)")
    cursor.execute("SELECT count(*) FROM a")
    cursor.execute("INSERT INTO a VALUES (?)", cursor.fetchone())

def count(x): return x.rowcount

def hands_on(conn):
    conn.execute("ALTER TABLE a ADD y")
    count(conn)

def mistyped(conn): conn.exceute("SELECT 1")
"""


@for_every("written", ["{2: lambda conn: hands_on(conn), 1: make}", "[(1, make), (2, hands_on)]"])
@for_every("applied, names", [("", ["make", ""]), ("done.version", ["1", "2"])])
def test_numbers_as_keys_are_the_versions_and_a_cursor_is_one_of_the_same_connection(
    tmp_path: Path, applied: str, names: list[str], written: str
) -> None:
    module = f"shop_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    write(tmp_path, {f"{module}.py": f"{CURSORS}\nSTEPS = {written}\n"})
    source: Any = resolve_source(f"{module}:STEPS", root=tmp_path, config=settings(applied))
    labels = [source.label(version) for version in source.versions()]
    assert labels == [name or source.label(2) for name in names]
    with closing(sqlite3.connect(":memory:")) as conn:
        upgrade(source, conn, 1)
        assert conn.execute("SELECT x FROM a").fetchall() == [(0,)]
        told = "called with a connection, and uses it as a cursor: .*'rowcount'.*sqlite3.Cursor"
        with pytest.raises(RunnerFailedError, match=told):
            upgrade(source, conn, 2)
        assert (current_version(source, conn), conn.in_transaction) == (1, False)


def test_a_word_that_nothing_has_is_told_as_python_does(tmp_path: Path) -> None:
    module = f"shop_{tmp_path.name}".replace("-", "_")
    write(tmp_path, {f"{module}.py": f"{CURSORS}\nSTEPS = [mistyped]\n"})
    source = resolve_source(f"{module}:STEPS", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(AttributeError):
        upgrade(source, conn, 1)
