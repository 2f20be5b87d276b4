"""The report of runs as values: what stands in the JSON file, field by field.

Each class is an object of the JSON, each field a key of the same name. All texts are printable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pytest_pmd_migrations.run_report.forecast_values import ForecastReport

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "ApplicationReport",
    "CellReport",
    "CheckColumn",
    "ColumnReport",
    "DeclaredReport",
    "FaultsReport",
    "FindingReport",
    "ForeignKeyReport",
    "Kind",
    "NoteReport",
    "ObjectReport",
    "Report",
    "RowName",
    "RowTitle",
    "RunReport",
    "Status",
    "StepReport",
    "TableReport",
    "ValuesShown",
    "VersionReport",
]

FORMAT = "pytest-pmd-migrations report"
"""The mark by which a file is known as a report."""

FORMAT_VERSION = 1
"""The version of the format; one that a reader does not know has a higher number."""

Kind = Literal["snapshot", "migration"]
Status = Literal["ok", "FAIL", "note", "blocked", "skip", "none", "died", "-"]
ObjectType = Literal["table", "view", "index", "trigger", "virtual"]

ValuesShown = Literal["cut", "none"]
"""Whether values of rows stand in the evidence, cut short, or no value of any row does."""


@dataclass(frozen=True)
class RowName:
    """Names a row of the grid: its kind, and its id within cell ids."""

    of: Kind
    row: str


@dataclass(frozen=True)
class RowTitle:
    """A row of the grid as people read it."""

    of: Kind
    id: str
    title: str
    version: int


@dataclass(frozen=True)
class CheckColumn:
    """A column of one of the two grids."""

    name: str
    of: Kind


@dataclass(frozen=True)
class NoteReport:
    """Something to know although a cell passes: about what, and the command that sees to it."""

    about: str
    text: str
    command: str = ""


@dataclass(frozen=True)
class CellReport:
    """One cell: what became of it, and the findings that it shares, by their indices."""

    id: str
    of: Kind
    row: str
    check: str
    status: Status
    seconds: float | None = None
    findings: tuple[int, ...] = ()
    blocked_by: RowName | None = None
    notes: tuple[NoteReport, ...] = ()
    remarks: tuple[NoteReport, ...] = ()


@dataclass(frozen=True)
class FindingReport:
    """One thing that is wrong, told once: by ``told_by``, for all ``cells`` that share it.

    ``told_by`` is None where no cell that was run tells it. ``blocks`` are the cells that could not
    be judged for it. ``version`` is the step to blame, ``file`` and ``line`` where it is written.
    """

    headline: str
    lines: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    version: int | None = None
    file: str | None = None
    line: int | None = None
    told_by: str | None = None
    cells: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnReport:
    """A column; ``key`` is its place in the primary key, from 1, and 0 where it is not in it."""

    name: str
    type: str = ""
    not_null: bool = False
    key: int = 0
    default: str | None = None
    generated: bool = False


@dataclass(frozen=True)
class ForeignKeyReport:
    """A foreign key; ``references`` is empty where it names the primary key by saying nothing."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...] = ()
    on_delete: str = ""
    on_update: str = ""


@dataclass(frozen=True)
class ObjectReport:
    """An object of a schema; ``table`` is the one that it is on, or its own name."""

    type: ObjectType
    name: str
    table: str
    sql: str
    columns: tuple[ColumnReport, ...] = ()
    foreign_keys: tuple[ForeignKeyReport, ...] = ()


@dataclass(frozen=True)
class FaultsReport:
    """How many points of a step were struck, and how many left a broken database."""

    points: int
    broken: int


@dataclass(frozen=True)
class DeclaredReport:
    """A declaration that some row of a table needed."""

    kind: str
    name: str
    reason: str


@dataclass(frozen=True)
class TableReport:
    """What became of one table's rows in one step.

    ``name`` is that before the step, of a new table that after it; ``after_name`` is None where the
    table is gone. ``before`` and ``after`` count its rows, None where it was not there.
    """

    name: str
    after_name: str | None = None
    before: int | None = None
    after: int | None = None
    kept: int = 0
    changed: int = 0
    deleted: int = 0
    moved: int = 0
    added: int = 0
    declared: tuple[DeclaredReport, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepReport:
    """The step to a version on one lineage; ``start`` is a snapshot's row id, or ``fresh``.

    ``also`` are the starts of the lineages on which the step did the very same.
    """

    start: str
    tables: tuple[TableReport, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionReport:
    """One version: its migration, its fresh schema, and what the step to it does.

    ``date`` is the day of the commit that added the file. ``schema`` are indices of the
    application's objects, None where no fresh database can be built or nobody needed one.
    """

    version: int
    label: str = ""
    title: str = ""
    description: str = ""
    file: str | None = None
    line: int | None = None
    date: str | None = None
    released: bool = False
    seconds: float | None = None
    faults: FaultsReport | None = None
    lost: tuple[str, ...] = ()
    schema: tuple[int, ...] | None = None
    steps: tuple[StepReport, ...] = ()


@dataclass(frozen=True)
class ApplicationReport:
    """One application's part of a run."""

    name: str
    source: str
    runner: str
    snapshots: str
    latest: int
    checks: tuple[CheckColumn, ...] = ()
    rows: tuple[RowTitle, ...] = ()
    cells: tuple[CellReport, ...] = ()
    findings: tuple[FindingReport, ...] = ()
    notes: tuple[NoteReport, ...] = ()
    objects: tuple[ObjectReport, ...] = ()
    versions: tuple[VersionReport, ...] = ()
    forecast: ForecastReport | None = None


@dataclass(frozen=True)
class RunReport:
    """One run: where and when, and whether all of it is here.

    ``missing`` has a sentence for each thing that is not, and is empty where ``complete``.
    """

    name: str
    python: str
    sqlite: str
    pytest: str
    plugin: str
    platform: str
    started: str
    seconds: float
    workers: int
    complete: bool
    missing: tuple[str, ...]
    values: ValuesShown
    verdict: str
    counts: Mapping[str, int] = field(default_factory=dict)
    applications: tuple[ApplicationReport, ...] = ()


@dataclass(frozen=True)
class Report:
    """The whole file: one or more runs, each with a name of its own."""

    runs: tuple[RunReport, ...]
    format: str = FORMAT
    format_version: int = FORMAT_VERSION
