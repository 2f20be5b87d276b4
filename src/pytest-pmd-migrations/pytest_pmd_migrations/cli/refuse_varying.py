"""Refuse to store what a step makes otherwise each time: no check could compare it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.timed_run import TimedRun
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.application.varying_schema import WRITES_CHANCE, times_in_schema
from pytest_pmd_migrations.application.varying_step import (
    drawn_by_schema,
    present_time,
    varying_between,
    volatile_line,
)
from pytest_pmd_migrations.cli.survey import Survey
from pytest_pmd_migrations.messages.wording import wrap_text
from pytest_pmd_migrations.rows import NOTHING_VARIES, VaryingRows
from pytest_pmd_migrations.schema import read_schema
from pytest_pmd_migrations.schema.drawn_values import told_drawings
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["BuiltRun", "refuse_varying"]

_ASKS = (
    "It asks a clock, dice or a file of its own; SQL's clock and dice are the same in each run"
    " here. Let it take the values from its rows, or ask SQL's."
)


@dataclass(frozen=True)
class BuiltRun:
    """The run that built a snapshot, and the digest of the rows that it ended with."""

    run: TimedRun
    digest: str


@dataclass(frozen=True)
class _Varying:
    """What one step makes otherwise in each run, and what in the schema draws that, if anything."""

    file: str
    rows: VaryingRows
    drawn: str


def refuse_varying(survey: Survey, runs: Mapping[SnapshotName, BuiltRun]) -> None:
    """Raise ClickException where rows are not those of another run; it names all such versions.

    A run from what ``survey`` has not walked is walked a second time here, as far as it went.
    """
    found = list[_Varying]()
    for name, built in sorted(runs.items()):
        if not found:
            _refuse_times(survey.history, built.run, name.version)
        found.extend(_varying(survey, name, built))
    if found:
        file, what = found[0].file, "\n".join(_told(survey.history, found))
        raise click.ClickException(
            f"{file} gives other values in each run; nothing was written\n\n{what}"
        )


def _varying(survey: Survey, name: SnapshotName, built: BuiltRun) -> Iterator[_Varying]:
    """Yield what the steps to one snapshot make otherwise in each run, if anything."""
    history = survey.history
    run, version, varying = built.run, name.version, NOTHING_VARIES
    lineage = survey.lineages.get(run.start)
    if lineage is None:
        lineage = survey.walker.walk(run.start, run.before, to=version)
    again = lineage.rows.get(version)
    # Where that lineage stopped, this one was built without the rows that stopped it.
    same = again in (None, built.digest)
    if again != built.digest:
        version, varying = _first_step_that_varies(history, name, run)
    varying = varying.joined(present_time(history, run, name.version, rebuilt=True))
    # Whether a second ticked between two runs makes no difference to what is told.
    varying = varying._replace(columns=tuple(sorted(varying.columns)))
    if varying or not same:
        with closing(run.after.connect()) as conn:
            schema = read_schema(conn)
        drawn = drawn_by_schema(history, version, schema, varying.columns, varying.tables)
        yield _Varying(history.application.step_name(version), varying, told_drawings(drawn))


def _refuse_times(history: History, run: TimedRun, version: int) -> None:
    """Raise ClickException where the steps of a run wrote the time of today into the schema."""
    times = times_in_schema(history, run, version)
    if times:
        file = history.application.step_name(version)
        what = "\n".join((*(f"  {one}" for one in times), "", *wrap_text(WRITES_CHANCE)))
        raise click.ClickException(
            f"{file} writes the time of today into the schema; nothing was written\n\n{what}"
        )


def _told(history: History, found: Sequence[_Varying]) -> Iterator[str]:
    """Yield the lines about what varies, and what to do about it."""
    for number, one in enumerate(found):
        if number:
            yield from (f"{one.file} does so too:", "")
        yield from (f"  {column}" for column in one.rows.columns)
        yield from (f"  {table}: another number of rows" for table in one.rows.tables)
        if not one.rows:
            yield "  some of its rows"
        yield ""
    for advice in dict.fromkeys(one.drawn or _ASKS for one in found):
        yield from wrap_text(advice)
    every = NOTHING_VARIES
    for one in found:
        every = every.joined(one.rows)
    if every.columns:
        yield "Or let no check compare them, by a line of settings:"
        yield f"  {volatile_line(history, every.columns, every.globs)}"


def _first_step_that_varies(
    history: History, name: SnapshotName, run: TimedRun
) -> tuple[int, VaryingRows]:
    """Return the version after which two runs differ first, and in what."""
    source, limits = history.application.source, history.step_limits(run.start)
    steps = [list(walk(source, run.before, to=name.version, limits=limits)) for _ in range(2)]
    for first, second in zip(*steps, strict=True):
        found = varying_between(history, first.version, first.after, second.after, rebuilt=True)
        if found:
            return first.version, found
    # The clock shows both runs the same now; the one that built the snapshot saw another time.
    last = steps[1][-1].after
    return name.version, varying_between(history, name.version, run.after, last, rebuilt=True)
