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

from pytest_pmd_migrations.application.upgrade import EMPTY
from pytest_pmd_migrations.errors import MigrationTestError, SettingError, SnapshotError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_run import try_faults
from pytest_pmd_migrations.faults.kinds.registry import KINDS, Kind
from pytest_pmd_migrations.faults.message import story
from pytest_pmd_migrations.faults.values import MODES, VERDICTS, Judged
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.protocol import Source
from pytest_pmd_migrations.sources.resolve import resolve_source

Found = tuple[Case, Judged]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the faults and print their counts; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pytest_pmd_migrations.faults")
    parser.add_argument("source", help="as in migration_source")
    parser.add_argument("snapshots", type=Path, help="folder of the stored databases")
    parser.add_argument("--kinds", default="", help="kinds, separated by commas (default: all)")
    parser.add_argument("--only", default="", help="snapshots, separated by commas (default: all)")
    parser.add_argument("--list", action="store_true", help="print every point and its verdict")
    given = parser.parse_args(arguments)
    # What the migrations themselves say, they say hundreds of times.
    logging.disable()
    try:
        kinds = _chosen_kinds(given.kinds)
        source = resolve_source(given.source, root=Path.cwd(), setting="source")
        cases = list(_cases(source, SnapshotFolder(given.snapshots), _split(given.only)))
        if not cases:
            message = (
                f"--only: {given.only} is at the latest version; expected one with a step left"
            )
            raise SettingError(message)
    except MigrationTestError as error:
        parser.error(str(error))
    for kind in kinds:
        if kind.lacking:
            _say(f"{kind.name} is left out: {kind.lacking}")
    started = time.perf_counter()
    found: list[Found] = []
    for case in cases:
        found.extend(_tried(case, [kind for kind in kinds if not kind.lacking]))
    if given.list:
        for line in _lines(found):
            _say(line)
    for line in (*_table(found), *_agreement(found)):
        _say(line)
    digest = hashlib.sha256("\n".join(_lines(found)).encode()).hexdigest()
    _say(f"digest of all points and verdicts: {digest[:16]}")
    _say(f"{time.perf_counter() - started:.0f} s")
    return int(any(judged.broken for _, judged in found))


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _chosen_kinds(names: str) -> list[Kind]:
    _refuse_unknown("--kinds", _split(names), [kind.name for kind in KINDS])
    return [kind for kind in KINDS if not names or kind.name in _split(names)]


def _refuse_unknown(option: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            message = f"{option}: there is no {name!r}; expected some of {', '.join(known)}"
            raise SettingError(message)


def _cases(source: Source, folder: SnapshotFolder, only: Sequence[str]) -> Iterator[Case]:
    """Yield the next step of a new database and of every stored one, in both journal modes."""
    versions = source.versions()
    stored = folder.names()
    if not stored:
        message = f"no snapshot in {folder.path}; expected stored databases such as 0001.db"
        raise SnapshotError(message)
    _refuse_unknown("--only", only, ["new", *map(str, stored)])
    starts = [("new", 0, EMPTY)]
    starts.extend((str(name), name.version, folder.read(name)) for name in stored)
    for label, version, image in starts:
        following = [one for one in versions if one > version]
        if following and (not only or label in only):
            for mode in MODES:
                yield Case(source, image, version, following[0], label, mode)


def _tried(case: Case, kinds: Sequence[Kind]) -> Iterator[Found]:
    for judged in try_faults(case, kinds):
        if judged.broken:
            _say(f"{judged.verdict} by {judged.point.kind}")
            for line in story(judged, case.label):
                _say(line)
        yield case, judged


def _table(found: Sequence[Found]) -> Iterator[str]:
    """Yield a line for each kind: how many points, and how many of each verdict."""
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    for _, judged in found:
        verdicts[judged.point.kind][judged.verdict] += 1
    yield f"{'kind':<12}{'points':>7}  verdicts"
    for kind, counted in verdicts.items():
        words = ", ".join(f"{counted[word]} {word}" for word in VERDICTS if counted[word])
        yield f"{kind:<12}{counted.total():>7}  {words}"
    broken = sum(judged.broken for _, judged in found)
    yield f"{'all':<12}{len(found):>7}  {broken} broken"


def _agreement(found: Sequence[Found]) -> Iterator[str]:
    """Yield a line on how many real kills left what the files at that moment said."""
    told = {
        (case.label, case.mode, judged.point.unit, judged.point.at): judged
        for case, judged in found
        if judged.point.kind == "crash"
    }
    pairs = [
        (judged, told[key])
        for case, judged in found
        if judged.point.kind == "kill"
        and (key := (case.label, case.mode, judged.point.unit, judged.point.at)) in told
    ]
    if pairs:
        same = sum((a.verdict, a.version) == (b.verdict, b.version) for a, b in pairs)
        yield f"{same} of {len(pairs)} real kills agree with the crash image of the same point"


def _lines(found: Sequence[Found]) -> Iterator[str]:
    for case, judged in found:
        point = judged.point
        yield (
            f"{case.label} {point.mode} {point.kind} {point.unit} {point.at} {judged.verdict}"
            f" {point.place}: {point.sql}"
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
