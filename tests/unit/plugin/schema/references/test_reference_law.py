"""The law: no reference is told where SQLite prepares everything, and each one that is broken is.

Schemas are made at random: tables with keys to each other, generated columns and indexes; views on
tables and on views; triggers on both, whose bodies write other tables. No column of theirs is in
double quotes, which SQLite may take for a string. Steps that change nothing, and RENAMEs, break
nothing. A table or a view that is taken away breaks exactly what named it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.schema import stored_text
from pytest_pmd_migrations.schema.references.find import check_references
from pytest_pmd_migrations.schema.references.since import Changes, changes_since
from pytest_pmd_migrations.schema.references.values import References

TABLES = ("notes", "Tags", "a b", "order", 'say "x"', "größe", "log")
EVENTS = ("INSERT", "UPDATE", "DELETE", "UPDATE OF a", 'UPDATE OF "b c", a')
QUOTES = ('"{}"', "[{}]", "`{}`")


@dataclass
class Made:
    """A schema as SQL, and what each object of it names: tables and views by the object."""

    sql: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    named_by: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)

    def closed(self, gone: str) -> set[str]:
        """The views that cannot be prepared without a table or a view."""
        found = {gone}
        while True:
            more = {
                name
                for (kind, name), named in self.named_by.items()
                if kind == "view" and named & found
            }
            if more <= found:
                return found - {gone}
            found |= more

    def broken_without(self, gone: str) -> set[tuple[str, str]]:
        """What names a table or a view that is gone; what is on it is gone, too."""
        views = self.closed(gone)
        found = {("view", name) for name in views}
        for (kind, name), named in self.named_by.items():
            on = self.owner.get(name, "")
            if kind == "trigger" and on != gone and on not in views and named & {gone, *views}:
                found.add((kind, name))
            if kind == "table" and name != gone and gone in named:
                found.add((kind, name))
        return found


def quoted(draw: st.DrawFn, name: str) -> str:
    """A name in any of SQLite's quotes."""
    style = draw(st.sampled_from(QUOTES))
    return style.format(name.replace('"', '""') if style.startswith('"') else name)


def add_table(draw: st.DrawFn, made: Made, name: str) -> None:
    own = quoted(draw, name)
    columns = ['id INTEGER PRIMARY KEY, a, "b c" TEXT', "g AS (a || 'x')"]
    named: set[str] = set()
    for number, parent in enumerate(draw(st.lists(st.sampled_from(made.tables or [name])))[:2]):
        columns.append(f"k{number} REFERENCES {quoted(draw, parent)}(id)")
        named.add(parent)
    made.sql.append(f"CREATE TABLE {own}({', '.join(columns)})")
    if draw(st.booleans()):
        made.sql.append(f'CREATE INDEX "i {len(made.tables)}" ON {own}(lower(a)) WHERE "b c" > 1')
    made.tables.append(name)
    made.named_by["table", name] = named


def add_view(draw: st.DrawFn, made: Made, name: str) -> None:
    first = draw(st.sampled_from(made.tables + made.views))
    second = draw(st.sampled_from(made.tables + made.views))
    source, other = quoted(draw, first), quoted(draw, second)
    select = draw(
        st.sampled_from(
            [
                f"SELECT a, [b c] FROM {source} WHERE a IN (SELECT [b c] FROM {other})",
                f"SELECT x.a, y.[b c] FROM {source} x JOIN {other} AS y ON x.a = y.a",
                f"SELECT a, [b c] FROM {source} UNION SELECT a, [b c] FROM {other}",
                f"WITH q AS (SELECT * FROM {source}) SELECT q.a, q.[b c] FROM q, ({other}) AS z",
            ]
        )
    )
    made.sql.append(f"CREATE VIEW {quoted(draw, name)} AS {select}")
    made.views.append(name)
    made.named_by["view", name] = {first, second}


def add_trigger(draw: st.DrawFn, made: Made, name: str) -> None:
    on = draw(st.sampled_from(made.tables + made.views))
    # A view's columns may get other names with its table's, and UPDATE OF does not follow them.
    event = draw(st.sampled_from(EVENTS[:3] if on in made.views else EVENTS))
    row = "old" if event == "DELETE" else "new"
    target, other = draw(st.sampled_from(made.tables)), draw(st.sampled_from(made.tables))
    to, source = quoted(draw, target), quoted(draw, other)
    statement = draw(
        st.sampled_from(
            [
                f"INSERT INTO {to}(a) SELECT {row}.a FROM {source}",
                f"UPDATE {to} SET a = {row}.[b c] WHERE id IN (SELECT id FROM {source})",
                f"DELETE FROM {to} WHERE a = (SELECT max(a) FROM {source})",
            ]
        )
    )
    timing = "INSTEAD OF" if on in made.views else draw(st.sampled_from(("BEFORE", "AFTER")))
    made.sql.append(
        f"CREATE TRIGGER {quoted(draw, name)} {timing} {event} ON {quoted(draw, on)}"
        f" WHEN {row}.a > 1 BEGIN {statement}; SELECT {row}.a; END"
    )
    made.named_by["trigger", name] = {target, other}
    made.owner[name] = on


@st.composite
def schemas(draw: st.DrawFn) -> Made:
    made = Made()
    for name in draw(st.lists(st.sampled_from(TABLES), min_size=2, max_size=4, unique=True)):
        add_table(draw, made, name)
    for number in range(draw(st.integers(0, 3))):
        add_view(draw, made, f"view {number}")
    for number in range(draw(st.integers(0, 4))):
        add_trigger(draw, made, f"trigger {number}")
    return made


def state(conn: sqlite3.Connection) -> tuple[tuple[tuple[object, ...], ...], References]:
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(conn.serialize())
        return stored_text(conn), check_references(copy)


def name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def prepares_everything(conn: sqlite3.Connection) -> bool:
    """Whether SQLite itself prepares each statement, with all triggers and keys in force."""
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(conn.serialize())
        copy.execute("PRAGMA foreign_keys = ON")
        rows = copy.execute("SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view')")
        try:
            for kind, one in rows.fetchall():
                for statement in statements(copy, kind, one):
                    copy.execute(f"EXPLAIN {statement}")
        except sqlite3.OperationalError:
            return False
    return True


def statements(conn: sqlite3.Connection, kind: str, table: str) -> list[str]:
    """A statement that reads a table or a view, and those that write it and fire its triggers."""
    columns = conn.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    changes = ", ".join(f"{name(column)} = 1" for (column,) in columns)
    writing = {
        "INSERT": f"INSERT INTO {name(table)} DEFAULT VALUES",
        "UPDATE": f"UPDATE {name(table)} SET {changes}",
        "DELETE": f"DELETE FROM {name(table)}",
    }
    events = {*writing}
    if kind == "view":
        on = conn.execute("SELECT sql FROM sqlite_schema WHERE tbl_name = ?", (table,)).fetchall()
        texts = [str(sql).partition("INSTEAD OF ")[2] for (sql,) in on]
        events = {text.split()[0] for text in texts if text}
    return [f"SELECT * FROM {name(table)}", *(writing[event] for event in sorted(events))]


HARMLESS = (
    "SELECT 1",
    "CREATE TABLE added(a)",
    "ALTER TABLE {table} RENAME TO [new name]",
    "ALTER TABLE {table} RENAME COLUMN a TO [new column]",
    "ALTER TABLE {table} RENAME COLUMN [b c] TO d",
    "ALTER TABLE {table} ADD COLUMN added REFERENCES {table}(id)",
    "CREATE INDEX added ON {table}([b c])",
    "ALTER TABLE {table} RENAME TO passing; ALTER TABLE passing RENAME TO {table}",
)


@settings(deadline=None, max_examples=25)
@given(schemas(), st.lists(st.tuples(st.sampled_from(HARMLESS), st.integers(0, 9)), max_size=3))
def test_steps_after_which_sqlite_prepares_everything_break_no_reference(
    made: Made, steps: list[tuple[str, int]]
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.executescript(";".join(made.sql))
        before, then = state(conn)
        assert (then.broken, then.unsure) == ((), ())
        for step, number in steps:
            table = name(made.tables[number % len(made.tables)])
            try:
                conn.executescript(step.format(table=table))
            except sqlite3.OperationalError:
                # An earlier step gave the table, or what this one makes, another name.
                continue
            after, now = state(conn)
            if prepares_everything(conn):
                assert changes_since(before, then, after, now) == Changes()
                assert (now.broken, now.unsure) == ((), ())
            before, then = after, now


@settings(deadline=None, max_examples=25)
@given(schemas(), st.integers(0, 9), st.sampled_from(["rename first", "drop"]))
def test_each_reference_to_a_table_that_a_step_takes_away_is_found(
    made: Made, number: int, how: str
) -> None:
    gone = made.tables[number % len(made.tables)]
    table, old = name(gone), name(f"{gone} old")
    columns = "id INTEGER PRIMARY KEY, a, [b c] TEXT"
    step = {
        "rename first": f"ALTER TABLE {table} RENAME TO {old}; CREATE TABLE {table}({columns});"
        f" INSERT INTO {table} SELECT id, a, [b c] FROM {old}; DROP TABLE {old}",
        "drop": f"DROP TABLE {table}",
    }[how]
    missing = f"{gone} old" if how == "rename first" else gone
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.executescript(";".join(made.sql))
        before, then = state(conn)
        conn.executescript(step)
        after, now = state(conn)
        assert {(one.kind, one.name) for one in now.broken} == made.broken_without(gone)
        assert prepares_everything(conn) == (not now.broken)
    views = made.closed(gone)
    assert {one.missing for one in now.broken} <= {missing, *views}
    assert sorted(changes_since(before, then, after, now).broken) == sorted(now.broken)


@settings(deadline=None, max_examples=12)
@given(schemas().filter(lambda made: bool(made.views)), st.integers(0, 9))
def test_each_reference_to_a_view_that_a_step_drops_is_found(made: Made, number: int) -> None:
    gone = made.views[number % len(made.views)]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.executescript(";".join(made.sql))
        conn.execute(f"DROP VIEW {name(gone)}")
        _, now = state(conn)
        assert {(one.kind, one.name) for one in now.broken} == made.broken_without(gone)
        assert prepares_everything(conn) == (not now.broken)
