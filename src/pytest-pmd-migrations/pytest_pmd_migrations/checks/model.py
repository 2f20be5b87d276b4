"""Define the values of the checks: a question, a row of the grid, a finding, a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.rows.suggested_declaration import SuggestedDeclaration
from pytest_pmd_migrations.snapshots.names import (
    SnapshotName,
    Start,
    format_version,
    labelled,
    version_title,
)
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey, DeclarationKind

__all__ = [
    "EVERY_CHECK",
    "AnyCheck",
    "Cause",
    "Check",
    "FaultCounts",
    "Finding",
    "LineageRecord",
    "MigrationRow",
    "Note",
    "Observer",
    "Repeating",
    "Row",
    "RowKind",
    "Seen",
    "SnapshotRow",
    "UsedDeclaration",
    "Verdict",
]

RowKind = Literal["snapshot", "migration"]
"""The subject of a row of the grid: one snapshot's lineage, or one migration in each lineage."""


@dataclass(frozen=True, order=True)
class SnapshotRow:
    """A row of the grid about one snapshot; as text, in ids, the snapshot's name.

    ``label`` is what the version's own tool calls it; it stands in titles, never in ids.
    """

    snapshot: SnapshotName
    label: str = field(default="", compare=False)

    @property
    def version(self) -> int:
        """The version that the snapshot holds."""
        return self.snapshot.version

    @property
    def title(self) -> str:
        """The row for people to read."""
        return labelled(str(self), self.version, self.label)

    @property
    def culprit(self) -> str:
        """The row where it is named as a cause, among migrations too."""
        return f"snapshot {self.title}"

    def __str__(self) -> str:
        return str(self.snapshot)


@dataclass(frozen=True, order=True)
class MigrationRow:
    """A row of the grid about one migration; as text, in ids, its version.

    ``label`` is what its own tool calls it; it stands in titles, never in ids.
    """

    version: int
    label: str = field(default="", compare=False)

    @property
    def title(self) -> str:
        """The row for people to read."""
        return version_title(self.version, self.label)

    @property
    def culprit(self) -> str:
        """The row where it is named as a cause."""
        return self.title

    def __str__(self) -> str:
        return format_version(self.version)


Row = SnapshotRow | MigrationRow


EVERY_CHECK = "of every check"
"""Begins a thing that is the same one whichever check finds it."""


@dataclass(frozen=True)
class Finding:
    """One thing a check found wrong.

    ``headline`` is one sentence of at most 60 characters, ``lines`` the evidence and the mending
    command, ``version`` the step to blame (None: none in particular), ``details`` are lines that
    ``-vv`` shows in addition. ``things`` identify what is wrong, whichever row it is seen from: a
    finding of which every thing has been told is not told again. Empty: it is always told.
    ``of_step`` says that the headline names the step and no row, which the message then adds.
    ``tells`` is the row of the cause whose story the finding is. ``declarable`` are declarations of
    the step ``version`` that would allow it. ``without_rows`` are the headline and the lines where
    no value of a row may be shown; empty where nobody has said which they are.
    """

    headline: str
    lines: tuple[str, ...] = ()
    version: int | None = None
    details: tuple[str, ...] = ()
    things: frozenset[tuple[str, ...]] = frozenset()
    of_step: bool = False
    tells: Row | None = None
    declarable: tuple[SuggestedDeclaration, ...] = field(default=(), compare=False)
    without_rows: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Make each line printable: names and values of a database may hold anything."""
        object.__setattr__(self, "without_rows", tuple(map(printable_line, self.without_rows)))
        object.__setattr__(self, "headline", printable_line(self.headline))
        object.__setattr__(self, "lines", tuple(map(printable_line, self.lines)))
        object.__setattr__(self, "details", tuple(map(printable_line, self.details)))

    def showing_no_rows(self) -> Finding:
        """Return a finding in which no value of a row stands anyway."""
        return replace(self, without_rows=(self.headline, *self.lines))


class Cause(NamedTuple):
    """Why a cell cannot be judged: a step that cannot be taken, a snapshot that cannot be read.

    ``row`` is the row of the culprit: one of its cells fails with ``finding``, and every other cell
    that the cause keeps from being judged is blocked.
    """

    row: Row
    finding: Finding


@dataclass(frozen=True)
class Note:
    """Something to know although a cell passes.

    ``about`` is the row it is about, or the name of a setting or a declaration; ``text`` is what
    there is to say; ``command`` what to run, where something should be. The summary tells equal
    notes about several rows in one line. ``declarable`` are declarations that would silence it, of
    the migration that it is about; ``damaged_until`` is the version that the declaration of a
    damaged snapshot would name. ``shows_rows`` says that a value of a row may stand in it: nobody
    has said that there is none.
    """

    about: Row | str
    text: str
    command: str = ""
    declarable: tuple[SuggestedDeclaration, ...] = field(default=(), compare=False)
    damaged_until: int | None = field(default=None, compare=False)
    shows_rows: bool = field(default=True, compare=False)

    def __post_init__(self) -> None:
        """Make the text printable: names and values of a database may hold anything."""
        object.__setattr__(self, "text", printable_line(self.text))
        if isinstance(self.about, str):
            object.__setattr__(self, "about", printable_line(self.about))

    def showing_no_rows(self) -> Note:
        """Return a note in which no value of a row stands."""
        return replace(self, shows_rows=False)


class FaultCounts(NamedTuple):
    """How many points of a step were struck, and how many of them left a broken database."""

    points: int
    broken: int


UsedDeclaration = tuple[int, DeclarationKey]
"""A declaration that some row needed, with the version whose migration makes it."""


@dataclass(frozen=True)
class Verdict:
    """A check's answer for one cell: it passes when there are no findings.

    The summary always shows ``notes``; it shows ``remarks`` with ``-v``. ``used`` are the
    declarations that some row needed; ``image`` is the database a person would want to look at.
    With a ``cause`` the question could not be asked; ``unasked`` says why it is not asked.
    ``faults`` counts those that the check tried, if it tries any; ``forecast`` is what it measured
    of a step in large databases, if it did, with the keys of a StepForecastReport.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    remarks: tuple[Note, ...] = ()
    used: frozenset[UsedDeclaration] = frozenset()
    image: Image | None = None
    cause: Cause | None = None
    unasked: Note | None = None
    faults: FaultCounts | None = None
    forecast: Mapping[str, Any] | None = None


Seen = TypeVar("Seen")
"""The value that a check keeps of one step."""

Observer = Callable[[Step], Seen]
"""A function that is called once a step, in order, and returns what the check keeps of it."""


@dataclass(frozen=True)
class Repeating(Generic[Seen]):
    """An observer that says of a step what it saw of the same one in another lineage.

    A step is the same where all tables that it depends on hold the same, whatever others hold.
    ``may_repeat(version, seen)`` says whether what would be seen here follows from what was seen
    there. ``repeat(version, seen)``, called in the order of the steps, returns it, and goes on as
    if the step had been observed. ``relies()`` says whether what it saw comes from elsewhere.
    """

    observe: Observer[Seen]
    may_repeat: Callable[[int, Seen], bool] = lambda *_: True
    repeat: Callable[[int, Seen], Seen] = lambda _, seen: seen
    relies: Callable[[], bool] = lambda: False

    def __call__(self, step: Step) -> Seen:
        """Observe a step that was taken."""
        return self.observe(step)


@dataclass(frozen=True)
class LineageRecord(Generic[Seen]):
    """Holds what one check saw along one lineage.

    ``start`` is the snapshot it starts from, or ``FRESH``; ``reached`` are the versions it arrived
    at by a step, ascending; ``seen`` is what the check's observer returned, by version, the start's
    included; ``failure`` says why the lineage stopped early; ``last`` is the last database it had.
    """

    start: Start
    reached: tuple[int, ...]
    seen: Mapping[int, Seen]
    failure: MigrationTestError | None = None
    last: Image | None = None

    def reaches(self, version: int) -> bool:
        """Return whether the lineage arrived at ``version`` by a step."""
        return version in self._arrivals

    @cached_property
    def _arrivals(self) -> frozenset[int]:
        return frozenset(self.reached)


@dataclass(frozen=True, eq=False)
class Check(Generic[Seen]):
    """A question asked of every row of one kind; one column of the grid.

    ``watch(history)`` returns the observer of one lineage; None where the check needs none.
    ``judge(history, row, lineages)`` answers for one row: a snapshot's row has its own lineage
    alone, a migration's row has every lineage. It is not asked of a lineage that did not arrive,
    nor where the observer raised: that cell fails anyway. ``applies(history)`` says whether the
    question can be asked at all; where not, there is no cell and the grid shows "none".
    ``asks_removed`` says that the question is also asked of versions that the lock file has as
    released and the source no longer has. ``reads`` are the kinds of declarations that it asks for:
    one of those that no cell of the check used is no longer needed. ``shares(seen, other)`` says
    whether the observer sees the same from here on in two lineages that have become the same, where
    it saw these now. None: nobody knows, so that each lineage takes all its steps. An observer that
    is :class:`Repeating` also spares lineages steps that are the same where the lineages are not.
    """

    name: str
    of: RowKind
    watch: Callable[[History], Observer[Seen]] | None
    judge: Callable[[History, Row, Sequence[LineageRecord[Seen]]], Verdict]
    applies: Callable[[History], bool] = lambda _: True
    asks_removed: bool = False
    reads: frozenset[DeclarationKind] = frozenset()
    shares: Callable[[Seen, Seen], bool] | None = None


AnyCheck = Check[Any]
"""A check, whatever it keeps of a step."""
