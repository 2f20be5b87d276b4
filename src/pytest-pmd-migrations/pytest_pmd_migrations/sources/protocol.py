"""The protocol of a migration source, and questions to one whose answers are checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from pytest_pmd_migrations.connections.connection import Prepare
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED, Declarations

__all__ = [
    "Location",
    "Source",
    "can_upgrade",
    "check_source",
    "declared_by",
    "how_it_begins",
    "label_of",
    "location_of",
    "preparing_part",
    "refuse_unordered",
    "runner_of",
    "text_of",
    "usable_name",
    "versions_of",
    "volatile_columns",
]

_REQUIRED = ("name", "versions", "location")
_UPGRADES = ("upgrade", "upgrade_file")
_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class Location:
    """Where a migration is written: its file and the line (from 1) where its work begins."""

    path: Path
    line: int = 1


@runtime_checkable
class Source(Protocol):
    """Where an application's migrations come from.

    ``name`` stands in ids and is a folder's name: letters, digits, ``_``, ``-`` and ``.`` only.
    A source also defines one of these, which brings a database from the version it has to version
    ``to`` and stops there:

    - ``upgrade(conn, to)``: through a connection;
    - ``upgrade_file(path, to)``: for a runner that opens the file itself. An empty database is no
      file: ``path`` does not exist yet.

    One that defines both, and ``needs_file`` as False, mostly needs no file: ``upgrade`` gets a
    connection to a copy, and raises NeedsFileError where it turns out that it does need one, after
    which ``needs_file`` is True. Faults strike ``upgrade_file``.

    It may also define:

    - ``prepare(conn)``: adds what the database needs to a new connection: functions, collations;
    - ``current_version(conn) -> int``: the version a database is at; ``PRAGMA user_version``
      when it does not;
    - ``rerun(conn, version)`` or ``rerun_file(path, version)``: run that migration's change once
      more on a database that has it; or, in its place, ``forget(conn, version)``: take the mark of
      that one version out of ``bookkeeping``, after which ``upgrade`` is called again; with
      neither, the check ``again`` has nothing to run;
    - ``applied(conn) -> Collection[str]``, in the place of ``current_version``: the labels that the
      database says were applied;
    - ``applies``: ``"highest"`` where the runner applies what is above the highest version that was
      applied, as numbers are mostly understood, ``"set"`` where it applies all that was not;
    - ``versions(recorded=None)``: called once with what the lock file records, a mapping of
      versions to labels, before anything else is asked, and without it from then on. The source
      keeps these numbers, gives new migrations the next ones, and leaves out the number of one
      that is gone;
    - ``own_order() -> Sequence[int]``: the versions in the order in which the runner applies them
      to an empty database; ascending where it does not say so;
    - ``bookkeeping``: globs on the runner's own tables, which no check compares and nothing fills;
    - ``foreign``: globs on the tables of other packages, whose migrations come along with these:
      they are filled, and no check compares them;
    - ``downgrade(conn, version)`` or ``downgrade_file(path, version)``: take that migration back;
      raises IrreversibleError where there is no way back;
    - ``in_process = False``: the migrations run in another process, where no fault reaches them;
      but for ``upgrade_until(path, to, stop) -> bool``: do as ``upgrade_file``, call ``stop()``
      again and again meanwhile, and kill that process, and all that it started, as soon as it
      returns True; return whether it was killed;
    - ``only_latest = True``: the runner cannot be told where to stop: its one version is the
      latest, and what was latest before is stored and upgraded, but never built again;
    - ``unasked``: reasons by the names of the checks that cannot be asked of this runner;
    - ``open(config)``: called once, before anything else, with pytest's ``Config``; ``reset()``:
      called before every run, to forget what the last one left in memory;
    - ``label(version) -> str``: what the application's own tool calls that migration, such as a
      revision id ``"9c1f0a77b2d4"``; the number alone where it does not;
    - ``text(version) -> str | bytes``: that migration's own text, where several stand in one file;
      where it says nothing, the function or other statement at its location, else the whole file;
    - ``when_edited``: what the runner does to users when the text of a released migration changes;
    - ``altered(conn) -> Mapping[str, str]``: labels of what a database had with another text, and
      what the runner says of that;
    - ``atomic_advice``: lines on how its runner makes a step one transaction, with which a finding
      of the check ``atomic`` ends; or ``atomic_advice(version)``, which returns them;
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


def check_source(
    candidate: object,
    *,
    setting: str,
    allow_empty: bool = False,
    advice: str = "",
    config: object = None,
) -> Source:
    """Return ``candidate`` when it is a usable source; it is opened with pytest's ``config``.

    ``advice`` is what to do where it has no migrations.

    Raises SourceError naming what it lacks, or why its versions cannot be used.
    """
    missing = [name for name in _REQUIRED if not hasattr(candidate, name)]
    if not can_upgrade(candidate):
        missing.append("upgrade")
    if missing or not isinstance(candidate, Source):
        raise SourceError(
            f"{setting} is no migration source: a {type(candidate).__name__} without"
            f" {', '.join(missing)}; expected name, versions(), location(version) and"
            " upgrade(conn, to) or upgrade_file(path, to). See docs/reference/sources.md"
        )
    if not isinstance(candidate.name, str) or not _NAME.fullmatch(candidate.name):
        raise SourceError(
            f"{setting} has the name {candidate.name!r}, which stands in ids and is a folder's"
            " name; expected letters, digits, '_', '-' and '.' only"
        )
    opening = getattr(candidate, "open", None)
    if config is not None and callable(opening):
        ask(setting, "open(config)", lambda: opening(config))
    versions = ask(setting, "versions()", lambda: list(candidate.versions()))
    if not versions and not allow_empty:
        raise SourceError(
            f"{setting} has no migrations; expected at least one{advice and f'. {advice}'}"
        )
    refuse_unordered(versions, setting)
    return candidate


def usable_name(text: str) -> str:
    """Return a source's name made of ``text``: what cannot stand in a folder's name is ``_``."""
    return re.sub(r"[^\w.-]", "_", text).lstrip(".-") or "migrations"


def refuse_unordered(versions: Sequence[object], setting: str) -> None:
    """Raise SourceError unless these are versions, each once, ascending."""
    numbers: list[int] = []
    for version in versions:
        if type(version) is not int or not 0 < version < 2**31:
            raise SourceError(
                f"{setting} has the version {version!r}; expected integers from 1 to 2147483647"
            )
        numbers.append(version)
    if numbers != sorted(set(numbers)):
        raise SourceError(
            f"{setting} lists its versions as {numbers}; expected each once, ascending"
        )


def versions_of(source: Source) -> Sequence[int]:
    """Return every version that the source has a migration for, ascending.

    Raises SourceError where it raises.
    """
    return ask(described(source), "versions()", lambda: tuple(source.versions()))


def location_of(source: Source, version: int) -> Location:
    """Return where that version's migration is written.

    Raises SourceError where the source cannot say it.
    """
    call = f"location({version})"
    found = ask(described(source), call, lambda: source.location(version))
    if not isinstance(found, Location):
        raise SourceError(
            f"{described(source)}: {call} returned a {type(found).__name__};"
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
    found = ask(described(source), call, lambda: own(version))
    if not isinstance(found, str) or not found.isprintable() or found != found.strip():
        raise SourceError(
            f"{described(source)}: {call} returned {found!r}; expected one printable line of text"
            " without spaces at its ends"
        )
    return found


def text_of(source: Source, version: int) -> bytes | None:
    """Return that migration's own text, None where the source says nothing of it.

    Raises SourceError where it raises, or answers with anything but a text.
    """
    own = getattr(source, "text", None)
    if not callable(own):
        # As with labels: it may be anything in a source written before.
        return None
    call = f"text({version})"
    found = ask(described(source), call, lambda: own(version))
    if isinstance(found, str):
        return found.encode(errors="surrogatepass")
    if not isinstance(found, bytes):
        raise SourceError(
            f"{described(source)}: {call} returned a {type(found).__name__}; expected the"
            " migration's own text, as str or bytes"
        )
    return found


def preparing_part(source: Source) -> tuple[tuple[str, Prepare], ...]:
    """Return the source's own ``prepare(conn)`` with its name in messages; nothing without one."""
    own = getattr(source, "prepare", None)
    if not callable(own):
        # An attribute of that name may be anything in a source written before there was one.
        return ()
    return ((f"{described(source)}: prepare(conn)", own),)


def can_upgrade(candidate: object) -> bool:
    """Return whether a candidate has one of the two methods that upgrade."""
    return any(hasattr(candidate, name) for name in _UPGRADES)


def runner_of(source: Source) -> str:
    """Return what the runner is called that applies a source's migrations, "" where it is silent.

    An attribute of that name may be anything in a source written before it meant this.
    """
    found = getattr(source, "runner", "")
    return printable_line(found) if isinstance(found, str) else ""


def how_it_begins(source: Source) -> str:
    """Return how a new migration is begun, with ``{}`` for what it does; "" where it is silent."""
    found = getattr(source, "begins", "")
    return printable_line(found) if isinstance(found, str) else ""


def volatile_columns(source: Source) -> tuple[str, ...]:
    """Return the globs on ``"table.column"`` whose values differ from run to run."""
    return ask(described(source), "volatile", lambda: tuple(getattr(source, "volatile", ())))


def declared_by(source: Source, version: int) -> Declarations:
    """Return what the source itself says that migration does to rows on purpose.

    Raises SourceError where the source raises or answers with another type, SettingError where a
    declaration is malformed.
    """
    declarations = getattr(source, "declarations", None)
    if declarations is None:
        return NOTHING_DECLARED
    call = f"declarations({version})"
    found = ask(described(source), call, lambda: declarations(version))
    if not isinstance(found, Declarations):
        raise SourceError(
            f"{described(source)}: {call} returned a {type(found).__name__};"
            " expected pytest_pmd_migrations.Declarations"
        )
    return found
