"""Ask at which version a database is: by its number, or by the migrations that it says it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import takewhile
from typing import Any

from pytest_pmd_migrations.connections.connection import as_application
from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError, UnknownVersionError
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.protocol import Source, label_of, versions_of

__all__ = [
    "applied_versions",
    "applies_a_set",
    "current_version",
    "has_plain_version",
    "user_version",
    "version_after",
]

_SHOWN = 5
"""How many ids a message names."""


def current_version(source: Source, conn: sqlite3.Connection) -> int:
    """Return the version ``conn`` is at: as the source says, else ``PRAGMA user_version``.

    A database of a runner that applies a set is at the last version before which it lacks none.
    Raises SourceError where the source raises or answers with another type, and where the database
    was migrated by what the source does not have, or lacks what its runner will never apply.
    """
    applied = applied_versions(source, conn)
    if applied is not None:
        return _reached(source, applied)
    own = getattr(source, "current_version", None)
    if own is None:
        return user_version(conn)
    with as_application(conn):
        found = ask(described(source), "current_version(conn)", lambda: own(conn))
    if type(found) is not int:
        raise SourceError(
            f"{described(source)}: current_version(conn) returned {found!r}; expected an integer,"
            " 0 where the database has no version yet"
        )
    return found


def has_plain_version(source: Source) -> bool:
    """Return whether a version is ``PRAGMA user_version``, so that the source is not asked."""
    return not callable(getattr(source, "applied", None)) and not hasattr(source, "current_version")


def user_version(conn: sqlite3.Connection) -> int:
    """Return ``PRAGMA user_version``, whatever rows the application has its connection make."""
    ((number,),) = query_rows(conn, "PRAGMA user_version")
    return int(number)


def version_after(source: Source, conn: sqlite3.Connection, to: int) -> int:
    """Return the version that ``conn`` is to be at when its runner brought it to ``to``.

    It is a later one where a database lacked but that one.
    """
    applied = applied_versions(source, conn) if applies_a_set(source) else None
    if applied is None:
        return to
    return _reached(source, {*applied, *(v for v in versions_of(source) if v <= to)})


def applies_a_set(source: Source) -> bool:
    """Return whether the runner applies every migration that a database lacks, old ones too."""
    return getattr(source, "applies", "highest") == "set"


def applied_versions(source: Source, conn: sqlite3.Connection) -> frozenset[int] | None:
    """Return the versions that a database says were applied; None where it only has a number.

    Raises SourceError where it names one that the source does not have, or where a version is
    missing that its runner will never apply.
    """
    own: Any = getattr(source, "applied", None)
    if not callable(own):
        # An attribute of that name may be anything in a source written before it meant this.
        return None
    with as_application(conn):
        labels = ask(described(source), "applied(conn)", lambda: list(own(conn)))
    known = {label_of(source, version): version for version in versions_of(source)}
    _refuse_unknown(source, [label for label in labels if label not in known], known)
    applied = frozenset(known[label] for label in labels)
    if not applies_a_set(source):
        _refuse_missing(source, applied)
    return applied


def _reached(source: Source, applied: Collection[int]) -> int:
    """Return the last version before which none is missing, 0 for none."""
    return max(takewhile(applied.__contains__, versions_of(source)), default=0)


def _refuse_unknown(source: Source, unknown: list[str], known: Collection[str]) -> None:
    if not unknown:
        return
    close = get_close_matches(unknown[0], list(known), n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise UnknownVersionError(
        f"the database was migrated by {_listed(unknown)}, which {described(source)} does not have."
        " Restore that migration, or store a database that only has migrations of this"
        f" project.{meant}"
    )


def _refuse_missing(source: Source, applied: Collection[int]) -> None:
    highest = max(applied, default=0)
    missing = [label_of(source, v) for v in versions_of(source) if v < highest and v not in applied]
    if missing:
        raise UnknownVersionError(
            f"the database lacks {_listed(missing)} and has {label_of(source, highest)}, which"
            f" comes later: the runner of {described(source)} applies what is above the highest"
            " one only, and never applies it. Store a database that has all of them"
        )


def _listed(labels: Iterable[str]) -> str:
    found = list(labels)
    rest = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + rest
