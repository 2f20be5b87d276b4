"""Ask an application's source, and remember its answers: versions, files, labels, declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.connections.connection import Preparation, Prepare
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import (
    SnapshotName,
    Start,
    format_version,
    labelled,
    version_title,
)
from pytest_pmd_migrations.sources.declared.declarations import (
    NOTHING_DECLARED,
    Declarations,
    StoredExcuse,
    merge,
)
from pytest_pmd_migrations.sources.declared.written_declarations import toml_key
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.protocol import (
    Location,
    Source,
    declared_by,
    label_of,
    location_of,
    preparing_part,
    text_of,
    versions_of,
)

__all__ = ["Application", "name_in_file"]


@dataclass(frozen=True, eq=False)
class Application:
    """The migrations of one application, and what it declares beside them.

    ``name`` is empty where a project has one source, else the source's name, which then stands
    in every id. ``declared`` are the declarations of the ``migration_rows`` file by version,
    ``statements`` the application's SQL by the names that its hook gave, ``stored`` what the
    ``migration_rows`` file says of stored snapshots, by their names. ``connection`` is what
    prepares a connection besides the source's own ``prepare``, each with its name in messages.
    """

    source: Source
    name: str = ""
    declared: Mapping[int, Declarations] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)
    stored: Mapping[str, StoredExcuse] = field(default_factory=dict)
    connection: tuple[tuple[str, Prepare], ...] = ()

    @property
    def option(self) -> str:
        """What a command of ``pmd-migrations`` needs besides that is about one source alone."""
        return f" --source {self.name}" if self.name else ""

    @cached_property
    def preparation(self) -> Preparation:
        """What the application does to each of its connections, the source's own part first."""
        return Preparation((*preparing_part(self.source), *self.connection))

    @cached_property
    def empty(self) -> Image:
        """The application's database that does not exist yet."""
        return self.prepared(Image(b""))

    def prepared(self, image: Image) -> Image:
        """Return a database as one of this application's: each copy is prepared as its own."""
        return image.prepared_as(self.preparation)

    @cached_property
    def versions(self) -> tuple[int, ...]:
        """Every version there is a migration for, ascending."""
        return tuple(versions_of(self.source))

    @property
    def latest(self) -> int:
        """The newest version."""
        return self.versions[-1]

    def before(self, version: int) -> int:
        """Return the version that a database has before that migration runs, 0 for the first."""
        index = self.versions.index(version)
        return self.versions[index - 1] if index else 0

    def label(self, version: int) -> str:
        """Return what the migration's own tool calls it, such as a revision id; mostly empty."""
        return label_of(self.source, version) if version in self.versions else ""

    def title(self, version: int) -> str:
        """Return a version for people to read: its number, and its label where it has one."""
        return version_title(version, self.label(version))

    def start_title(self, start: Start) -> str:
        """Return what a lineage starts from, for people to read: a snapshot, or ``fresh``."""
        return labelled(str(start), start.version, self.label(start.version))

    @property
    def span(self) -> str:
        """The first and the last version as messages show them: ``0001..0012``."""
        return f"{format_version(self.versions[0])}..{format_version(self.latest)}"

    def declarations(self, version: int) -> Declarations:
        """Return what the source and the ``migration_rows`` file declare for that step."""
        own = declared_by(self.source, version)
        return merge(own, self.declared.get(version, NOTHING_DECLARED))

    def declaration_table(self, version: int) -> str:
        """Return the TOML table that declarations of that step stand below, ``0008``.

        Empty where they stand in the migration's own module.
        """
        if isinstance(self.source, FilesSource) and self.file_name(version).endswith(".py"):
            return ""
        return ".".join(map(toml_key, self.declaration_path(version)))

    def declaration_path(self, version: int) -> tuple[str, ...]:
        """Return the same table, as the names that lead to it."""
        return tuple(filter(None, (self.name, format_version(version))))

    def stored_table(self, snapshot: SnapshotName | str) -> str:
        """Return the TOML table that says what a stored snapshot is: ``stored."0003+bug"``.

        Successive versions have one for all of them: ``stored."0003..0007"``.
        """
        return ".".join(map(toml_key, self.stored_path(snapshot)))

    def stored_path(self, snapshot: SnapshotName | str) -> tuple[str, ...]:
        """Return the same table, as the names that lead to it."""
        return tuple(filter(None, (self.name, "stored", str(snapshot))))

    def location(self, version: int) -> Location:
        """Return where that version's migration is written; SourceError where none can say it."""
        return location_of(self.source, version)

    def file_name(self, version: int) -> str:
        """Return the name of the file that holds that version's migration.

        Where others have the same name in folders of their own, as many folders come before it as
        tell them apart.
        """
        path = self.location(version).path
        alike = self._files_called.get(path.name, [])
        for count in range(1, len(path.parts)):
            name = path.parts[-count:]
            alike = [other for other in alike if other.parts[-count:] == name]
            if len(alike) < 2:
                return "/".join(name)
        return path.as_posix()

    def step_name(self, version: int) -> str:
        """Return how messages name that version's migration: its file, and what it is in one."""
        name = self.file_name(version)
        if self._migrations_in[self.location(version).path] < 2:
            return name
        return name_in_file(name, version, self.label(version))

    @cached_property
    def _migrations_in(self) -> Counter[Path]:
        """How many migrations are written in each file, as far as the source can say."""
        found: Counter[Path] = Counter()
        for version in self.versions:
            try:
                found[self.location(version).path] += 1
            except SourceError:
                # Cells of that version say so themselves.
                continue
        return found

    @cached_property
    def _files_called(self) -> dict[str, list[Path]]:
        """The files with migrations by their names; a file without one is called as no other."""
        found: dict[str, list[Path]] = {}
        for path in self._migrations_in:
            if path.name:
                found.setdefault(path.name, []).append(path)
        return found

    def text(self, version: int) -> bytes:
        """Return a migration's own text, else that of its file; SourceError as for these."""
        own = self.own_text(version)
        return self.file_text(version) if own is None else own

    def own_text(self, version: int) -> bytes | None:
        """Return a migration's own text, None where it is that of its file.

        That is what the source says; else, where several migrations stand in one file, the
        statement at the migration's location, mostly a function. Raises SourceError when it cannot
        be read.
        """
        told = text_of(self.source, version)
        if told is not None:
            return told
        location = self.location(version)
        if self._migrations_in[location.path] < 2:
            return None
        # Only a source of the application's own has several in a file.
        from pytest_pmd_migrations.sources.in_python.statement_text import statement_text

        found = statement_text(location, self.file_text(version))
        others = (self.location(other) for other in self.versions if other != version)
        # What several migrations share is no one's own.
        return None if location in others else found

    def file_text(self, version: int) -> bytes:
        """Return the content of the file that holds that version's migration.

        Raises SourceError when it cannot be read.
        """
        path = self.location(version).path
        try:
            return read_regular(path)
        except OSError as error:
            raise SourceError(
                f"source {self.source.name}: location({version}) is {path}, which cannot be read:"
                f" {error.strerror}; expected the file that the migration is written in"
            ) from error


def name_in_file(file: str, version: int, label: str) -> str:
    """Return how messages name a migration that shares its file with others."""
    title = version_title(version, label)
    return f"{title if label else f'step {title}'} of {file}"
