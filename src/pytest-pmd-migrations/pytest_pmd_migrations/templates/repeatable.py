"""Tell whether a fresh database would be the same if it were built again, on another day."""

from __future__ import annotations

import ast
from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import digest_tables
from pytest_pmd_migrations.rows.present_time import TimeSpan, find_present_time
from pytest_pmd_migrations.schema import stored_text
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.numbered.pmd_runner import PMD_RUNNER
from pytest_pmd_migrations.still_clock.clock_and_dice import later

__all__ = ["gives_the_same_again", "is_plain"]

_STEADY = frozenset(
    [
        "__future__",
        "base64",
        "collections",
        "contextlib",
        "dataclasses",
        "decimal",
        "enum",
        "functools",
        "hashlib",
        "html",
        "itertools",
        "json",
        "math",
        "operator",
        "pathlib",
        "re",
        "sqlite3",
        "sqlite_utils",
        "string",
        "textwrap",
        "typing",
        "unicodedata",
    ]
)
"""Modules that know of no clock, dice or machine."""

_LOADERS = frozenset(("__import__", "eval", "exec"))


def is_plain(application: Application) -> bool:
    """Return whether nothing but SQL's own clock and dice can make two builds differ.

    So it is where pmd's runner applies scripts, or modules that import nothing that could, on
    connections that nobody else prepares.
    """
    source = application.source
    return (
        isinstance(source, FilesSource)
        and source.runner == PMD_RUNNER
        and not application.preparation.parts
        and all(_is_steady(file.path) for file in source.files)
    )


def gives_the_same_again(history: History, version: int, image: Image, span: TimeSpan) -> bool:
    """Build the database once more, a day later and with other dice; return whether it is equal.

    ``image`` was built within ``span``: what shows a time of that span is another time tomorrow.
    """
    application = history.application
    with later():
        fresh = FreshDatabases(
            application.source, application.empty, limits=history.experiment_limits()
        )
        try:
            again = fresh.image(version)
            written = b"".join(map(application.text, application.versions))
        except MigrationTestError:
            return False
    with (
        closing(application.empty.connect()) as empty,
        closing(image.connect()) as one,
        closing(again.connect()) as other,
    ):
        return (
            stored_text(one) == stored_text(other)
            and digest_tables(one) == digest_tables(other)
            and not find_present_time(empty, one, span, written=written)
        )


def _is_steady(path: Path) -> bool:
    """Return whether a script or module can depend on no clock, dice or machine of Python's."""
    if path.suffix != ".py":
        return True
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add("" if node.level else (node.module or "").partition(".")[0])
        elif isinstance(node, ast.Name) and node.id in _LOADERS:
            return False
    return imported <= _STEADY
