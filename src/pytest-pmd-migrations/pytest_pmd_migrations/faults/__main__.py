"""Try faults on the next step of every stored database, and count what they leave.

Run: python -m pytest_pmd_migrations.faults SOURCE SNAPSHOTS, such as ``app.migrations
fixtures/snapshots``; SOURCE is what ``migration_source`` says. Exits 1 where anything is broken, 2
where nothing could be tried.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.errors import MigrationTestError, SettingError, SnapshotError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_run import try_faults
from pytest_pmd_migrations.faults.kinds.kind import Kind
from pytest_pmd_migrations.faults.kinds.registry import KINDS
from pytest_pmd_migrations.faults.values import LEFT_WORDS, MODES, StruckPoint
from pytest_pmd_migrations.faults.wording import describe, untried_words
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.resolve import resolve_connection, resolve_source

Struck: TypeAlias = tuple[Case, StruckPoint]
"""A point that was struck, with the case that it belongs to."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the faults and print their counts; return the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    # The migrations are run hundreds of times, and would log the same as often.
    logging.disable()
    try:
        kinds = _chosen_kinds(given.kinds)
        cases = _cases(_application(given.source, given.connection), given.snapshots, given.only)
    except MigrationTestError as error:
        parser.error(str(error))
    for kind in kinds:
        if kind.lacking:
            _say(f"{kind.name} is left out: {kind.lacking}")
    started = time.perf_counter()
    struck: list[Struck] = []
    for case in cases:
        struck.extend(_try_kinds(case, [kind for kind in kinds if not kind.lacking]))
    if given.list:
        for line in _point_lines(struck):
            _say(line)
    for line in (*_table(struck), *_agreement(struck)):
        _say(line)
    digest = hashlib.sha256("\n".join(_point_lines(struck)).encode()).hexdigest()
    _say(f"digest of all points and verdicts: {digest[:16]}")
    _say(f"{time.perf_counter() - started:.0f} s")
    return int(any(point.broken for _, point in struck))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pytest_pmd_migrations.faults")
    parser.add_argument("source", help="as in migration_source")
    parser.add_argument("snapshots", type=Path, help="folder of the stored databases")
    parser.add_argument("--connection", default="", help="as in migration_connection")
    parser.add_argument("--kinds", default="", help="kinds, separated by commas (default: all)")
    parser.add_argument("--only", default="", help="snapshots, separated by commas (default: all)")
    parser.add_argument("--list", action="store_true", help="print every point and its verdict")
    return parser


def _chosen_kinds(names: str) -> list[Kind]:
    _refuse_unknown("--kinds", _split_at_commas(names), [kind.name for kind in KINDS])
    return [kind for kind in KINDS if not names or kind.name in _split_at_commas(names)]


def _application(source: str, connection: str) -> Application:
    """Return the application of that source, whose connections that function prepares."""
    root = Path.cwd()
    prepare = resolve_connection(connection, root=root, setting="--connection")
    return Application(resolve_source(source, root=root, setting="source"), connection=prepare)


def _cases(application: Application, snapshots: Path, only: str) -> list[Case]:
    """Return the next step of a new database and of every stored one, in both journal modes.

    Raises SettingError or SnapshotError where there is nothing to try.
    """
    versions = application.versions
    folder = SnapshotFolder(snapshots)
    stored = folder.names()
    if not stored:
        message = f"no snapshot in {folder.path}; expected stored databases such as 0001.db"
        raise SnapshotError(message)
    wanted = _split_at_commas(only)
    _refuse_unknown("--only", wanted, ["new", *map(str, stored)])
    starts = [("new", 0, application.empty)]
    starts.extend(
        (str(name), name.version, application.prepared(folder.read(name))) for name in stored
    )
    cases: list[Case] = []
    for name, version, image in starts:
        following = [one for one in versions if one > version]
        if following and (not wanted or name in wanted):
            cases.extend(
                Case(application.source, image, version, following[0], name, mode) for mode in MODES
            )
    if not cases:
        message = f"--only: {only} is at the latest version; expected one with a step left"
        raise SettingError(message)
    return cases


def _refuse_unknown(option: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            message = f"{option}: there is no {name!r}; expected some of {', '.join(known)}"
            raise SettingError(message)


def _split_at_commas(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _try_kinds(case: Case, kinds: Sequence[Kind]) -> Iterator[Struck]:
    """Yield what each fault left, and print the broken points at once."""
    tried = try_faults(case, kinds)
    if tried.untried:
        _say(f"{case.database_name}: {untried_words(tried.untried)}")
    for struck in tried.struck:
        if struck.broken:
            _say(f"{struck.left} by {struck.point.kind}")
            for line in describe(struck, case.database_name):
                _say(line)
        yield case, struck


def _table(struck: Sequence[Struck]) -> Iterator[str]:
    """Yield a line for each kind: how many points, and how many of each word."""
    left: dict[str, Counter[str]] = defaultdict(Counter)
    for _, one in struck:
        left[one.point.kind][one.left] += 1
    yield f"{'kind':<12}{'points':>7}  verdicts"
    for kind, counted in left.items():
        words = ", ".join(f"{counted[word]} {word}" for word in LEFT_WORDS if counted[word])
        yield f"{kind:<12}{counted.total():>7}  {words}"
    broken = sum(one.broken for _, one in struck)
    yield f"{'all':<12}{len(struck):>7}  {broken} broken"


def _agreement(struck: Sequence[Struck]) -> Iterator[str]:
    """Yield a line on how many real kills left what the crash image of the same point shows."""
    by_kind: dict[str, dict[tuple[str, str, str, int], StruckPoint]] = defaultdict(dict)
    for case, one in struck:
        by_kind[one.point.kind][case.database_name, case.mode, one.point.unit, one.point.at] = one
    crashes, kills = by_kind["crash"], by_kind["kill"]
    both = crashes.keys() & kills.keys()
    if both:
        same = sum(
            (crashes[key].left, crashes[key].version) == (kills[key].left, kills[key].version)
            for key in both
        )
        yield f"{same} of {len(both)} real kills agree with the crash image of the same point"


def _point_lines(struck: Sequence[Struck]) -> Iterator[str]:
    for case, one in struck:
        point = one.point
        yield (
            f"{case.database_name} {point.mode} {point.kind} {point.unit} {point.at} {one.left}"
            f" {point.where}: {point.sql}"
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
