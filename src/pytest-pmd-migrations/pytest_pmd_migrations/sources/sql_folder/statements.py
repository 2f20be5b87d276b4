"""Split a script into statements where SQLite does: at a semicolon that ends one.

Those in strings, quoted names and comments end none; of a trigger SQLite itself is asked.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from pytest_pmd_migrations.connections.statement_record import first_word

__all__ = ["statements"]

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|'[^']*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)|;",
    re.DOTALL,
)
_EMPTY = re.compile(r"(?:\s|--[^\n]*|/\*.*?(?:\*/|\Z))*;?", re.DOTALL)
_MAY_BE_TRIGGER = ("CREATE", "EXPLAIN")


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script in order, each without blanks at its ends.

    What is left without an end is the last one, for SQLite to judge.
    """
    script, start = script.removeprefix("\ufeff"), 0
    for token in _TOKEN.finditer(script):
        if token[0] != ";":
            continue
        statement = script[start : token.end()]
        is_create = first_word(statement) in _MAY_BE_TRIGGER
        if is_create and not sqlite3.complete_statement(statement):
            continue
        if not _EMPTY.fullmatch(statement):
            yield statement.strip()
        start = token.end()
    if not _EMPTY.fullmatch(script, start):
        yield script[start:].strip()
