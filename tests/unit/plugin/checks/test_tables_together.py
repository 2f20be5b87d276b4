"""Which tables a script uses together: of the others none is tried without its rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.checks.tables_together import used_together
from pytest_pmd_migrations.schema import stored_text

from tests.every import for_every

BEFORE = """
CREATE TABLE a(id, x); CREATE TABLE b(id, x); CREATE TABLE "C d"(id, x); CREATE TABLE e(id, x);
CREATE TABLE f(id REFERENCES g); CREATE TABLE g(id PRIMARY KEY); CREATE TABLE h(id);
CREATE VIEW v AS SELECT id FROM h;
CREATE TRIGGER t AFTER DELETE ON e BEGIN DELETE FROM h; END;
"""
ALONE = {"f", "g", "e", "h"}


@for_every(
    "script, together",
    [
        ("UPDATE a SET x = 1; UPDATE b SET x = 1", set()),
        ("CREATE TABLE n(y); INSERT INTO n SELECT x FROM a; DROP TABLE a", set()),
        ("UPDATE A SET x = (SELECT x FROM b)", {"a", "b"}),
        ('DELETE FROM "c D" WHERE id IN (SELECT id FROM b)', {"C d", "b"}),
        ("INSERT INTO n SELECT x FROM a; INSERT INTO n SELECT x FROM b", {"a", "b"}),
        ("INSERT INTO n SELECT x FROM a; ALTER TABLE n RENAME TO m; UPDATE b SET x = (SELECT 1"
         " FROM m)", {"a", "b"}),
        ("DELETE FROM a WHERE id IN v", {"a"}),
    ],
)  # fmt: skip
def test_tables_are_used_together_by_statements_and_by_the_schema(
    script: str, together: set[str]
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(BEFORE)
        text = stored_text(conn)
    for statements in ([script], script.split(";")):
        assert used_together(statements, text) == together | ALONE
