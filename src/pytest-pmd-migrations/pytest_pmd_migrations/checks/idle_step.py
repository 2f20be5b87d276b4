"""See whether a step changes nothing at all: no schema, no row, nor how the file is stored."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing

from pytest_pmd_migrations.application.step import Step, StoredText
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.files.file_content import Content
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["IdleWatcher"]

_MAINTAINS = re.compile(
    r"\bREINDEX\b|\bVACUUM\b|\bANALYZE\b"
    r"|\bINTO\s+(?:main\s*\.\s*)?(?P<quote>[\"`\[]?)(?P<index>\w+)[\"`\]]?"
    r"\s*\(\s*(?P=quote)(?P=index)[\"`\]]?\s*[,)]",
    re.IGNORECASE,
)
"""What keeps a database in order, also where a small one has nothing to be put in order: in the
end a command to a full-text table, such as ``INSERT INTO f(f) VALUES ('optimize')``. A PRAGMA is
none of it: many runners run the same ones with each step."""

_TABLES = (
    "SELECT name FROM pragma_table_list"
    " WHERE schema = 'main' AND type IN ('table', 'shadow') AND name <> 'sqlite_schema'"
)
_STORED_AS = (slice(16, 20), slice(52, 60), slice(64, 72))
"""Page size, journal, automatic VACUUM, encoding, application_id: file format, the header."""


class IdleWatcher:
    """Says of each step of one lineage, called in order, whether it changes nothing.

    The tables that the source reads its version from do not count: every step writes to them.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text: StoredText = ()
        self._digests: Mapping[str, str] = {}

    def __call__(self, step: Step, now: Mapping[str, str]) -> bool:
        """Return whether a step changes nothing; ``now`` has the digests of the tables after it."""
        before = self._text, self._digests
        text, digests = self._text, self._digests = step.text, now
        if step.before is None or _other_storage(step.before.stored, step.after.stored):
            return False
        same = before == (text, digests)
        own = frozenset() if same else _version_tables(self._source, step.after)
        if own:
            same = _without(before[0], before[1], own) == _without(text, digests, own)
        return same and not _is_maintained(step, frozenset(now) | own)

    def arrive(self, text: StoredText, digests: Mapping[str, str]) -> None:
        """Go on from a database of which it is known whether the step to it changed nothing."""
        self._text, self._digests = text, digests


def _is_maintained(step: Step, known: frozenset[str]) -> bool:
    """Return whether a step changed what is in no table of rows, which all look as before.

    That is an index built anew, a full-text index, a high-water mark, statistics, a table that
    ``migration_ignore`` names; ``known`` are the tables that were compared.
    """
    if any(_MAINTAINS.search(sql) for sql in step.record.all_texts()):
        return True
    if step.before is None:
        return False
    return _other_tables(step.before, known) != _other_tables(step.after, known)


def _other_tables(image: Image, known: frozenset[str]) -> dict[str, list[str]]:
    """Return the rows of each table but the known ones, full-text indexes' own tables included."""
    with closing(image.connect()) as conn:
        names = [str(name) for (name,) in conn.execute(_TABLES)]
        return {
            name: sorted(map(repr, conn.execute(f"SELECT * FROM {quote(name)}")))
            for name in names
            if name not in known
        }


def _other_storage(before: Content, after: Content) -> bool:
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
