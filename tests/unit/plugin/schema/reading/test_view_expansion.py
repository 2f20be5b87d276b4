"""Views that lead to so many tables that SQLite would not come to an end are refused by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema import read_schema

DOUBLING = (
    ("v13", "SELECT x.a FROM v{before} AS x JOIN v{before} AS y ON x.a = y.a"),
    ("v13", "SELECT a FROM v{before} UNION ALL SELECT a FROM main.v{before}"),
    ("v12", 'SELECT a FROM t WHERE a IN "v{before}" OR a IN (SELECT a FROM v{before})'),
    ("v13", "WITH c AS (SELECT a FROM v{before}) SELECT x.a FROM c AS x, c AS y"),
    ("v12", "SELECT a FROM (v{before} JOIN t USING (a)) JOIN v{before} USING (a)"),
)
MESSAGE = (
    "the view {name} cannot be read: through the views that it names it leads to more than 5,000"
    " tables, and SQLite looks at each of them whenever it lists the tables of the database. So"
    " nothing of this database was compared, its rows neither. Let {name} name fewer views, or keep"
    " in a table what one of them shows"
)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE t(a)")
        conn.execute("CREATE VIEW v0 AS SELECT a FROM t")
        yield conn


@pytest.mark.parametrize(("name", "select"), DOUBLING)
@pytest.mark.parametrize("read", [read_schema, list_tables])
def test_a_chain_of_doubling_views_is_refused(
    conn: sqlite3.Connection, name: str, select: str, read: Callable[[sqlite3.Connection], object]
) -> None:
    for number in range(1, 21):
        conn.execute(f"CREATE VIEW v{number} AS {select.format(before=number - 1)}")
    with pytest.raises(SchemaReadError) as raised:
        read(conn)
    assert str(raised.value) == MESSAGE.format(name=name)


def test_views_that_name_each_other_once_are_read(conn: sqlite3.Connection) -> None:
    for number in range(1, 60):
        before = number - 1
        conn.execute(
            f"CREATE VIEW v{number} AS SELECT v{before}.a, v{before}.a AS v{before}, 1 AS b"
            f" FROM v{before} WHERE v{before}.a IS DISTINCT FROM 5 AND a NOT IN (1, v{before}.a)"
        )
    assert len(read_schema(conn).objects) == 62


def test_a_recursive_common_table_leads_to_itself_once(conn: sqlite3.Connection) -> None:
    conn.execute(
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9)"
        " SELECT i FROM n JOIN v0"
    )
    assert [one.name for one in read_schema(conn).objects if one.kind == "view"] == ["v", "v0"]
