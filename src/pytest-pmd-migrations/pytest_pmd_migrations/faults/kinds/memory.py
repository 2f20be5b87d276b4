"""The kind ``memory``: SQLite may use only a part of the memory that the run needs.

``PRAGMA hard_heap_limit`` (https://www.sqlite.org/pragma.html#pragma_hard_heap_limit) holds for
the whole process and cannot be raised again, so each run is a child's.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_process import CAN_FORK, Tell, child_doing
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.struck_runs import ended_process
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.watching.events import RunObserver, UnderFault
from pytest_pmd_migrations.limits.sqlite_memory import Counters, memory_counters

__all__ = ["Memory"]

_PARTS = 16


class Memory:
    """Too little memory, from next to none up to almost enough."""

    name = "memory"

    @cached_property
    def lacking(self) -> str:
        """The thing that the kind needs and this platform lacks, in words; empty if none."""
        if not CAN_FORK:
            return "this platform has no fork"
        if memory_counters() is None:
            return "SQLite's counters of memory cannot be reached"
        return ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point for each part."""
        return tuple(
            Point(
                self.name,
                case.mode,
                "part",
                part,
                f"out of memory at {part} of {_PARTS} parts of what the run needs",
            )
            for part in range(1, _PARTS + 1)
        )

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Let a child run with a limit for each point.

        Closed connections hold memory until their last cursor is collected. All are collected
        first: else a run could free some in its middle, and no limit would be the same twice.
        """
        gc.collect()
        with case.database() as path:
            with child_doing(lambda tell: tell("need", _need(case, path))) as child:
                word, needed = child.read(judge.patience)
            if word != "need":
                raise ended_process(case, points[0])
        for point in points:
            limit = needed * point.at // (_PARTS + 1)
            with case.database() as path, child_doing(_run_limited(case, path, limit)) as child:
                word, finished = child.read(judge.patience)
            if word == "late":
                yield StruckPoint(point, "hung")
            elif word == "ran":
                yield judge.after_run(point, finished)
            else:
                raise ended_process(case, point)


def _need(case: Case, path: Path) -> int:
    """Return how many bytes SQLite needs for the run, above what it has already."""
    used, highest = _counters()
    before = used()
    highest(1)
    case.run_on(path, RunObserver())
    return highest(0) - before


def _run_limited(case: Case, path: Path, limit: int) -> Callable[[Tell], None]:
    """Return work that runs with ``limit`` bytes more than SQLite has already."""

    def work(tell: Tell) -> None:
        used, _ = _counters()
        # The pragma itself may be the first that gets no memory.
        with closing(sqlite3.connect(":memory:")) as conn, suppress(MemoryError):
            conn.execute(f"PRAGMA hard_heap_limit = {max(used() + limit, 1)}")
        tell("ran", case.run_on(path, UnderFault()))

    return work


def _counters() -> Counters:
    found = memory_counters()
    if found is None:
        raise InjectionError("SQLite's counters of memory cannot be reached")
    return found
