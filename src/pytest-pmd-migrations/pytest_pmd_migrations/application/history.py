"""One application's history: its source, its stored snapshots, its lock and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Literal

from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.errors import SnapshotError, SourceError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.schema import Schema, SchemaDiff, compare
from pytest_pmd_migrations.schema.values import ORDER
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.lock import LOCK_FILE, Lock, content_digest, read_lock
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.declarations import NOTHING_DECLARED, Declarations, merge
from pytest_pmd_migrations.sources.protocol import (
    Location,
    Source,
    current_version,
    declared_by,
    location_of,
)
from pytest_pmd_migrations.wording import shown_path

__all__ = ["ColumnOrder", "FaultSet", "History"]

ColumnOrder = Literal["fail", "ignore"]
"""What becomes of a table whose columns stand in another order than a fresh one's."""


FaultSet = Literal["default", "full"]
"""Which faults the check ``atomic`` tries: those cheap enough for every run, or all."""


@dataclass(frozen=True)
class History:
    """Everything a check asks about: where migrations come from and what is stored of them.

    ``name`` is empty where an application has one source, else the source's name, which then
    stands in every id. ``declared`` are the declarations of the ``migration_rows`` file,
    ``ignore`` the globs of ``migration_ignore``, ``statements`` the application's SQL by the names
    that its hook gave; ``column_order`` is ``"ignore"`` where the order of columns alone is no
    difference; ``faults`` are those that the check ``atomic`` tries.
    """

    source: Source
    folder: SnapshotFolder
    name: str = ""
    ignore: tuple[str, ...] = ()
    idempotent: bool = False
    declared: Mapping[int, Declarations] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)
    column_order: ColumnOrder = "fail"
    faults: FaultSet = "default"

    @cached_property
    def versions(self) -> tuple[int, ...]:
        """Every version there is a migration for, ascending."""
        return tuple(self.source.versions())

    @property
    def latest(self) -> int:
        """The newest version."""
        return self.versions[-1]

    @cached_property
    def stored(self) -> tuple[SnapshotName, ...]:
        """The names of all stored snapshots, sorted."""
        return self.folder.names()

    @property
    def lock_path(self) -> Path:
        """Where the lock file is, or would be."""
        return self.folder.path / LOCK_FILE

    @cached_property
    def lock(self) -> Lock:
        """The lock file's content when first asked for."""
        return read_lock(self.lock_path)

    @cached_property
    def fresh(self) -> FreshDatabases:
        """Fresh databases of this source, each built once."""
        return FreshDatabases(self.source)

    def difference(self, upgraded: Schema, version: int) -> SchemaDiff:
        """Return how a schema differs from fresh at ``version``, as far as the settings ask."""
        fresh = self.fresh.schema(version).without(self.ignore)
        diff = compare(upgraded.without(self.ignore), fresh)
        if self.column_order == "fail":
            return diff
        return SchemaDiff(tuple(found for found in diff.differences if found.part != ORDER))

    def declarations(self, version: int) -> Declarations:
        """Return what the source and the ``migration_rows`` file declare for that step."""
        own = declared_by(self.source, version)
        return merge(own, self.declared.get(version, NOTHING_DECLARED))

    def location(self, version: int) -> Location:
        """Return where that version's migration is written; SourceError where none can say it."""
        return location_of(self.source, version)

    def file_name(self, version: int) -> str:
        """Return the name of the file that holds that version's migration."""
        return self.location(version).path.name

    def text(self, version: int) -> bytes:
        """Return the content of the file that holds that version's migration.

        Raises SourceError when it cannot be read.
        """
        path = self.location(version).path
        try:
            return path.read_bytes()
        except OSError as error:
            raise SourceError(
                f"source {self.source.name}: location({version}) is {path}, which cannot be read:"
                f" {error.strerror}; expected the file that the migration is written in"
            ) from error

    def snapshot(self, name: SnapshotName) -> Image:
        """Return a stored snapshot, verified.

        Raises SnapshotError when the file is missing or broken, is at another version than its
        name says, is newer than the source, or is not the file that the lock line speaks of.
        """
        file = shown_path(self.folder.file(name))
        image = self.folder.read(name)
        try:
            with closing(image.connect()) as conn:
                # The first read of the schema finds a broken one.
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                version = current_version(self.source, conn)
        except DatabaseError as error:
            raise SnapshotError(
                f"snapshot {name} cannot be opened: {file}: {error}."
                " Restore it from version control."
            ) from error
        if version != name.version:
            raise SnapshotError(
                f"snapshot {name} is mislabelled: {file} is at version {format_version(version)};"
                f" expected {format_version(name.version)}, as its name says. Rename the file, or"
                " restore it from version control."
            )
        line = self.lock.snapshots.get(name)
        if line is not None and line.digest != content_digest(image.content):
            raise SnapshotError(
                f"snapshot {name} was changed since it was stored: {file} has"
                f" {content_digest(image.content)[:19]}, {LOCK_FILE} has {line.digest[:19]}."
                " Restore it from version control."
            )
        if name.version > self.latest:
            raise SnapshotError(
                f"snapshot {name} is newer than the newest migration: {file};"
                f" the source ends at {format_version(self.latest)}."
                " Restore the migration that made it, or remove the snapshot."
            )
        return image
