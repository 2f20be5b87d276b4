"""What a runner says of a migration whose text changed after a database had it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from pytest_pmd_migrations.connections.connection import as_application
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.protocol import Source, label_of, versions_of

__all__ = ["altered_versions", "when_edited"]


def when_edited(source: Source) -> str:
    """Return what the runner does to users when a released text changes; "" where it does nothing.

    An attribute of that name may be anything in a source written before it meant this.
    """
    found = getattr(source, "when_edited", "")
    return found if isinstance(found, str) else ""


def altered_versions(source: Source, conn: sqlite3.Connection) -> Mapping[int, str]:
    """Return what the runner says of versions that a database had with another text than now.

    Raises SourceError where the source raises, or answers with anything but texts by labels.
    """
    own: Any = getattr(source, "altered", None)
    if not callable(own):
        return {}
    with as_application(conn):
        found = ask(described(source), "altered(conn)", lambda: dict(own(conn)))
    if not all(isinstance(one, str) for pair in found.items() for one in pair):
        raise SourceError(
            f"{described(source)}: altered(conn) returned {found!r}; expected texts by labels"
        )
    numbers = {label_of(source, version): version for version in versions_of(source)}
    return {numbers[label]: said for label, said in found.items() if label in numbers}
