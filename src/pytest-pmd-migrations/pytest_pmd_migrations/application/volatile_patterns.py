"""Refuse a pattern of ``migration_volatile`` that names no column of any known database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from difflib import get_close_matches
from fnmatch import fnmatchcase

from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["refuse_idle_volatile"]

_ALIKE = 0.8
"""How much of a name must be the same for a pattern to have meant it."""


def refuse_idle_volatile(project: Project) -> None:
    """Raise SettingError for a pattern that names no column, stored or fresh at any version.

    Databases are read until each pattern has named one. No pattern is judged where a database
    cannot be read, since its columns are not known: its cells fail.
    """
    idle = set(project.rules.volatile_patterns)
    columns: set[str] = set()
    try:
        for image in _images(project) if idle else ():
            found = set(_columns(image))
            columns |= found
            idle = {one for one in idle if not any(_names(one, column) for column in found)}
            if not idle:
                return
    except MigrationTestError:
        return
    for pattern in project.rules.volatile_patterns:
        if pattern in idle:
            close = get_close_matches(fold(pattern), sorted(map(fold, columns)), cutoff=_ALIKE)
            meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise SettingError(
                f"migration_volatile {pattern!r} names no column, neither in a stored snapshot nor"
                f' in a fresh database; expected globs on "table.column".{meant}'
            )


def _names(pattern: str, column: str) -> bool:
    return fnmatchcase(fold(column), fold(pattern))


def _images(project: Project) -> Iterator[Image]:
    """Yield the newest databases first: they have most columns."""
    for history in project.histories:
        yield history.fresh.image(history.application.latest)
    for history in project.histories:
        yield from _stored_and_fresh(history)


def _stored_and_fresh(history: History) -> Iterator[Image]:
    for name in history.store.names:
        yield history.store.read(name)
    for version in history.application.versions:
        yield history.fresh.image(version)


def _columns(image: Image) -> Iterator[str]:
    with closing(image.connect()) as conn:
        for table in list_tables(conn).values():
            for column in (*table.columns, *table.generated):
                yield f"{table.name}.{column}"
