"""The values of the checks: what is asked, of which row of the grid, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.lineage import Step

__all__ = ["Check", "Finding", "LineageRecord", "Observations", "Observer", "RowKind", "Verdict"]

RowKind = Literal["snapshot", "migration"]
"""What a row of the grid is about: one snapshot's lineage, or one migration in every lineage."""


@dataclass(frozen=True)
class Finding:
    """One thing a check found wrong.

    ``headline`` is one sentence of at most 60 characters, ``lines`` the evidence and the mending
    command, ``version`` the step to blame (None: none in particular).
    """

    headline: str
    lines: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True)
class Verdict:
    """A check's answer for one cell: it passes when there are no findings.

    ``notes`` are for everybody who reads the summary, ``remarks`` for those who ask for more
    (``-v``); ``used`` are the declarations that some row needed; ``image`` is the database a
    person would want to look at.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()
    image: Image | None = None


@dataclass(frozen=True)
class LineageRecord:
    """What was observed along one lineage.

    ``label`` is the snapshot's name, or "fresh"; ``start`` the version it began at; ``reached``
    the versions it arrived at by a step; ``observations`` what each check saw, by the check's
    name and the version; ``failure`` why it stopped early; ``last`` the last database it had.
    """

    label: str
    start: int
    reached: tuple[int, ...]
    observations: Mapping[tuple[str, int], object]
    failure: MigrationTestError | None
    last: Image | None


Observer = Callable[[Step], object]
"""Called once a step, in order; returns what the check needs to know of it later."""

Observations = Sequence[LineageRecord]
"""For a snapshot's row its own lineage; for a migration's row every lineage."""


@dataclass(frozen=True)
class Check:
    """A question asked of every row of one kind; one column of the grid.

    ``watch(history)`` returns the observer of one lineage. ``judge(history, row, observations)``
    answers for one row: ``row`` is a snapshot's name or a version as it stands in ids.
    ``applies(history)`` says whether the question can be asked at all; where not, there is no
    cell and the grid shows "none".
    """

    name: str
    of: RowKind
    watch: Callable[[History], Observer]
    judge: Callable[[History, str, Observations], Verdict]
    applies: Callable[[History], bool] = lambda _: True
