"""The check ``atomic``: whatever strikes while a step runs, the database is old or new.

Prevents the accident that costs a user the only copy of their data: a migration that is killed,
interrupted or fails half-way leaves a database that neither the old nor the new program can use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import FRESH
from pytest_pmd_migrations.application.upgrade import EMPTY, Step, walk
from pytest_pmd_migrations.checks.model import (
    Check,
    Finding,
    LineageRecord,
    Note,
    Observations,
    Verdict,
)
from pytest_pmd_migrations.checks.reached import reaching, unreached
from pytest_pmd_migrations.faults import DEFAULT, KINDS, Case, Kind, Mode, StruckPoint, try_faults
from pytest_pmd_migrations.faults.wording import advice, counts, describe
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["ATOMIC"]


@dataclass(frozen=True)
class _Start:
    """A database one step before the migration, and what it is called."""

    label: str
    image: Image


def _watch(history: History) -> Callable[[Step], None]:  # noqa: ARG001 - the protocol's
    return lambda _step: None


def _judge(history: History, row: str, observations: Observations) -> Verdict:
    version = int(row)
    failed = unreached(history, version, observations)
    if failed is not None:
        return failed
    place = history.versions.index(version)
    before = history.versions[place - 1] if place else 0
    modes: tuple[Mode, ...] = ("rollback", "wal") if history.faults == "full" else ("rollback",)
    wanted = [kind for kind in KINDS if history.faults == "full" or kind.name in DEFAULT]
    kinds = [kind for kind in wanted if not kind.lacking]
    found: list[tuple[str, StruckPoint]] = []
    for start in _starts(history, version, before, observations):
        for mode in modes:
            case = Case(
                history.source, start.image, before, version, start.label, mode, history.ignore
            )
            found.extend((start.label, judged) for judged in try_faults(case, kinds))
    return _verdict(history, version, found, wanted)


def _starts(
    history: History, version: int, before: int, observations: Observations
) -> Iterator[_Start]:
    """Yield what the step is tried on: every database stored at the version before.

    For the first migration also the one that does not exist yet. Where none is stored at that
    version, the nearest older one is brought there.
    """
    records = reaching(observations, version)
    stored = [record for record in records if record.start == before]
    for record in stored:
        yield _Start(_label(record), _image(history, record))
    if not stored:
        nearest = max(records, key=lambda record: (record.start, record.label == FRESH))
        *_, last = walk(history.source, _image(history, nearest), to=before)
        yield _Start(f"{nearest.label} at {format_version(before)}", last.after)


def _label(record: LineageRecord) -> str:
    return "a new database" if record.label == FRESH else record.label


def _image(history: History, record: LineageRecord) -> Image:
    return EMPTY if record.label == FRESH else history.snapshot(SnapshotName.parse(record.label))


def _verdict(
    history: History,
    version: int,
    found: Sequence[tuple[str, StruckPoint]],
    wanted: Sequence[Kind],
) -> Verdict:
    every = [judged for _, judged in found]
    broken = next(((label, judged) for label, judged in found if judged.broken), None)
    if broken is None:
        text = counts(every)
        for kind in wanted:
            if kind.lacking:
                text += f"; {kind.name} left out: {kind.lacking}"
        return Verdict(remarks=(Note(format_version(version), text),))
    label, judged = broken
    lines = (
        *describe(judged, label),
        "",
        *wrap_text(counts(every)),
        "",
        *advice(judged),
    )
    word = judged.point.kind
    head = headline(f"{history.file_name(version)} is not atomic: {judged.left} by {word}")
    return Verdict((Finding(head, lines, version),))


ATOMIC = Check("atomic", "migration", _watch, _judge)
