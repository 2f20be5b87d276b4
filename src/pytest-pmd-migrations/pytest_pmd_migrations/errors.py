"""Define every error that the package raises on purpose, in one hierarchy.

MigrationTestError
├── SettingError              a setting, option or argument cannot be used as written
│   └── SourceError           the migration source cannot be imported or is not a source
│       ├── UnknownVersionError  a database says of itself what no version of the source explains
│       ├── DoubledNumberError  two of its files have one number
│       └── MissingNumberError  no file has a number that lies between those of others
├── SnapshotError             a stored database is missing, unreadable or mislabelled
│   └── LockFileError         frozen.toml is missing, unreadable or contradicts the files
├── SchemaReadError           a database's schema cannot be read
├── MissingNameError          a database needs a function or collation that only its application has
├── StepFailedError           the application's runner did not bring a database one version on
│   └── FreshFailedError      so no fresh database can be built, to compare others with
├── RunnerFailedError         a runner says that it failed, and has no exception for it
├── IrreversibleError         a migration has no way back, as its source says
├── TimeoutStruckError        pytest-timeout ended the test in the midst of it
├── TemporaryFolderError      a temporary folder cannot be made, or has no room
├── FillingError              a database cannot be filled to a size, for one of its constraints
├── ReportError               a report of a run cannot be written, or is none
├── InjectionError            a fault could not be injected, so nothing can be said of it
└── SchemaMismatchError       an upgraded database differs from a fresh one (also an AssertionError)
"""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.messages.printable import printable_text

__all__ = [
    "HOW_TO_PREPARE",
    "DoubledNumberError",
    "FillingError",
    "FreshFailedError",
    "InjectionError",
    "IrreversibleError",
    "LockFileError",
    "MigrationTestError",
    "MissingNameError",
    "MissingNumberError",
    "ReportError",
    "RunnerFailedError",
    "SchemaMismatchError",
    "SchemaReadError",
    "SettingError",
    "SnapshotError",
    "SourceError",
    "StepFailedError",
    "TemporaryFolderError",
    "TimeoutStruckError",
    "UnknownVersionError",
]


HOW_TO_PREPARE = 'migration_connection = "app.db:prepare" (docs/howto/functions-and-collations.md)'
"""The setting that adds an application's functions and collations, as messages end with it."""


class MigrationTestError(Exception):
    """Root of everything the package raises on purpose; its message is printable."""

    def __init__(self, message: str) -> None:
        super().__init__(printable_text(message))


class SettingError(MigrationTestError):
    """A setting, option or argument cannot be used as written: one line says why."""


class SourceError(SettingError):
    """The migration source cannot be imported, or is not a source."""


class UnknownVersionError(SourceError):
    """A database says of itself what no version of the source explains."""


class DoubledNumberError(SourceError):
    """Two migrations have one number; ``files`` are all that have it, ``version`` is the number."""

    def __init__(self, message: str, *, version: int, files: tuple[Path, ...]) -> None:
        super().__init__(message)
        self.version = version
        self.files = files


class MissingNumberError(SourceError):
    """No migration has the number ``version``; ``following`` is the file with the next one."""

    def __init__(self, message: str, *, version: int, following: Path) -> None:
        super().__init__(message)
        self.version = version
        self.following = following


class SnapshotError(MigrationTestError):
    """A stored database is missing, unreadable or not of the version its name says.

    ``headline`` tells in a few words what is wrong; ``detail`` the file, what was expected and what
    to do, empty where the headline says it all. The message is both.
    """

    def __init__(self, headline: str, detail: str = "") -> None:
        super().__init__(f"{headline}: {detail}" if detail else headline)
        self.headline = headline
        self.detail = detail


class LockFileError(SnapshotError):
    """``frozen.toml`` is unreadable or contradicts the files beside it."""


class SchemaReadError(MigrationTestError):
    """A database's schema cannot be read."""


class MissingNameError(MigrationTestError):
    """A database needs functions or collations that only its application has.

    ``needed`` are (what needs it, "function" or "collation", its name), such as
    ``("table notes", "collation", "FOLDED")``.
    """

    def __init__(self, message: str, needed: tuple[tuple[str, str, str], ...]) -> None:
        super().__init__(message)
        self.needed = needed


class StepFailedError(MigrationTestError):
    """The application's runner did not bring a database one version on.

    ``version`` is the version the step should have reached; the runner's own exception,
    where there was one, is the ``__cause__``. ``headline`` says in one sentence what is wrong with
    the migration, empty where the message does; ``lines`` show where it raised, and ``line`` is
    the number of its own line that did, None where that is not known. ``missing`` is the
    ("function" or "collation", name) that it lacked, where it raised for that.
    """

    def __init__(
        self,
        message: str,
        *,
        version: int,
        headline: str = "",
        lines: tuple[str, ...] = (),
        line: int | None = None,
        missing: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.version = version
        self.headline = headline
        self.lines = lines
        self.line = line
        self.missing = missing
        if lines:
            # A traceback shows it below the message, as pytest does for the fixtures.
            self.add_note("\n".join(filter(None, (headline, *lines))))

    @property
    def story(self) -> str:
        """The headline or the message, and the lines."""
        return "\n".join((self.headline or str(self), *self.lines))


class FreshFailedError(StepFailedError):
    """No fresh database can be built; the step that failed is the ``__cause__``."""


class RunnerFailedError(MigrationTestError):
    """A runner says that it failed: a command, or one that prints.

    ``lines`` are the last ones that it printed besides the one in the message.
    """

    def __init__(self, message: str, *, lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.lines = lines


class IrreversibleError(MigrationTestError):
    """A migration has no way back: what a source's ``downgrade`` raises, with the reason."""


class TemporaryFolderError(MigrationTestError):
    """A temporary folder cannot be made or has no room: nothing can be said of any database."""


class TimeoutStruckError(MigrationTestError):
    """pytest-timeout ended the test; the message says in the midst of what it struck."""


class FillingError(MigrationTestError):
    """A database cannot be filled to a size: one of its constraints refuses copies of its rows."""


class ReportError(MigrationTestError):
    """A report of a run cannot be written where it is asked for, or a file is no report."""


class InjectionError(MigrationTestError):
    """A fault could not be injected where it should, so nothing can be said of what it leaves."""


class SchemaMismatchError(MigrationTestError, AssertionError):
    """An upgraded database differs from a fresh one; the message lists every difference."""
