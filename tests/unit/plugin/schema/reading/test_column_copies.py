"""Which columns a statement copies from one table into another."""

from __future__ import annotations

from pytest_pmd_migrations.schema.reading.column_copies import ColumnCopy
from pytest_pmd_migrations.schema.reading.step_statements import read_statements

from tests.every import for_every


def copy(columns: str, values: str, *, source: str = "t", row_by_row: bool = True) -> ColumnCopy:
    """A copy into u: names apart by blanks, "-" for a value that is no column of the source."""
    given = tuple("" if value == "-" else value for value in values.split())
    return ColumnCopy(source, "u", tuple(columns.split()), given, row_by_row)


@for_every(
    "statement, expected",
    [
        ("INSERT INTO u SELECT * FROM t", [copy("", "*")]),
        ("INSERT INTO u(A, [b-c]) SELECT T.a, `B-c` FROM main.T", [copy("a b-c", "a b-c")]),
        ("REPLACE INTO u SELECT ALL x.*, 1 FROM t AS x WHERE x.a", [copy("", "* -")]),
        ("INSERT INTO u SELECT DISTINCT a FROM t", [copy("", "a", row_by_row=False)]),
        ("INSERT INTO u SELECT a FROM t x GROUP BY b", [copy("", "a", row_by_row=False)]),
        (
            "WITH w AS (SELECT a FROM v) INSERT OR IGNORE INTO u(a, b, c) SELECT (a), CAST(b AS"
            " TEXT), coalesce(c, 0) AS d FROM t UNION ALL SELECT 1, 2, 3 FROM v",
            [copy("a b c", "a b c")],
        ),
        (
            "INSERT INTO u SELECT sum(a), -b, c + 1, coalesce(d, e), NULL FROM t",
            [copy("", "- - - - -")],
        ),
        (
            "INSERT INTO u SELECT t.a, v.b, c FROM t LEFT JOIN v ON t.id = v.id, (SELECT 1)",
            [copy("", "a - c"), copy("", "- b c", source="v")],
        ),
        ("INSERT INTO u SELECT *, c FROM t, v", [copy("", ""), copy("", "", source="v")]),
        ("INSERT INTO u VALUES (1, 2)", []),
        ("INSERT INTO u SELECT 1", []),
        ("INSERT INTO u DEFAULT VALUES", []),
        (
            "CREATE TABLE u AS SELECT *, a AS b, c d, trim(e), f FROM t",
            [copy("* b d f", "* a c f")],
        ),
        ("CREATE TABLE u(a, b)", []),
        ("UPDATE u SET a = b WHERE c", [copy("a", "b", source="u")]),
        (
            "UPDATE OR FAIL main.u SET a = t.b, c = c + 1, d == (SELECT e FROM v WHERE 1) FROM t",
            [copy("a", "b"), copy("d", "e", source="v")],
        ),
        ("UPDATE u SET (a, b) = (SELECT c, d FROM t)", []),
        ("UPDATE u SET a = x.b", []),
        ("INSERT INTO u SELECT", []),
        ("UPDATE u", []),
    ],
)
def test_what_a_statement_copies(statement: str, expected: list[ColumnCopy]) -> None:
    assert list(read_statements([statement]).column_copies) == expected


def test_columns_that_a_step_renames_or_drops() -> None:
    script = (
        "ALTER TABLE T RENAME COLUMN [A b] TO c; ALTER TABLE t RENAME d TO column; ALTER TABLE t"
        " DROP COLUMN e; ALTER TABLE t DROP f; ALTER TABLE t ADD g; ALTER TABLE t RENAME TO u"
    )
    assert read_statements([script]).columns == (
        *(("t", "a b", "c"), ("t", "d", "column"), ("t", "e", ""), ("t", "f", "")),
    )
