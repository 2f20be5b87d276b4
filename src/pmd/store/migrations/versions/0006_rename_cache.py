"""The cache holds answers of any model, and which model gave one."""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 6
DESCRIPTION = "Rename ollama_cache to llm_cache, with the model"

RENAME_SQL = """
ALTER TABLE ollama_cache RENAME TO llm_cache;
ALTER TABLE llm_cache ADD COLUMN model TEXT;
"""


def up(db: Database) -> None:
    """Rename the table and append the column; which model gave the old answers is not known."""
    if "ollama_cache" in db.table_names():
        db.executescript(RENAME_SQL)
