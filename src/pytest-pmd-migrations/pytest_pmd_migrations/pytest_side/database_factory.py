"""Make the databases of the fixtures: private copies at any version, closed after the test."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import (
    MigrationTestError,
    SchemaMismatchError,
    SettingError,
    SnapshotError,
)
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.pytest_side.database import (
    MigrationDatabase,
    Subject,
    connection_to,
    main_file,
    reading,
    upgrade_connection,
)
from pytest_pmd_migrations.pytest_side.kept_templates import templates_of
from pytest_pmd_migrations.pytest_side.load_project import project_of
from pytest_pmd_migrations.schema import read_schema
from pytest_pmd_migrations.schema.showing.lines import count_differences, diff_lines
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.applied.current_version import current_version

__all__ = [
    "DatabaseFactory",
    "Subject",
    "parametrize_versions",
    "stored_version",
]

NONE_STORED = "none-stored"


class DatabaseFactory:
    """Makes and upgrades one test's databases in its ``tmp_path``, and closes them."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._histories = project_of(config).histories
        self._templates = templates_of(config)
        self._folder = folder
        self._open: list[MigrationDatabase] = []

    def stored(self, version: int | str, *, source: str = "") -> MigrationDatabase:
        """Return a private copy of a stored snapshot: 7, "0007", "0000+u1" or "cache/0007"."""
        text = format_version(version) if isinstance(version, int) else version
        own, _, name = text.rpartition("/")
        history = self._history(own or source)
        snapshot = SnapshotName.parse(name)
        if snapshot not in history.store.names:
            names = ", ".join(map(str, history.store.names)) or "none: run pmd-migrations snapshot"
            raise SnapshotError(f"no snapshot {snapshot} is stored; there are {names}")
        return self._file(str(snapshot), history.store.read(snapshot).content, history)

    def fresh(self, version: int | None = None, *, source: str = "") -> MigrationDatabase:
        """Return a private fresh database at ``version`` (default latest)."""
        history = self._history(source)
        wanted = history.application.latest if version is None else version
        if wanted not in history.application.versions:
            raise SettingError(
                f"there is no version {wanted!r}; versions are {history.application.span}"
            )
        image = self._templates.image(history, wanted)
        return self._file(f"fresh-{format_version(wanted)}", image.content, history)

    def upgrade(
        self, subject: Subject, to: int | None = None, *, source: str = ""
    ) -> tuple[int, ...]:
        """Step a file or connection to version ``to`` (default latest); return the versions."""
        history = self._history(source, subject)
        found = self._stored_as(subject)
        if found is not None:
            raise SettingError(
                f"{found.file} is a stored snapshot, which nothing may change;"
                f' upgrade a copy: migration_db("{found.name}").upgrade()'
            )
        with connection_to(subject, history.application) as conn:
            return upgrade_connection(history, conn, to)

    def assert_fresh(self, subject: Subject, *, source: str = "") -> None:
        """Raise SchemaMismatchError unless the schema is that of fresh at the same version."""
        history = self._history(source, subject)
        stored = self._stored_as(subject)
        with closing(stored.copy()) if stored else reading(subject, history.application) as conn:
            version = current_version(history.application.source, conn)
            upgraded = read_schema(conn)
        if version not in history.application.versions:
            raise SettingError(
                f"there is no fresh database at version {version} to compare with;"
                f" versions are {history.application.span}. Upgrade it first"
            )
        diff = history.difference(upgraded, version)
        if diff:
            what = counted(count_differences(diff), "difference")
            head = f"{what} from fresh {format_version(version)}"
            raise SchemaMismatchError("\n".join((head, "", *diff_lines(diff))))

    def close(self) -> None:
        """Close every database that was handed out."""
        for database in self._open:
            database.conn.close()

    def _history(self, source: str, subject: object = None) -> History:
        if isinstance(subject, MigrationDatabase) and not source:
            return subject.history
        if not source and len(self._histories) == 1:
            return self._histories[0]
        names = [history.application.source.name for history in self._histories]
        if source not in names:
            raise SettingError(
                f"source={source!r} is not one of the migration sources; expected one of"
                f" {', '.join(map(repr, names))}"
            )
        return self._histories[names.index(source)]

    def _file(self, name: str, content: bytes, history: History) -> MigrationDatabase:
        path = self._folder / f"{name}.db"
        count = 1
        while path.exists():
            count += 1
            path = self._folder / f"{name}-{count}.db"
        path.write_bytes(content)
        database = MigrationDatabase(path, history)
        self._open.append(database)
        return database

    def _stored_as(self, subject: Subject) -> _Stored | None:
        """Return which stored snapshot ``subject`` is, by whatever path, or None."""
        file = main_file(subject)
        if file is None or not file.exists():
            return None
        for history in self._histories:
            for name in history.store.names:
                if file.samefile(history.store.folder.file(name)):
                    return _Stored(history, name)
        return None


@dataclass(frozen=True)
class _Stored:
    history: History
    snapshot: SnapshotName

    @property
    def file(self) -> Path:
        return self.history.store.folder.file(self.snapshot)

    @property
    def name(self) -> str:
        return (
            f"{self.history.application.name}/{self.snapshot}"
            if self.history.application.name
            else str(self.snapshot)
        )

    def copy(self) -> sqlite3.Connection:
        return self.history.store.read(self.snapshot).connect()


def parametrize_versions(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for ``migration_version`` one run a stored snapshot."""
    try:
        found = project_of(metafunc.config).histories
        names = [
            f"{history.application.name}/{name}" if history.application.name else str(name)
            for history in found
            for name in history.supported
        ]
    except MigrationTestError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    metafunc.parametrize("migration_version", names or [NONE_STORED], indirect=True)


def stored_version(name: str) -> str:
    """Return the name, or fail the test when it stands for "no snapshot is stored"."""
    if name == NONE_STORED:
        pytest.fail(
            "no snapshot is stored, so there is nothing to test; build them: pmd-migrations"
            " snapshot",
            pytrace=False,
        )
    return name
