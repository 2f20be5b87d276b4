"""Schemas in SQL in which one thing is there n times, for the corners that are measured."""

from __future__ import annotations


def listed(form: str, count: int, separator: str = ", ") -> str:
    return separator.join(form.format(n=number, m=max(number - 1, 0)) for number in range(count))


def empty(_: int) -> str:
    return "PRAGMA user_version = 1;"


def tables(count: int) -> str:
    return "".join(
        f"CREATE TABLE t{n}(id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT CHECK (b > 0));"
        f"CREATE INDEX i{n} ON t{n}(a); INSERT INTO t{n} VALUES (1, 'x', 2);"
        for n in range(count)
    )


def other_tables(count: int) -> str:
    return tables(count).replace("b > 0", "b > 1").replace("(a);", "(a, b);")


def renamed_tables(count: int) -> str:
    return (
        tables(count)
        .replace("CREATE TABLE t", "CREATE TABLE new_t")
        .replace(" ON t", " ON new_t")
        .replace("INTO t", "INTO new_t")
    )


def wide(count: int) -> str:
    return f"CREATE TABLE t({listed('c{n} TEXT', count)});"


def checked(count: int) -> str:
    return f"CREATE TABLE t({listed('c{n} INTEGER NOT NULL CHECK (c{n} > 5)', count)});"


def chain(count: int) -> str:
    return "CREATE TABLE t0(id INTEGER PRIMARY KEY);" + "".join(
        f"CREATE TABLE t{n}(id INTEGER PRIMARY KEY, p NOT NULL REFERENCES t{n - 1}(id));"
        for n in range(1, count)
    )


def backward_chain(count: int) -> str:
    """Tables whose parents come later by name."""
    return f"CREATE TABLE t{count - 1:05}(id INTEGER PRIMARY KEY);" + "".join(
        f"CREATE TABLE t{n:05}(id INTEGER PRIMARY KEY, p NOT NULL REFERENCES t{n + 1:05}(id));"
        for n in reversed(range(count - 1))
    )


def star(count: int) -> str:
    """One table to which many refer."""
    return "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);" + "".join(
        f"CREATE TABLE t{n}(id INTEGER PRIMARY KEY, p NOT NULL REFERENCES t(id));"
        for n in range(count)
    )


def many_keys(count: int) -> str:
    """One table that refers to many."""
    return (
        "".join(f"CREATE TABLE p{n}(id INTEGER PRIMARY KEY);" for n in range(count))
        + f"CREATE TABLE t({listed('c{n} INTEGER REFERENCES p{n}(id)', count)});"
    )


def triggers(count: int) -> str:
    return "CREATE TABLE t(a, b); CREATE TABLE log(a, b);" + "".join(
        f"CREATE TRIGGER g{n} AFTER UPDATE OF a ON t"
        f" BEGIN INSERT INTO log VALUES (new.a, {n}); END;"
        for n in range(count)
    )


def quoted_triggers(count: int) -> str:
    return "CREATE TABLE t(a, b); CREATE TABLE log(a, b);" + "".join(
        f"CREATE TRIGGER g{n} AFTER UPDATE OF a ON t BEGIN"
        f' INSERT INTO log VALUES (new.a, "s{n}"); END;'
        for n in range(count)
    )


def indexes(count: int) -> str:
    return "CREATE TABLE t(a, b);" + "".join(
        f"CREATE INDEX i{n} ON t(a, b + {n}) WHERE b > {n};" for n in range(count)
    )


def views(count: int) -> str:
    return "CREATE TABLE t(a, b);" + "".join(
        f"CREATE VIEW v{n} AS SELECT a, b + {n} FROM t WHERE a <> {n};" for n in range(count)
    )


def quoted_views(count: int) -> str:
    return "CREATE TABLE t(a, b);" + "".join(
        f'CREATE VIEW v{n} AS SELECT a, "s{n}" FROM t;' for n in range(count)
    )


def broken(count: int) -> str:
    return "".join(
        f"CREATE TABLE t{n}(a REFERENCES u{n}(b)); CREATE VIEW v{n} AS SELECT * FROM w{n};"
        for n in range(count)
    )


def unique(count: int) -> str:
    return f"CREATE TABLE t({listed('c{n} UNIQUE', count)});"


def required(count: int) -> str:
    return f"CREATE TABLE t({listed('c{n} NOT NULL', count)});"


def distinct(count: int) -> str:
    return f"CREATE TABLE t({listed('c{n} TEXT NOT NULL UNIQUE', count)});"


def empty_tables(count: int) -> str:
    return tables(count).replace("INSERT INTO", "-- ").replace("2);", "2);\n")


def one_column(_: int) -> str:
    return wide(1)


def two_columns(_: int) -> str:
    return "CREATE TABLE t(a, b);"


def wide_row(count: int) -> str:
    return f"{wide(count)} INSERT INTO t(c0) VALUES (1);"


def wide_beside_triggers(count: int) -> str:
    beside = triggers(count).replace(" t(a, b)", " u(a, b)").replace(" ON t", " ON u")
    return wide(count) + beside


def view(select: str) -> str:
    return f"CREATE TABLE t(a, b); CREATE VIEW v AS {select};"


def check(expression: str) -> str:
    return f"CREATE TABLE t(a, b, CHECK ({expression}));"


def checks(expression: str) -> str:
    return f"CREATE TABLE t(a, b{f', CHECK ({expression})' * 50});"


def string_list(n: int) -> str:
    return check(f"a IN ({listed(chr(39) + 's{n}' + chr(39), n)})")
