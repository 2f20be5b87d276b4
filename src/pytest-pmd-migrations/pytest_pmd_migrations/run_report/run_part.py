"""Make the report of one run of what each of its applications has."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.report.outcome import BAD, BLOCKED, NOT_RUN
from pytest_pmd_migrations.run_report.values import (
    ApplicationReport,
    Report,
    RunReport,
    Status,
    ValuesShown,
)

__all__ = ["UNFINISHED", "RunFacts", "begun_report", "finished_report"]

UNFINISHED = "this run did not finish"
"""What a report says of a run until that has ended."""

_STATUSES: tuple[Status, ...] = ("ok", "FAIL", "note", "blocked", "skip", "none", "died", "-")


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run from its beginning: when it began, by which pytest, what is shown."""

    started: float
    pytest: str
    values: ValuesShown


def begun_report(facts: RunFacts, *, missing: str = UNFINISHED) -> Report:
    """Return the report of a run that has not ended, of which nothing is known but ``missing``."""
    python, sqlite = platform.python_version(), sqlite3.sqlite_version
    run = RunReport(
        name=f"Python {python}, SQLite {sqlite}",
        python=python,
        sqlite=sqlite,
        pytest=facts.pytest,
        plugin=metadata.version("pytest-pmd-migrations"),
        platform=sys.platform,
        started=datetime.fromtimestamp(facts.started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=0.0,
        workers=0,
        complete=False,
        missing=(missing,),
        values=facts.values,
        verdict=missing,
        counts=dict.fromkeys(_STATUSES, 0),
    )
    return Report((run,))


def finished_report(
    facts: RunFacts,
    applications: Sequence[ApplicationReport],
    *,
    missing: Sequence[str],
    seconds: float,
    workers: int,
) -> Report:
    """Return the report of a run that has ended; ``missing`` says what it lacks."""
    statuses = Counter(cell.status for one in applications for cell in one.cells)
    counts: dict[str, int] = {status: statuses[status] for status in _STATUSES}
    causes = sum(len(one.findings) for one in applications)
    run = replace(
        begun_report(facts).runs[0],
        seconds=round(seconds, 3),
        workers=max(workers, 1),
        complete=not missing,
        missing=tuple(missing),
        verdict=_verdict(counts, causes),
        counts=counts,
        applications=tuple(applications),
    )
    return Report((run,))


def _verdict(counts: Mapping[str, int], causes: int) -> str:
    """Return how the run ended, in one sentence without its stop."""
    total = sum(counts.values())
    bad = sum(counts[status] for status in _STATUSES if status in BAD)
    ran = total - counts[NOT_RUN]
    if bad or counts[BLOCKED]:
        blocked = f", {counts[BLOCKED]} blocked" if counts[BLOCKED] else ""
        told = f"{bad} of {counted(ran, 'cell')} failed for {counted(causes, 'cause')}{blocked}"
    else:
        told = f"none of {counted(ran, 'cell')} failed" if ran else "no cell was run"
    return told if ran == total or not ran else f"{told}, {total - ran} not run"
