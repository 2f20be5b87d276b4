"""The schemas of ``bases.sql``, as the searches for faults use them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

__all__ = ["BASES", "split_script"]


def split_script(script: str) -> tuple[str, ...]:
    """Return the statements of a script, each with its semicolon, as the shell splits them."""
    found, part = [], ""
    for piece in script.split(";"):
        part += piece + ";"
        if part.strip() != ";" and sqlite3.complete_statement(part):
            found.append(part.strip())
            part = ""
    return tuple(found)


def _read() -> tuple[tuple[str, ...], ...]:
    text = Path(__file__).with_name("bases.sql").read_text(encoding="utf-8")
    _, *schemas = text.strip().split("\n\n")
    return tuple(split_script(schema) for schema in schemas)


BASES = _read()
"""Tables of every kind, indexes, views, triggers and virtual tables; a schema is statements."""
