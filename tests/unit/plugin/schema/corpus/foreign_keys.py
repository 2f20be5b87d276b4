"""Foreign keys (foreignkeys.html)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal

P = "CREATE TABLE p(id INTEGER PRIMARY KEY, x UNIQUE, y, UNIQUE(x, y));"
ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT")


def same(name: str, upgraded: str, fresh: str = "a REFERENCES p(id), b", ruling: str = "") -> Pair:
    return equal(
        name, f"CREATE TABLE t({upgraded})", f"CREATE TABLE t({fresh})", given=P, ruling=ruling
    )


def other(name: str, upgraded: str, fresh: str, at: str, part: str = "") -> Pair:
    tables = f"CREATE TABLE t({upgraded})", f"CREATE TABLE t({fresh})"
    return different(name, *tables, f"foreign key t{at}", part, given=P)


PAIRS = (
    same("a key after the columns", "a, b, FOREIGN KEY(a) REFERENCES p(id)"),
    same(
        "an implied parent key",
        "a REFERENCES p, b",
        ruling="an implied parent key may be spelled out",
    ),
    same(
        "the parent in another letter case",
        "a REFERENCES P(ID), b",
        ruling="a reference's case is free",
    ),
    same("the parent in quotes", 'a REFERENCES "p"([id]), b'),
    same("the parent in single quotes", "a REFERENCES 'p'('id'), b"),
    same("a key's name", "a CONSTRAINT fk REFERENCES p(id), b"),
    same("a named key after the columns", "a, b, CONSTRAINT fk FOREIGN KEY (a) REFERENCES p (id)"),
    same("NO ACTION", "a REFERENCES p(id) ON DELETE NO ACTION ON UPDATE NO ACTION, b"),
    same(
        "MATCH", "a REFERENCES p(id) MATCH SIMPLE, b", ruling="SQLite parses MATCH and forgets it"
    ),
    same("ON INSERT, which SQLite ignores", "a REFERENCES p(id) ON INSERT CASCADE, b"),
    same("NOT DEFERRABLE", "a REFERENCES p(id) NOT DEFERRABLE, b"),
    same("DEFERRABLE", "a REFERENCES p(id) DEFERRABLE, b"),
    same("DEFERRABLE INITIALLY IMMEDIATE", "a REFERENCES p(id) DEFERRABLE INITIALLY IMMEDIATE, b"),
    same(
        "NOT DEFERRABLE INITIALLY DEFERRED",
        "a REFERENCES p(id) NOT DEFERRABLE INITIALLY DEFERRED, b",
    ),
    same(
        "the last DEFERRABLE decides",
        "a REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE, b",
    ),
    same(
        "DEFERRABLE further on",
        "a REFERENCES p(id) NOT NULL DEFERRABLE INITIALLY DEFERRED, b",
        "a NOT NULL REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, b",
    ),
    same(
        "the last action decides",
        "a REFERENCES p(id) ON DELETE SET NULL ON DELETE CASCADE, b",
        "a REFERENCES p(id) ON DELETE CASCADE, b",
    ),
    same(
        "actions in another order",
        "a REFERENCES p(id) ON UPDATE CASCADE ON DELETE SET NULL, b",
        "a REFERENCES p(id) ON DELETE SET NULL ON UPDATE CASCADE, b",
    ),
    same(
        "keys in another order",
        "a, b, FOREIGN KEY(a) REFERENCES p(id), FOREIGN KEY(b) REFERENCES p(x)",
        "a, b, FOREIGN KEY(b) REFERENCES p(x), FOREIGN KEY(a) REFERENCES p(id)",
        "foreign keys have no order",
    ),
    same(
        "deferred keys in another order",
        "a REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, b, FOREIGN KEY(b) REFERENCES p(x)",
        "a, b, FOREIGN KEY(b) REFERENCES p(x), FOREIGN KEY(a) REFERENCES p(id)"
        " DEFERRABLE INITIALLY DEFERRED",
        "foreign keys have no order",
    ),
    same(
        "pairs of a composite key in another order",
        "a, b, FOREIGN KEY(b, a) REFERENCES p(y, x)",
        "a, b, FOREIGN KEY(a, b) REFERENCES p(x, y)",
        "the pairs of a foreign key have no order",
    ),
    same(
        "three pairs of a composite key that cascades, in another order",
        "a, b, c, FOREIGN KEY(c, a, b) REFERENCES p(z, x, y) ON DELETE CASCADE",
        "a, b, c, FOREIGN KEY(a, b, c) REFERENCES p(x, y, z) ON DELETE CASCADE",
        "the pairs of a foreign key have no order",
    ),
    same(
        "keys without commas",
        "a, b, FOREIGN KEY(a) REFERENCES p(id) FOREIGN KEY(b) REFERENCES p(x)",
        "a, b, FOREIGN KEY(a) REFERENCES p(id), FOREIGN KEY(b) REFERENCES p(x)",
    ),
    same(
        "a composite key",
        'a, b, FOREIGN KEY("a", B) REFERENCES p(X, "y")',
        "a, b, FOREIGN KEY(a, b) REFERENCES p(x, y)",
        "a reference's case is free",
    ),
    equal(
        "an implied composite parent key",
        "CREATE TABLE t(a, b, FOREIGN KEY(a, b) REFERENCES q)",
        "CREATE TABLE t(a, b, FOREIGN KEY(a, b) REFERENCES q(y, x))",
        given="CREATE TABLE q(x, y, PRIMARY KEY(y, x));",
        ruling="an implied parent key may be spelled out",
    ),
    equal(
        "a parent that comes later",
        "CREATE TABLE t(a REFERENCES p); CREATE TABLE p(id INTEGER PRIMARY KEY)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p)",
        ruling="objects have no order",
    ),
    equal(
        "a parent that is missing",
        'CREATE TABLE t(a REFERENCES "gone")',
        "CREATE TABLE t(a REFERENCES gone)",
    ),
    equal(
        "a table that is its own parent",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a REFERENCES t)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a REFERENCES t(id))",
        ruling="an implied parent key may be spelled out",
    ),
    other("a key", "a REFERENCES p(id)", "a", "(a) -> p(id)"),
    other(
        "a key of another column", "a REFERENCES p(id), b", "a, b REFERENCES p(id)", "(b) -> p(id)"
    ),
    other("the parent's column", "a REFERENCES p(id)", "a REFERENCES p(x)", "(a) -> p(x)"),
    other("another parent", "a REFERENCES p(id)", "a REFERENCES q(id)", "(a) -> q(id)"),
    other(
        "the columns of a composite key",
        "a, b, FOREIGN KEY(a, b) REFERENCES p(x, y)",
        "a, b, FOREIGN KEY(b, a) REFERENCES p(x, y)",
        "(a, b) -> p(y, x)",
    ),
    other(
        "one composite key or two",
        "a, b, FOREIGN KEY(a, b) REFERENCES p(x, y)",
        "a REFERENCES p(x), b REFERENCES p(y)",
        "(a, b) -> p(x, y)",
    ),
    *(
        other(
            f"ON DELETE {action}",
            f"a REFERENCES p(id) ON DELETE {action}",
            "a REFERENCES p(id)",
            "(a) -> p(id)",
            "ON DELETE",
        )
        for action in ACTIONS
    ),
    *(
        other(
            f"ON UPDATE {action}",
            f"a REFERENCES p(id) ON UPDATE {action}",
            "a REFERENCES p(id)",
            "(a) -> p(id)",
            "ON UPDATE",
        )
        for action in ACTIONS
    ),
    other(
        "DELETE and UPDATE exchanged",
        "a REFERENCES p(id) ON DELETE CASCADE",
        "a REFERENCES p(id) ON UPDATE CASCADE",
        "(a) -> p(id)",
        "ON UPDATE",
    ),
    other(
        "a key that waits",
        "a REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED",
        "a REFERENCES p(id)",
        "(a) -> p(id)",
        "deferred",
    ),
    other(
        "a key that is told to wait further on",
        "a REFERENCES p(id) UNIQUE DEFERRABLE INITIALLY DEFERRED",
        "a REFERENCES p(id) UNIQUE",
        "(a) -> p(id)",
        "deferred",
    ),
    other(
        "which of two keys waits",
        "a REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, b REFERENCES p(id)",
        "a REFERENCES p(id), b REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED",
        "(a) -> p(id)",
        "deferred",
    ),
    other(
        "a table's key that waits",
        "a, FOREIGN KEY(a) REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED",
        "a, FOREIGN KEY(a) REFERENCES p(id)",
        "(a) -> p(id)",
        "deferred",
    ),
    other(
        "a key in a comment only", "a /* REFERENCES p(id) */", "a REFERENCES p(id)", "(a) -> p(id)"
    ),
)
