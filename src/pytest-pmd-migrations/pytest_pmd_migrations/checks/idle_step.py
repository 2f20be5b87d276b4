"""See whether a step changes nothing at all: no schema, no row, nor how the file is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import Step
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.sources.protocol import Source, current_version

__all__ = ["idle_watcher"]

_STORED_AS = (slice(16, 20), slice(52, 60), slice(64, 72))
"""Page size, journal, automatic VACUUM, encoding, application_id: file format, the header."""


def idle_watcher(history: History) -> Callable[[Step, Mapping[str, str]], bool]:
    """Return a function that says of each step of one lineage whether it changes nothing.

    It is called for each step in order, with the digests of the tables after it. The tables that
    the source reads its version from do not count: every step writes to them.
    """
    source = history.application.source
    text: tuple[tuple[object, ...], ...] = ()
    digests: Mapping[str, str] = {}

    def is_idle(step: Step, now: Mapping[str, str]) -> bool:
        nonlocal text, digests
        before = text, digests
        text, digests = step.text, now
        if step.before is None or _other_storage(step.before.content, step.after.content):
            return False
        if before == (text, digests):
            return True
        own = _version_tables(source, step.after)
        if not own:
            return False
        return _without(before[0], before[1], own) == _without(text, digests, own)

    return is_idle


def _other_storage(before: bytes, after: bytes) -> bool:
    changed = any(before[part] != after[part] for part in _STORED_AS) and before != b""
    # What VACUUM takes out, nothing else does.
    return changed or len(after) < len(before)


def _version_tables(source: Source, image: Image) -> frozenset[str]:
    """Return the tables that a source reads when it is asked for a database's version."""
    if not hasattr(source, "current_version"):
        return frozenset()
    read: set[str] = set()

    def listen(action: int, table: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ and table:
            read.add(table)
        return sqlite3.SQLITE_OK

    with closing(image.connect()) as conn:
        conn.set_authorizer(listen)
        current_version(source, conn)
        conn.set_authorizer(None)
    return frozenset(read)


def _without(
    text: tuple[tuple[object, ...], ...], digests: Mapping[str, str], tables: frozenset[str]
) -> tuple[list[tuple[object, ...]], dict[str, str]]:
    return (
        [row for row in text if row[2] not in tables],
        {table: digest for table, digest in digests.items() if table not in tables},
    )
