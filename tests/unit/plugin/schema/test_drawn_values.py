"""What of a schema draws values from a clock or chance: the object and the function are named."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.schema.drawn_values import find_drawings, told_drawings

from tests.every import for_every


def schema(script: str) -> Schema:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.create_function("newToken", -1, lambda *_: 1, deterministic=True)
        conn.executescript(script)
        return read_schema(conn)


T = "CREATE TABLE t(id INTEGER PRIMARY KEY, a{}); CREATE TABLE log(at);"
INSERTS = " INSERT INTO t(a) SELECT {}; END;"


@for_every(
    "script, expected",
    [
        (T.format(" DEFAULT (newToken())"), ["the DEFAULT of t.a calls newToken()"]),
        (T.format(" DEFAULT (lower(hex(NEWTOKEN(1))))"), ["the DEFAULT of t.a calls NEWTOKEN()"]),
        (T.format(" DEFAULT CURRENT_TIMESTAMP"), ["the DEFAULT of t.a calls CURRENT_TIMESTAMP"]),
        (
            T.format(" DEFAULT (hex(RandomBlob(8)) || unixepoch())"),
            ["the DEFAULT of t.a calls randomblob(8) and unixepoch()"],
        ),
        (
            T.format(" DEFAULT (strftime('%s', 'NOW', '+1 day'))"),
            ["the DEFAULT of t.a calls strftime('%s', 'NOW', '+1 day')"],
        ),
        (T.format(" AS (newToken(id)) STORED"), ["the generated column t.a calls newToken()"]),
        (
            T.format("")
            + "CREATE TRIGGER r AFTER INSERT ON log WHEN random() > 0 BEGIN"
            + INSERTS.format("date('now')"),
            ["the trigger r on log calls random() and date('now')"],
        ),
        (
            T.format("")
            + "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = newToken(); END;",
            ["the trigger r on t calls newToken()"],
        ),
        (
            T.format("") + "CREATE VIEW dice AS SELECT random() AS a, newToken() AS b;",
            ["the view dice calls random()", "the view dice calls newToken()"],
        ),
        # These draw nothing, or not for this table.
        (T.format(" DEFAULT 'random()'"), []),
        (T.format(" DEFAULT (datetime('2001-01-01') || round(1.5) || lower('NOW'))"), []),
        (T.format(" DEFAULT (strftime('%s', '2001-01-01'))"), []),
        (T.format(", b DEFAULT (random())"), []),
        (
            T.format("")
            + "CREATE TRIGGER r AFTER INSERT ON log BEGIN DELETE FROM log WHERE at < date('now');"
            + " INSERT INTO log(at) VALUES (1); END;",
            [],
        ),
        (
            T.format("")
            + "CREATE TRIGGER r AFTER UPDATE OF a ON log BEGIN"
            " INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = (CASE WHEN 1 IN (2)"
            " THEN (3) END) WHERE EXISTS (SELECT 1 FROM log) AND NOT (1); END;".replace(
                "OF a ", ""
            ),
            [],
        ),
        (T.format("") + "CREATE VIEW unnamed AS SELECT random() AS a;", []),
    ],
)
def test_what_draws_the_values_of_a_column(script: str, expected: list[str]) -> None:
    found = find_drawings(
        schema(script), ["t.a"], written="INSERT INTO t SELECT * FROM Dice", held=False
    )
    assert list(map(str, found)) == expected
    held = find_drawings(schema(script), ["t.a"], written="dice")
    assert [str(one) for one in held] == [str(one) for one in found if one.own]


def test_a_check_may_refuse_rows_by_chance() -> None:
    made = schema("CREATE TABLE t(a, CHECK (newToken(a) OR a IN (1)));")
    assert list(map(str, find_drawings(made, [], ["T"]))) == ["a CHECK of t calls newToken()"]
    assert find_drawings(made, ["t.a"]) == ()


def test_what_to_do_is_told_once_for_each_kind() -> None:
    made = schema(T.format(" DEFAULT (newToken() || random())"))
    assert told_drawings(find_drawings(made, ["t.a"], held=False)) == (
        "The DEFAULT of t.a calls random(). The DEFAULT of t.a calls newToken(). Where that"
        " function of the application's gives other values in each run, let it give the same, or"
        " let the step write the value itself; else the step asks a clock or dice of its own."
        " SQL's clock and dice are held for Python's sqlite3 in this process alone: let the runner"
        " work here, or let the step write the value itself."
    )
    assert told_drawings(()) == ""
