"""What the tools call their files, and what stands in them: by these a folder is recognised."""

from __future__ import annotations

import re

__all__ = [
    "DBMATE_UP",
    "DIESEL_SCRIPT",
    "DRIZZLE_JOURNAL",
    "FLYWAY_REPEATABLE",
    "FLYWAY_VERSIONED",
    "GOOSE_ANNOTATION",
    "PRISMA_LOCK_FILE",
    "PRISMA_SCRIPT",
    "REFINERY_MODULE",
    "UP_SCRIPT",
]

DBMATE_UP = re.compile(r"^--\s*migrate:up(?P<options>[^\S\n]+[^\n]*|[^\S\n]*)$", re.MULTILINE)
DIESEL_SCRIPT = "up.sql"
DRIZZLE_JOURNAL = "meta/_journal.json"
FLYWAY_REPEATABLE = re.compile(r"R__(?P<name>.*)\.sql")
FLYWAY_VERSIONED = re.compile(r"V(?P<version>\d+(?:[._]\d+)*)__(?P<name>.*)\.sql")
GOOSE_ANNOTATION = re.compile(r"^--[ \t]*\+goose[ \t]+(?P<word>[^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
PRISMA_LOCK_FILE = "migration_lock.toml"
PRISMA_SCRIPT = "migration.sql"
REFINERY_MODULE = re.compile(r"[UV]\d+__\w+\.rs")
UP_SCRIPT = re.compile(r"(?P<number>\d+)_(?P<name>.*)\.up\.sql")
"""As golang-migrate names them, and sqlx where it has both directions."""
