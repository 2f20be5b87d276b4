"""A database that a tool itself migrated is read, and one that is made here is as the tool's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_pmd_migrations.errors import IrreversibleError, SourceError
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.sources.applied.current_version import current_version

from tests.every import for_every
from tests.tools.sql_folder.projects import DIALECTS, STEPS, write_scripts
from tests.tools.sql_folder.real_databases import TABLES, make_real

FOLDER = "db/migrations"


@contextmanager
def opened(path: Path | str = ":memory:") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as conn:
        yield conn


def source_of(root: Path, dialect: str) -> Any:
    write_scripts(dialect, root / FOLDER)
    return resolve_source(FOLDER, root=root)


def own_tables(conn: sqlite3.Connection, dialect: str) -> list[str]:
    names = [sql.split('"')[1] if '"' in sql[:20] else sql.split()[2] for sql in TABLES[dialect]]
    table = names[0].split("(")[0]
    sql = "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC"
    return [row[0] for row in conn.execute(sql, (table,))]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_tool_migrated_goes_on_from_there(dialect: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, dialect)
    path = make_real(dialect, tmp_path / FOLDER, tmp_path / "real.db")
    with opened(path) as conn:
        assert current_version(source, conn) == 3
        assert source.altered(conn) == {}
        source.upgrade(conn, 6)
        assert current_version(source, conn) == 6
        assert not conn.in_transaction
        assert conn.execute("SELECT title, body FROM notes").fetchall() == [("kept", "none; yet")]
        assert conn.execute("SELECT tag FROM tags").fetchall() == [("a",)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_table_is_made_as_the_tool_makes_it(dialect: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, dialect)
    with opened() as conn:
        source.upgrade(conn, 1)
        assert tuple(own_tables(conn, dialect)) == TABLES[dialect]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_rows_are_those_that_the_tool_writes_but_for_times_and_ids(
    dialect: str, tmp_path: Path
) -> None:
    source = source_of(tmp_path, dialect)
    path = make_real(dialect, tmp_path / FOLDER, tmp_path / "real.db")
    columns = {
        "flyway": "installed_rank, version, description, type, script, checksum, success",
        "golang-migrate": "version, dirty",
        "dbmate": "version",
        "goose": "DISTINCT version_id, is_applied",
        "sqlx": "version, description, success, hex(checksum)",
        "diesel": "version",
        "refinery": "version, name, checksum",
        "drizzle": "id, hash, created_at",
        "prisma": "migration_name, checksum, logs, rolled_back_at, applied_steps_count",
    }[dialect]
    where = {
        "goose": "WHERE is_applied",
        "prisma": "WHERE rolled_back_at IS NULL",
    }.get(dialect, "")
    table = source.bookkeeping[0]
    sql = (
        f"SELECT {columns} FROM {table} {where} ORDER BY 1, 2"
        if "," in columns
        else (f"SELECT {columns} FROM {table} ORDER BY 1")
    )
    with opened(path) as real, opened() as made:
        source.upgrade(made, 3)
        assert made.execute(sql).fetchall() == real.execute(sql).fetchall()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_that_is_forgotten_runs_again(dialect: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, dialect)
    with opened() as conn:
        source.upgrade(conn, 4)
        conn.execute("INSERT INTO notes (title) VALUES ('empty')")
        source.forget(conn, 4)
        conn.commit()
        assert current_version(source, conn) == 3
        source.upgrade(conn, 4)
        assert current_version(source, conn) == 4
        assert conn.execute("SELECT body FROM notes").fetchall() == [("none; yet",)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_step_that_raises_leaves_nothing_but_what_the_tool_would(
    dialect: str, tmp_path: Path
) -> None:
    bad = (*STEPS[:2], STEPS[2].__class__("bad", ["UPDATE notes SET title = 'x'", "SELEC 1"], ""))
    write_scripts(dialect, tmp_path / FOLDER, bad)
    source: Any = resolve_source(FOLDER, root=tmp_path)
    with opened() as conn:
        source.upgrade(conn, 2)
        conn.execute("INSERT INTO notes (title) VALUES ('y')")
        conn.commit()
        with pytest.raises(sqlite3.OperationalError, match="near") as caught:
            source.upgrade(conn, 3)
        assert "SELEC 1" in getattr(caught.value, "statement", "")
        assert current_version(source, conn) == 2
        left = "x" if dialect == "prisma" else "y"
        assert conn.execute("SELECT title FROM notes").fetchall() == [(left,)]
        assert (conn.isolation_level, conn.in_transaction) == ("", False)


SCRIPTS = {
    "a metadata.toml that is none, in a transaction": (
        {"1_a/up.sql": "CREATE TABLE a(b);\nSELEC 1;", "1_a/metadata.toml": "["},
        'near "SELEC"',
        set(),
    ),
    "its own COMMIT": (
        {"1_a.sql": "-- Add migration script here\nCREATE TABLE a(b);\nCOMMIT;\n"},
        "cannot commit - no transaction is active",
        {"a"},
    ),
    "rows, a statement without an end, and a way back that goose would cut": (
        {
            "1_a.sql": "-- +goose Up\n-- +goose ENVSUB OFF\n-- +goose StatementBegin\n"
            "CREATE TABLE a(b)\n-- +goose StatementEnd\nINSERT INTO a VALUES (1) RETURNING b;\n"
            "-- +goose Down\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\n"
        },
        "",
        {"a"},
    ),
}


@for_every("files, raised, left", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_run_as_its_tool_reads_it(
    files: dict[str, str], raised: str, left: set[str], tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / FOLDER / name).write_text(text)
    source: Any = resolve_source(FOLDER, root=tmp_path)
    said = ""
    with opened() as conn:
        try:
            source.upgrade(conn, 1)
        except sqlite3.OperationalError as error:
            said = str(error)
        assert said.startswith(raised)
        assert bool(said) == bool(raised)
        tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
        assert tables & {"a"} == left
        assert not conn.in_transaction


def test_what_is_not_to_be_in_a_transaction_is_in_none(tmp_path: Path) -> None:
    pragma = "PRAGMA foreign_keys = OFF;\nDROP TABLE a;\nPRAGMA foreign_keys = ON;\n"
    made = "CREATE TABLE a(b PRIMARY KEY); CREATE TABLE c(d REFERENCES a ON DELETE CASCADE);"
    filled = "INSERT INTO a VALUES (1); INSERT INTO c VALUES (1);\n"
    scripts: dict[str, dict[str, str]] = {
        "goose": {
            "1_a.sql": f"-- +goose Up\n{made}\n{filled}",
            "2_b.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{pragma}",
        },
        "dbmate": {
            "1_a.sql": f"-- migrate:up\n{made}{filled}-- migrate:down\n",
            "2_b.sql": f"-- migrate:up transaction:false\n{pragma}-- migrate:down\n",
        },
        "sqlx": {
            "1_a.sql": f"-- Add migration script here\n{made}{filled}",
            "2_b.sql": f"-- no-transaction\n{pragma}",
        },
        "diesel": {
            "1_a/up.sql": made + filled,
            "2_b/up.sql": pragma,
            "2_b/metadata.toml": "run_in_transaction = false\n",
        },
        "flyway": {"V1__a.sql": made + filled, "V2__b.sql": pragma},
        "prisma": {"1_a/migration.sql": made + filled, "2_b/migration.sql": pragma},
        "golang-migrate": {
            "1_a.up.sql": made + filled,
            "2_b.up.sql": f"BEGIN;\nCOMMIT;\n{pragma}",
        },
    }
    for dialect, files in scripts.items():
        root = tmp_path / dialect
        for name, text in files.items():
            (root / FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
            (root / FOLDER / name).write_text(text)
        source: Any = resolve_source(FOLDER, root=root)
        with opened() as conn:
            conn.execute("PRAGMA foreign_keys = ON")
            source.upgrade(conn, 2)
            assert conn.execute("SELECT d FROM c").fetchall() == [(1,)], dialect
            assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)
            assert current_version(source, conn) == 2, dialect


def test_sqlx_switches_foreign_keys_on_and_a_script_in_a_transaction_cannot_switch_them_off(
    tmp_path: Path,
) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "1_a.sql").write_text(
        "-- Add migration script here\nCREATE TABLE a(b PRIMARY KEY);\n"
        "CREATE TABLE c(d REFERENCES a ON DELETE CASCADE);\n"
        "INSERT INTO a VALUES (1); INSERT INTO c VALUES (1);\n"
    )
    (folder / "2_b.sql").write_text("PRAGMA foreign_keys = OFF; DROP TABLE a;\n")
    source: Any = resolve_source(FOLDER, root=tmp_path)
    with opened() as conn:
        source.upgrade(conn, 2)
        assert conn.execute("SELECT d FROM c").fetchall() == []
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (0,)


def refused(source: Any, conn: sqlite3.Connection) -> str:
    with pytest.raises(SourceError) as caught:
        current_version(source, conn)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_database_that_the_tool_refuses_is_refused(tmp_path: Path) -> None:
    cases = {
        "flyway": (
            "UPDATE flyway_schema_history SET success = 0 WHERE version = '3'",
            "flyway_schema_history has V3__create_tags.sql as failed",
        ),
        "golang-migrate": (
            "UPDATE schema_migrations SET dirty = true",
            "schema_migrations has version 000003 as dirty",
        ),
        "sqlx": (
            "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 20240103120000",
            "_sqlx_migrations has 20240103120000 as failed",
        ),
        "prisma": (
            "UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name LIKE '%tags'",
            "_prisma_migrations has 20240103120000_create_tags as failed",
        ),
        "goose": (
            "UPDATE goose_db_version SET version_id = 77 WHERE version_id = 3",
            "the database was migrated by 77, which source migrations does not have",
        ),
        "refinery": (
            "DELETE FROM refinery_schema_history WHERE version = 2",
            "the database lacks V2 and has V3, which comes later",
        ),
        "drizzle": (
            "UPDATE __drizzle_migrations SET created_at = 5 WHERE created_at = 1700000000001",
            "the database was migrated by 5, which source migrations does not have",
        ),
        "dbmate": (
            "DROP TABLE schema_migrations; CREATE TABLE schema_migrations(id, applied_at);",
            "the database's table schema_migrations is not as dbmate makes it: no such column",
        ),
        "diesel": (
            "UPDATE __diesel_schema_migrations SET version = '1' WHERE version LIKE '%3120000'",
            "the database was migrated by 1, which source migrations does not have",
        ),
    }
    assert {*cases} == {*DIALECTS}
    for dialect, (damage, expected) in cases.items():
        root = tmp_path / dialect
        source = source_of(root, dialect)
        with opened(make_real(dialect, root / FOLDER, root / "real.db")) as conn:
            conn.executescript(damage)
            assert expected in refused(source, conn), dialect
    source = source_of(tmp_path, "golang-migrate")
    with opened(make_real("golang-migrate", tmp_path / FOLDER, tmp_path / "real.db")) as conn:
        conn.execute("UPDATE schema_migrations SET version = 77")
        assert "the database was migrated by 77, which source" in refused(source, conn)


def test_a_database_that_flyway_took_over_at_a_version_has_all_before_it(tmp_path: Path) -> None:
    source = source_of(tmp_path, "flyway")
    with opened(make_real("flyway", tmp_path / FOLDER, tmp_path / "real.db")) as conn:
        conn.executescript(
            "DELETE FROM flyway_schema_history WHERE version = '1';"
            "UPDATE flyway_schema_history SET type = 'BASELINE', checksum = NULL"
            " WHERE version = '1.1';"
        )
        assert current_version(source, conn) == 3
        assert source.altered(conn) == {}
        conn.execute(
            "INSERT INTO flyway_schema_history SELECT installed_rank + 9, version, description,"
            " 'UNDO_SQL', script, checksum, installed_by, installed_on, execution_time, success"
            " FROM flyway_schema_history WHERE version = '3'"
        )
        assert current_version(source, conn) == 2


def test_repeatable_scripts_run_after_the_newest_version_where_their_text_changed(
    tmp_path: Path,
) -> None:
    write_scripts("flyway", tmp_path / FOLDER)
    script = tmp_path / FOLDER / "R__counts.sql"
    text = "DROP VIEW IF EXISTS counts;\nCREATE VIEW counts AS SELECT count(*) AS {} FROM notes;\n"
    script.write_text(text.format("one"))
    with opened() as conn:
        source: Any = resolve_source(FOLDER, root=tmp_path)
        assert "counts" in source.bookkeeping
        source.upgrade(conn, 5)
        views = "SELECT sql FROM sqlite_schema WHERE type = 'view'"
        assert conn.execute(views).fetchall() == []
        for name in ("one", "one", "two"):
            script.write_text(text.format(name))
            source = resolve_source(FOLDER, root=tmp_path)
            source.upgrade(conn, 6)
            assert f"AS {name} " in conn.execute(views).fetchone()[0]
        assert current_version(source, conn) == 6
        runs = "SELECT count(*) FROM flyway_schema_history WHERE version IS NULL"
        assert conn.execute(runs).fetchone() == (2,)


@pytest.mark.parametrize("dialect", ["flyway", "sqlx", "refinery", "prisma"])
def test_a_text_that_is_another_than_the_table_says_is_told(dialect: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, dialect)
    path = make_real(dialect, tmp_path / FOLDER, tmp_path / "real.db")
    edited = source.location(2).path
    edited.write_text(f"-- more\n{edited.read_text()}")
    source = resolve_source(FOLDER, root=tmp_path)
    with opened(path) as conn:
        assert [*source.altered(conn)] == [source.label(2)]
        assert dialect in source.altered(conn)[source.label(2)]


def test_prisma_and_flyway_do_not_mind_how_lines_end(tmp_path: Path) -> None:
    for dialect in ("prisma", "flyway"):
        root = tmp_path / dialect
        source = source_of(root, dialect)
        path = make_real(dialect, root / FOLDER, root / "real.db")
        edited = source.location(3).path
        edited.write_bytes(edited.read_bytes().replace(b"\n", b"\r\n"))
        source = resolve_source(FOLDER, root=root)
        with opened(path) as conn:
            assert source.altered(conn) == {}
            if dialect == "prisma":
                # As engines of before 2021 wrote it where it began with a zero.
                conn.execute("UPDATE _prisma_migrations SET checksum = substr(checksum, 2)")
                assert source.altered(conn) == {}


DOWN = ["golang-migrate", "dbmate", "goose", "diesel"]


def test_only_tools_whose_scripts_go_back_can_downgrade(tmp_path: Path) -> None:
    for dialect in DIALECTS:
        source = source_of(tmp_path / dialect, dialect)
        assert hasattr(source, "downgrade") == (dialect in (*DOWN, "sqlx")), dialect


@pytest.mark.parametrize("dialect", DOWN)
def test_a_step_is_taken_back_with_its_mark(dialect: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, dialect)
    with opened(make_real(dialect, tmp_path / FOLDER, tmp_path / "real.db")) as conn:
        source.downgrade(conn, 3)
        assert current_version(source, conn) == 2
        sql = "SELECT name FROM sqlite_schema WHERE name IN ('tags', 'notes')"
        assert conn.execute(sql).fetchall() == [("notes",)]
        source.downgrade(conn, 2)
        source.downgrade(conn, 1)
        assert current_version(source, conn) == 0
        assert conn.execute(sql).fetchall() == []
        source.upgrade(conn, 6)
        assert current_version(source, conn) == 6


def test_a_script_without_a_way_back_says_so(tmp_path: Path) -> None:
    source = source_of(tmp_path, "sqlx")
    with opened() as conn:
        source.upgrade(conn, 1)
        with pytest.raises(
            IrreversibleError, match=r"create_notes\.sql has nothing that goes down"
        ):
            source.downgrade(conn, 1)
    (tmp_path / "dbmate" / FOLDER).mkdir(parents=True)
    script = tmp_path / "dbmate" / FOLDER / "1_a.sql"
    script.write_text("-- migrate:up\nCREATE TABLE a(b);\n-- migrate:down\n-- no way\n")
    found: Any = resolve_source(FOLDER, root=tmp_path / "dbmate")
    with opened() as conn, pytest.raises(IrreversibleError, match="nothing that goes down"):
        found.downgrade(conn, 1)
