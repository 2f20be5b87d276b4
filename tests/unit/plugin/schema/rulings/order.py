"""Pairs of schemas that differ only in the order of columns, by the name of the ruling."""

from __future__ import annotations

__all__ = ["ORDER"]

ORDER = {
    "columns of a table": ("CREATE TABLE t(a, b, c)", "CREATE TABLE t(a, c, b)"),
    "columns that ALTER TABLE added last": (
        "CREATE TABLE t(a, c); ALTER TABLE t ADD COLUMN b",
        "CREATE TABLE t(a, b, c)",
    ),
    "columns of a table with everything that belongs to it": (
        "CREATE TABLE t(b INT NOT NULL, a TEXT PRIMARY KEY, CHECK(a > b)); CREATE INDEX i ON t(b)",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b INT NOT NULL, CHECK(a > b)); CREATE INDEX i ON t(b)",
    ),
    "columns of an FTS table": (
        "CREATE VIRTUAL TABLE f USING fts5(a, b)",
        "CREATE VIRTUAL TABLE f USING fts5(b, a)",
    ),
    "columns of a table that a view takes with a star": (
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT * FROM t",
        "CREATE TABLE t(b, a); CREATE VIEW v AS SELECT * FROM t",
    ),
    "columns with a comma in their names": (
        'CREATE TABLE t("a, b", c)',
        'CREATE TABLE t(c, "a, b")',
    ),
}
