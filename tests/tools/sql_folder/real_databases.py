"""Databases as the tools themselves leave them, table and rows, after the first three steps."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from tests.tools.sql_folder.projects import STEPS

__all__ = ["TABLES", "make_real"]

DONE = 3

TABLES = {
    "flyway": (
        'CREATE TABLE "flyway_schema_history" (\n    "installed_rank" INT NOT NULL PRIMARY KEY,\n'
        '    "version" VARCHAR(50),\n    "description" VARCHAR(200) NOT NULL,\n'
        '    "type" VARCHAR(20) NOT NULL,\n    "script" VARCHAR(1000) NOT NULL,\n'
        '    "checksum" INT,\n    "installed_by" VARCHAR(100) NOT NULL,\n'
        "    \"installed_on\" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),\n"
        '    "execution_time" INT NOT NULL,\n    "success" BOOLEAN NOT NULL\n)',
        'CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success")',
    ),
    "golang-migrate": (
        "CREATE TABLE schema_migrations (version uint64,dirty bool)",
        "CREATE UNIQUE INDEX version_unique ON schema_migrations (version)",
    ),
    "dbmate": ('CREATE TABLE "schema_migrations" (version varchar(128) primary key)',),
    "goose": (
        "CREATE TABLE goose_db_version (\n\t\tid INTEGER PRIMARY KEY AUTOINCREMENT,\n"
        "\t\tversion_id INTEGER NOT NULL,\n\t\tis_applied INTEGER NOT NULL,\n"
        "\t\ttstamp TIMESTAMP DEFAULT (datetime('now'))\n\t)",
    ),
    "sqlx": (
        "CREATE TABLE _sqlx_migrations (\n    version BIGINT PRIMARY KEY,\n"
        "    description TEXT NOT NULL,\n"
        "    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,\n"
        "    success BOOLEAN NOT NULL,\n    checksum BLOB NOT NULL,\n"
        "    execution_time BIGINT NOT NULL\n)",
    ),
    "diesel": (
        "CREATE TABLE __diesel_schema_migrations (\n"
        "       version VARCHAR(50) PRIMARY KEY NOT NULL,\n"
        "       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n)",
    ),
    "refinery": (
        "CREATE TABLE refinery_schema_history(\n             version int4 PRIMARY KEY,\n"
        "             name VARCHAR(255),\n             applied_on VARCHAR(255),\n"
        "             checksum VARCHAR(255))",
    ),
    "drizzle": (
        'CREATE TABLE "__drizzle_migrations" (\n\t\t\t\tid SERIAL PRIMARY KEY,\n'
        "\t\t\t\thash text NOT NULL,\n\t\t\t\tcreated_at numeric\n\t\t\t)",
    ),
    "prisma": (
        'CREATE TABLE "_prisma_migrations" (\n'
        '    "id"                    TEXT PRIMARY KEY NOT NULL,\n'
        '    "checksum"              TEXT NOT NULL,\n    "finished_at"           DATETIME,\n'
        '    "migration_name"        TEXT NOT NULL,\n    "logs"                  TEXT,\n'
        '    "rolled_back_at"        DATETIME,\n'
        '    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,\n'
        '    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0\n)',
    ),
}
"""What each tool makes for itself, as sqlite_schema has it afterwards."""

REFINERY_CHECKSUMS = {
    1: "5251604976903464815",
    2: "18274752259059141525",
    3: "11974362942815575834",
}
"""Of the first three scripts, by Rust's own hasher."""


def _flyway(conn: sqlite3.Connection, folder: Path) -> None:
    for rank, version in enumerate(("1", "1.1", "3"), start=1):
        (path,) = folder.glob(f"V{version}__*.sql")
        name = path.stem.partition("__")[2].replace("_", " ")
        crc = zlib.crc32(path.read_bytes().replace(b"\n", b""))
        conn.execute(
            'INSERT INTO "flyway_schema_history" VALUES'
            " (?, ?, ?, 'SQL', ?, ?, '', '2024-01-01 12:00:00.000', 3, 1)",
            (rank, version, name, path.name, crc - 2**32 if crc >= 2**31 else crc),
        )


def _golang_migrate(conn: sqlite3.Connection, folder: Path) -> None:
    conn.execute("INSERT INTO schema_migrations VALUES (?, false)", (DONE,))


def _dbmate(conn: sqlite3.Connection, folder: Path) -> None:
    for path in sorted(folder.glob("*.sql"))[:DONE]:
        conn.execute("INSERT INTO schema_migrations VALUES (?)", (path.name.partition("_")[0],))


def _goose(conn: sqlite3.Connection, folder: Path) -> None:
    # The third was taken back once: of several rows the last one counts.
    for version, applied in ((0, 1), (1, 1), (2, 1), (3, 1), (3, 0), (3, 1)):
        conn.execute(
            "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)",
            (version, applied),
        )


def _sqlx(conn: sqlite3.Connection, folder: Path) -> None:
    for path in sorted(folder.glob("*.sql"))[:DONE]:
        number, _, name = path.stem.partition("_")
        conn.execute(
            "INSERT INTO _sqlx_migrations VALUES (?, ?, '2024-01-01 12:00:00', TRUE, ?, 54321)",
            (int(number), name.replace("_", " "), hashlib.sha384(path.read_bytes()).digest()),
        )


def _diesel(conn: sqlite3.Connection, folder: Path) -> None:
    for inner in sorted(folder.iterdir())[:DONE]:
        version = inner.name.partition("_")[0].replace("-", "")
        conn.execute("INSERT INTO __diesel_schema_migrations (version) VALUES (?)", (version,))


def _refinery(conn: sqlite3.Connection, folder: Path) -> None:
    for number, step in enumerate(STEPS[:DONE], start=1):
        conn.execute(
            "INSERT INTO refinery_schema_history VALUES (?, ?, '2024-01-01T12:00:00.5Z', ?)",
            (number, step.name, REFINERY_CHECKSUMS[number]),
        )


def _drizzle(conn: sqlite3.Connection, folder: Path) -> None:
    journal = json.loads((folder / "meta/_journal.json").read_text())
    for entry in journal["entries"][:DONE]:
        digest = hashlib.sha256((folder / f"{entry['tag']}.sql").read_bytes()).hexdigest()
        conn.execute(
            'INSERT INTO "__drizzle_migrations" (hash, created_at) VALUES (?, ?)',
            (digest, entry["when"]),
        )


def _prisma(conn: sqlite3.Connection, folder: Path) -> None:
    rows = [(path, None) for path in sorted(folder.glob("*/migration.sql"))[:DONE]]
    # One of them failed at first, and was rolled back.
    for at, (path, rolled_back) in enumerate([(rows[1][0], 1_704_000_000_000), *rows]):
        conn.execute(
            "INSERT INTO _prisma_migrations VALUES (?, ?, ?, ?, NULL, ?, 1704110400000, ?)",
            (
                f"0f5e0d2c-0000-4000-a000-00000000000{at}",
                hashlib.sha256(path.read_bytes()).hexdigest(),
                None if rolled_back else 1_704_110_400_050,
                path.parent.name,
                rolled_back,
                0 if rolled_back else 1,
            ),
        )


_ROWS: Mapping[str, Callable[[sqlite3.Connection, Path], None]] = {
    "flyway": _flyway,
    "golang-migrate": _golang_migrate,
    "dbmate": _dbmate,
    "goose": _goose,
    "sqlx": _sqlx,
    "diesel": _diesel,
    "refinery": _refinery,
    "drizzle": _drizzle,
    "prisma": _prisma,
}


def make_real(dialect: str, folder: Path, path: Path) -> Path:
    """Write a database that a tool brought through three steps of the scripts in ``folder``."""
    with closing(sqlite3.connect(path)) as conn:
        for sql in (*TABLES[dialect], *(one for step in STEPS[:DONE] for one in step.up)):
            conn.execute(sql)
        conn.execute("INSERT INTO notes (title) VALUES ('kept')")
        conn.execute("INSERT INTO tags VALUES (1, 'a')")
        _ROWS[dialect](conn, folder)
        conn.commit()
    return path
