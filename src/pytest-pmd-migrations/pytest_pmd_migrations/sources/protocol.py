"""The protocol of a migration source, and questions to one whose answers are checked."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from pytest_pmd_migrations.errors import MigrationTestError, SourceError
from pytest_pmd_migrations.printable import printable_line
from pytest_pmd_migrations.sources.declarations import NOTHING_DECLARED, Declarations
from pytest_pmd_migrations.wording import error_text

__all__ = [
    "Location",
    "Source",
    "can_rerun",
    "check_source",
    "current_version",
    "declared_by",
    "label_of",
    "location_of",
    "rerun",
    "runner_of",
    "versions_of",
    "volatile_columns",
]

_REQUIRED = ("name", "versions", "location", "upgrade")
_NAME = re.compile(r"\w[\w.-]*")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Location:
    """Where a migration is written: its file and the line (from 1) where its work begins."""

    path: Path
    line: int = 1


@runtime_checkable
class Source(Protocol):
    """Where an application's migrations come from.

    ``name`` stands in ids and is a folder's name: letters, digits, ``_``, ``-`` and ``.`` only.
    A source may also define:

    - ``current_version(conn) -> int``: the version a database is at; ``PRAGMA user_version``
      when it does not;
    - ``rerun(conn, version)``: run that migration's change once more on a database that has it;
      without it, the check ``again`` has nothing to run;
    - ``label(version) -> str``: what the application's own tool calls that migration, such as a
      revision id ``"9c1f0a77b2d4"``; the number alone where it does not;
    - ``runner``: what applies the migrations is called; the header of a run says it;
    - ``volatile``: globs on ``"table.column"`` that differ from run to run (``applied_at``);
    - ``declarations(version) -> Declarations``: what that migration does to rows on purpose.
    """

    name: str

    def versions(self) -> Sequence[int]:
        """Return every version there is a migration for, ascending, all above 0."""
        ...

    def location(self, version: int) -> Location:
        """Return where that version's migration is written."""
        ...

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Bring the database from the version it has to version ``to``, and stop there."""
        ...


def check_source(candidate: object, *, setting: str, allow_empty: bool = False) -> Source:
    """Return ``candidate`` when it is a usable source.

    Raises SourceError naming what it lacks, or why its versions cannot be used.
    """
    missing = [name for name in _REQUIRED if not hasattr(candidate, name)]
    if missing or not isinstance(candidate, Source):
        raise SourceError(
            f"{setting} is no migration source: a {type(candidate).__name__} without"
            f" {', '.join(missing)}; expected name, versions(), location(version) and"
            " upgrade(conn, to). See docs/reference/sources.md"
        )
    if not isinstance(candidate.name, str) or not _NAME.fullmatch(candidate.name):
        raise SourceError(
            f"{setting} has the name {candidate.name!r}, which stands in ids and is a folder's"
            " name; expected letters, digits, '_', '-' and '.' only"
        )
    versions = _ask(setting, "versions()", lambda: list(candidate.versions()))
    if not versions and not allow_empty:
        raise SourceError(
            f"{setting} has no migrations; expected at least one."
            ' Write the first: pmd-migrations new "initial schema"'
        )
    for version in versions:
        if type(version) is not int or not 0 < version < 2**31:
            raise SourceError(
                f"{setting} has the version {version!r}; expected integers from 1 to 2147483647"
            )
    if versions != sorted(set(versions)):
        raise SourceError(
            f"{setting} lists its versions as {versions}; expected each once, ascending"
        )
    return candidate


def versions_of(source: Source) -> Sequence[int]:
    """Return every version that the source has a migration for, ascending.

    Raises SourceError where it raises.
    """
    return _ask(_described(source), "versions()", lambda: tuple(source.versions()))


def current_version(source: Source, conn: sqlite3.Connection) -> int:
    """Return the version ``conn`` is at: as the source says, else ``PRAGMA user_version``.

    Raises SourceError where the source raises, or answers with anything but an integer.
    """
    own = getattr(source, "current_version", None)
    if own is None:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])
    found = _ask(_described(source), "current_version(conn)", lambda: own(conn))
    if type(found) is not int:
        raise SourceError(
            f"{_described(source)}: current_version(conn) returned {found!r}; expected an integer,"
            " 0 where the database has no version yet"
        )
    return found


def location_of(source: Source, version: int) -> Location:
    """Return where that version's migration is written.

    Raises SourceError where the source cannot say it.
    """
    call = f"location({version})"
    found = _ask(_described(source), call, lambda: source.location(version))
    if not isinstance(found, Location):
        raise SourceError(
            f"{_described(source)}: {call} returned a {type(found).__name__};"
            " expected pytest_pmd_migrations.Location"
        )
    return found


def label_of(source: Source, version: int) -> str:
    """Return what the application's own tool calls that migration, "" where it says nothing.

    Raises SourceError unless it is one printable line without spaces at its ends.
    """
    own = getattr(source, "label", None)
    if not callable(own):
        # An attribute of that name may be anything in a source written before there were labels.
        return ""
    call = f"label({version})"
    found = _ask(_described(source), call, lambda: own(version))
    if not isinstance(found, str) or not found.isprintable() or found != found.strip():
        raise SourceError(
            f"{_described(source)}: {call} returned {found!r}; expected one printable line of text"
            " without spaces at its ends"
        )
    return found


def runner_of(source: Source) -> str:
    """Return what the runner is called that applies a source's migrations, "" where it is silent.

    An attribute of that name may be anything in a source written before it meant this.
    """
    found = getattr(source, "runner", "")
    return printable_line(found) if isinstance(found, str) else ""


def can_rerun(source: Source) -> bool:
    """Return whether the source can run a migration's change a second time."""
    return hasattr(source, "rerun")


def rerun(source: Source, conn: sqlite3.Connection, version: int) -> None:
    """Run that migration's change once more; the source must be able to (:func:`can_rerun`)."""
    take_again = source.rerun  # type: ignore[attr-defined]  # optional part of the protocol
    take_again(conn, version)


def volatile_columns(source: Source) -> tuple[str, ...]:
    """Return the globs on ``"table.column"`` whose values differ from run to run."""
    return _ask(_described(source), "volatile", lambda: tuple(getattr(source, "volatile", ())))


def declared_by(source: Source, version: int) -> Declarations:
    """Return what the source itself says that migration does to rows on purpose.

    Raises SourceError where the source raises or answers with another type, SettingError where a
    declaration is malformed.
    """
    declarations = getattr(source, "declarations", None)
    if declarations is None:
        return NOTHING_DECLARED
    call = f"declarations({version})"
    found = _ask(_described(source), call, lambda: declarations(version))
    if not isinstance(found, Declarations):
        raise SourceError(
            f"{_described(source)}: {call} returned a {type(found).__name__};"
            " expected pytest_pmd_migrations.Declarations"
        )
    return found


def _described(source: Source) -> str:
    return f"source {source.name}"


def _ask(who: str, call: str, question: Callable[[], Answer]) -> Answer:
    """Return what a source's own code answers; what it raises becomes a SourceError.

    Only KeyboardInterrupt goes through.
    """
    try:
        return question()
    except MigrationTestError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SourceError(f"{who}: {call} raised {error_text(error)}") from error
