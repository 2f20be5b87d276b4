"""Scripts are split where SQLite ends a statement; refinery's checksum is Rust's hash."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.sources.sql_folder.sip_hash import sip_hash
from pytest_pmd_migrations.sources.sql_folder.statements import statements

SCRIPT = """\ufeff-- first; of all
CREATE TABLE "a;b" (c TEXT DEFAULT 'x;''y', [d;e] TEXT, `f;` TEXT); /* ; */ ;;
CREATE TEMP TRIGGER t AFTER INSERT ON "a;b" BEGIN
  UPDATE "a;b" SET c = CASE WHEN c = 'END;' THEN 1 ELSE 2 END; -- END;
  DELETE FROM "a;b";
END;
create table g(h); insert into g values (';') ;
SELECT 1 -- ; no end"""


def test_a_statement_ends_where_sqlite_ends_it() -> None:
    found = list(statements(SCRIPT))
    assert len(found) == 5
    with closing(sqlite3.connect(":memory:")) as conn, closing(sqlite3.connect(":memory:")) as all_:
        for statement in found:
            conn.execute(statement)
        all_.executescript(SCRIPT)
        sql = "SELECT sql FROM sqlite_schema UNION ALL SELECT sql FROM sqlite_temp_schema"
        assert conn.execute(sql).fetchall() == all_.execute(sql).fetchall()


def test_what_is_no_statement_is_left_to_sqlite_and_blanks_are_none() -> None:
    assert list(statements("  -- nothing\n;;/* here */")) == []
    assert list(statements("123 x; y")) == ["123 x;", "y"]
    unfinished = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2;"
    assert list(statements(unfinished)) == [unfinished]


def test_splitting_a_long_script_reads_it_once() -> None:
    values = "".join(f"INSERT INTO a VALUES ('{number};');\n" for number in range(20_000))
    assert sum(1 for _ in statements(values)) == 20_000


def test_the_hash_is_that_of_rusts_standard_library() -> None:
    def written(name: str, version: int, sql: str) -> bytes:
        return name.encode() + b"\xff" + version.to_bytes(4, "little") + sql.encode() + b"\xff"

    assert sip_hash(written("x", 70, "")) == 7484076354974708729
    assert sip_hash(written("ünï", 2147483647, "1234567")) == 381714169477805358
