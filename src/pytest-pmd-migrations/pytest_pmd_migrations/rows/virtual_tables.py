"""Read the SQL of a virtual table: its module, and how full-text tables are checked."""

from __future__ import annotations

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["FULL_TEXT_CHECKS", "is_contentless", "module_of"]

FULL_TEXT_CHECKS = {
    # Rank 1 compares with external content, which rank 0 and PRAGMA integrity_check do not.
    "fts5": "INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)",
    "fts4": "INSERT INTO {table}({table}) VALUES ('integrity-check')",
    "fts3": "INSERT INTO {table}({table}) VALUES ('integrity-check')",
}
"""The statement by which each full-text module compares its index with its content."""


def module_of(sql: str) -> str:
    """Return the module of a CREATE VIRTUAL TABLE, in lower case."""
    tokens = tokenize(sql)
    using = next(n for n, token in enumerate(tokens) if token.is_word("USING"))
    return fold(tokens[using + 1].value)


def is_contentless(sql: str) -> bool:
    """Return whether the SQL of a full-text table says that it keeps no text."""
    text = "".join(fold(sql).split())
    return "content=''" in text or 'content=""' in text
