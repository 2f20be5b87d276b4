"""Read what is stored of one application: snapshots, each verified, and the lock file."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from sqlite3 import DatabaseError

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.connections.connection import ApplicationConnection
from pytest_pmd_migrations.errors import SnapshotError, UnknownVersionError
from pytest_pmd_migrations.git.history import committed, how_to_restore, never_committed
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import shown_path, typed_path
from pytest_pmd_migrations.schema import refuse_missing_names, stored_text
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.lock_file import (
    LOCK_FILE,
    LockFile,
    content_digest,
    read_lock_file,
)
from pytest_pmd_migrations.snapshots.names import SnapshotName, Start, format_version
from pytest_pmd_migrations.sources.applied.current_version import current_version, has_plain_version

__all__ = ["Store"]

_RELEASED = re.compile(rb"^\s*released\s*=\s*true\b", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Store:
    """The folder with an application's snapshots and lock file; nothing here writes to it."""

    folder: SnapshotFolder
    application: Application

    @cached_property
    def names(self) -> tuple[SnapshotName, ...]:
        """The names of all stored snapshots, sorted."""
        return self.folder.names()

    @property
    def lock_path(self) -> Path:
        """Where the lock file is, or would be."""
        return self.folder.path / LOCK_FILE

    @cached_property
    def lock_file(self) -> LockFile:
        """The lock file's content when first asked for."""
        return read_lock_file(self.lock_path)

    @cached_property
    def has_lost_releases(self) -> bool:
        """Whether there is no lock file, and the newest commit has one with released versions.

        Written anew, it would have them as not released.
        """
        if self.lock_path.exists():
            return False
        return _RELEASED.search(committed(self.lock_path) or b"") is not None

    def read(self, name: SnapshotName) -> Image:
        """Return a stored snapshot, verified.

        Raises SnapshotError when the file is missing or broken, is at another version than its
        name says, is newer than the source, or differs from the file that the lock line records;
        MissingNameError when it needs what only the application's connections have.
        """
        image = self.read_changed(name)
        self._refuse_changed(name, image)
        return image

    def read_changed(self, name: SnapshotName) -> Image:
        """Return a stored snapshot that may differ from its lock line, since it is stored again.

        Raises SnapshotError for all else that ``read`` does.
        """
        image, conn = self._connected(name)
        conn.close()
        return image

    def connected(self, start: Start) -> tuple[Image, ApplicationConnection | None]:
        """Return the database that a lineage starts from, verified, and a connection to it.

        It is one that was only asked for the schema and the version, which a lineage asks first;
        the caller closes it. None of a source that is asked for the version itself: what such a
        call leaves on a connection nobody knows. Raises what ``read`` does.
        """
        if not isinstance(start, SnapshotName):
            return self.application.empty, None
        if not has_plain_version(self.application.source):
            return self.read(start), None
        image, conn = self._connected(start)
        try:
            self._refuse_changed(start, image)
        except BaseException:
            conn.close()
            raise
        return image, conn

    def image(self, start: Start) -> Image:
        """Return the database that a lineage starts from: a snapshot, verified, or none at all."""
        return self.read(start) if isinstance(start, SnapshotName) else self.application.empty

    def _shown(self, name: SnapshotName) -> str:
        return shown_path(self.folder.file(name))

    def _connected(self, name: SnapshotName) -> tuple[Image, ApplicationConnection]:
        """Return a snapshot and a connection to it, which was asked whether it can be used."""
        image = self.application.prepared(self.folder.read(name))
        with ExitStack() as ends:
            try:
                conn = ends.enter_context(closing(image.connect()))
                version = self._version(image, conn)
            except DatabaseError as error:
                raise SnapshotError(
                    f"snapshot {name} cannot be opened",
                    f"{self._shown(name)}: {error}. Restore it from version control.",
                ) from error
            except UnknownVersionError as error:
                raise SnapshotError(
                    f"snapshot {name} is at no version of this project",
                    f"{self._shown(name)}: {error}",
                ) from error
            self._refuse_wrong_version(name, version)
            self._refuse_newer(name)
            ends.pop_all()
        return image, conn

    def _version(self, image: Image, conn: ApplicationConnection) -> int:
        # The first read of the schema finds a broken one.
        refuse_missing_names(stored_text(conn), image.preparation)
        return current_version(self.application.source, conn)

    def _refuse_changed(self, name: SnapshotName, image: Image) -> None:
        line = self.lock_file.snapshots.get(name)
        digest = content_digest(image.stored) if line is not None else ""
        if line is not None and line.digest != digest:
            raise SnapshotError(
                f"snapshot {name} was changed since it was stored",
                f"{self._shown(name)} has {digest[:19]}, {LOCK_FILE} has"
                f" {line.digest[:19]}. Restore it from version control.",
            )

    def _refuse_wrong_version(self, name: SnapshotName, version: int) -> None:
        if version != name.version:
            raise SnapshotError(
                f"snapshot {name} is mislabelled",
                f"{self._shown(name)} is at version {format_version(version)};"
                f" expected {format_version(name.version)}, as its name says. Rename the file, or"
                " restore it from version control.",
            )

    def _refuse_newer(self, name: SnapshotName) -> None:
        if name.version > self.application.latest:
            raise SnapshotError(
                f"snapshot {name} is newer than the newest migration",
                f"{self._shown(name)};"
                f" the source ends at {format_version(self.application.latest)}."
                f" Restore the migration that made it{self._removing(name)}",
            )

    def mend_missing(self, name: SnapshotName) -> str:
        """Return what to do for a recorded snapshot whose file is gone: mostly a command of git.

        A variant that is neither released nor was ever committed may have been given up.
        """
        file, line = self.folder.file(name), self.lock_file.snapshots.get(name)
        released = line is not None and line.released
        if released and name.version <= self.lock_file.newest_released:
            return how_to_restore(file)
        if name.variant and never_committed(file):
            return f'Put it back, or take [snapshots."{name}"] out of {LOCK_FILE}'
        return how_to_restore(file)

    def _removing(self, name: SnapshotName) -> str:
        """Return how a snapshot is removed: nothing for one that users have a database like."""
        line = self.lock_file.versions.get(name.version)
        if line is not None and line.released:
            return "."
        if name.variant:
            return ", or remove the snapshot."
        both = self.folder.file(name), self.folder.twin(name)
        files = " ".join(typed_path(one) for one in both if one.exists())
        return f", or remove the snapshot: rm {files}"
