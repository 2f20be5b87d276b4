"""The values of the checks: what is asked, of which row of the grid, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import Step
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image

__all__ = [
    "Check",
    "Finding",
    "LineageRecord",
    "Note",
    "Observations",
    "Observer",
    "RowKind",
    "Unseen",
    "Verdict",
]

RowKind = Literal["snapshot", "migration"]
"""What a row of the grid is about: one snapshot's lineage, or one migration in every lineage."""


@dataclass(frozen=True)
class Finding:
    """One thing a check found wrong.

    ``headline`` is one sentence of at most 60 characters, ``lines`` the evidence and the mending
    command, ``version`` the step to blame (None: none in particular), ``details`` what only those
    want to see who ask for all there is (``-vv``).
    """

    headline: str
    lines: tuple[str, ...] = ()
    version: int | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something to know although a cell passes.

    ``place`` is the version or snapshot it is about, ``text`` what there is to say of it,
    ``command`` what to run, where something should be. Equal words about several places are
    told in one line.
    """

    place: str
    text: str
    command: str = ""


@dataclass(frozen=True)
class Verdict:
    """A check's answer for one cell: it passes when there are no findings.

    ``notes`` are for everybody who reads the summary, ``remarks`` for those who ask for more
    (``-v``); ``used`` are the declarations that some row needed; ``image`` is the database a
    person would want to look at.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    remarks: tuple[Note, ...] = ()
    used: frozenset[str] = frozenset()
    image: Image | None = None


@dataclass(frozen=True)
class Unseen:
    """Why a check saw nothing of a lineage from ``version`` on: its observer raised ``error``."""

    version: int
    error: Exception


@dataclass(frozen=True)
class LineageRecord:
    """What was observed along one lineage.

    ``label`` is the snapshot's name, or "fresh"; ``start`` the version it began at; ``reached``
    the versions it arrived at by a step; ``observations`` what each check saw, by the check's
    name and the version; ``failure`` why it stopped early; ``last`` the last database it had;
    ``unseen`` why a check, by its name, could observe no more.
    """

    label: str
    start: int
    reached: tuple[int, ...]
    observations: Mapping[tuple[str, int], object]
    failure: MigrationTestError | None
    last: Image | None
    unseen: Mapping[str, Unseen] = field(default_factory=dict)


Observer = Callable[[Step], object]
"""Called once a step, in order; returns what the check needs to know of it later."""

Observations = Sequence[LineageRecord]
"""For a snapshot's row its own lineage; for a migration's row every lineage."""


@dataclass(frozen=True)
class Check:
    """A question asked of every row of one kind; one column of the grid.

    ``watch(history)`` returns the observer of one lineage. ``judge(history, row, observations)``
    answers for one row: ``row`` is a snapshot's name or a version as it stands in ids. It is not
    asked of a lineage that did not arrive, nor where the observer raised: that cell fails anyway.
    ``applies(history)`` says whether the question can be asked at all; where not, there is no
    cell and the grid shows "none".
    """

    name: str
    of: RowKind
    watch: Callable[[History], Observer]
    judge: Callable[[History, str, Observations], Verdict]
    applies: Callable[[History], bool] = lambda _: True
