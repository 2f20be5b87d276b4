"""Refuse to store what a step makes otherwise each time: no check could compare it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import digest_rows
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.application.varying_step import varying_between, volatile_line
from pytest_pmd_migrations.cli.survey import Survey
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import TimeSpan, VaryingRows, find_present_time
from pytest_pmd_migrations.snapshots.names import SnapshotName, Start
from pytest_pmd_migrations.wording import wrap_text

__all__ = ["FirstRun", "refuse_varying"]


@dataclass(frozen=True)
class FirstRun:
    """What the steps from one start made of it when its next snapshot was built.

    ``before`` is the database of ``start``, ``after`` the one at the snapshot's version, without
    generated rows; ``span`` is the time that the steps took.
    """

    start: Start
    before: Image
    after: Image
    span: TimeSpan


def refuse_varying(survey: Survey, runs: Mapping[SnapshotName, FirstRun]) -> None:
    """Raise ClickException for the first version whose rows are not those of another run.

    ``survey`` has walked each start of ``runs`` too.
    """
    for name, run in sorted(runs.items()):
        other = survey.lineages[run.start].rows.get(name.version)
        version, varying = name.version, _present_time(survey.history, name, run)
        if other is not None and other != digest_rows(survey.history, run.after):
            version, varying = _first_step_that_varies(survey.history, name, run)
        elif not varying:
            continue
        raise click.ClickException(_told(survey.history, version, varying))


def _told(history: History, version: int, varying: VaryingRows) -> str:
    file = history.application.step_name(version)
    head = f"{file} gives other values in each run; nothing was written"
    what = [f"  {column}" for column in varying.columns]
    what.extend(f"  {table}: another number of rows" for table in varying.tables)
    lines = [head, "", *(what or ["  some of its rows"]), ""]
    lines.extend(
        wrap_text(
            "It asks a clock, dice or a file of its own; SQL's clock and dice are the same in each"
            " run here. Let it take the values from its rows, or from random() in SQL."
        )
    )
    if varying.columns:
        line = volatile_line(history, varying.columns, varying.globs)
        lines.extend(("Or let no check compare them, by a line of settings:", f"  {line}"))
    return "\n".join(lines)


def _present_time(history: History, name: SnapshotName, run: FirstRun) -> VaryingRows:
    """Return the columns in which a step wrote the time of today."""
    application = history.application
    versions = [v for v in application.versions if run.start.version < v <= name.version]
    with closing(run.before.connect()) as before, closing(run.after.connect()) as after:
        return find_present_time(
            before,
            after,
            run.span,
            written=b"".join(map(application.text, versions)),
            volatile=history.volatile,
            ignore=history.rules.ignore_patterns,
        )


def _first_step_that_varies(
    history: History, name: SnapshotName, run: FirstRun
) -> tuple[int, VaryingRows]:
    """Return the version after which two runs differ first, and in what."""
    source = history.application.source
    steps = [list(walk(source, run.before, to=name.version)) for _ in range(2)]
    for first, second in zip(*steps, strict=True):
        found = varying_between(history, first.version, first.after, second.after, rebuilt=True)
        if found:
            return first.version, found
    # The clock shows both runs the same now; the one that built the snapshot saw another time.
    last = steps[1][-1].after
    return name.version, varying_between(history, name.version, run.after, last, rebuilt=True)
