"""Find the values that a step makes otherwise each time, and the setting that says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import recorded_ignore, recorded_volatile
from pytest_pmd_migrations.application.stale_snapshots import is_edited_up_to
from pytest_pmd_migrations.application.timed_run import TimedRun
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import NOTHING_VARIES, VaryingRows, find_varying
from pytest_pmd_migrations.rows.present_time import TimeSpan, find_present_time
from pytest_pmd_migrations.schema import Schema, stored_text
from pytest_pmd_migrations.schema.drawn_values import Drawing, find_drawings, in_parentheses
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.snapshots.names import Start

__all__ = [
    "VaryingStep",
    "drawn_by_schema",
    "find_varying_step",
    "present_time",
    "varying_between",
    "volatile_line",
]

_TIMED: WeakKeyDictionary[History, dict[tuple[Start, int], tuple[int, TimedRun]]] = (
    WeakKeyDictionary()
)
"""For each lineage that is walked twice, and each of the two turns, how far it came."""


@dataclass(frozen=True)
class VaryingStep:
    """A step whose values differ from run to run, though SQL's clock and dice are held.

    They are due to a clock, dice or a file of the step's own, or to what is ``drawn`` by the
    schema. ``columns`` are names such as ``"notes.token"``; ``line`` is the setting that says so,
    empty where the setting does already.
    """

    columns: tuple[str, ...]
    line: str
    drawn: tuple[Drawing, ...]

    @property
    def why(self) -> str:
        """What of the schema draws them, in parentheses; empty for nothing."""
        return in_parentheses(self.drawn)


def find_varying_step(
    history: History, version: int, starts: Iterable[Start]
) -> VaryingStep | None:
    """Return what varies after the step to ``version``, of the lineages that gave other rows.

    Each is walked twice, those of few steps first, until one shows nothing that others have not
    shown. A clock may show the same both times: so values that are the time of today are found too.
    None where nothing varies, or where an edited migration may be why.
    """
    if is_edited_up_to(history, version):
        return None
    found: list[str] = []
    globs: list[str] = []
    for start in sorted(starts, key=lambda one: one.version, reverse=True):
        varying = _walked_twice(history, version, start)
        if found and set(varying.columns) <= set(found):
            break
        found.extend(varying.columns)
        globs.extend(varying.globs)
    if not found:
        return None
    columns = tuple(dict.fromkeys(found))
    drawn = drawn_by_schema(history, version, history.fresh.schema(version), columns)
    return VaryingStep(columns, volatile_line(history, found, globs), drawn)


def drawn_by_schema(
    history: History,
    version: int,
    schema: Schema,
    columns: Collection[str],
    tables: Collection[str] = (),
) -> tuple[Drawing, ...]:
    """Return what in a schema draws the values that vary after the step to ``version``.

    These are the values of ``columns``, and rows of ``tables``.
    """
    application = history.application
    written = application.text(version).decode(errors="replace")
    held = not hasattr(application.source, "upgrade_file")
    return find_drawings(schema, columns, tables, written=written, held=held)


def volatile_line(history: History, columns: Iterable[str], globs: Iterable[str]) -> str:
    """Return the line that adds ``globs`` to the setting, empty where all columns are named."""
    new = [
        glob
        for column, glob in zip(columns, globs, strict=True)
        if not any(fnmatchcase(fold(column), fold(pattern)) for pattern in history.volatile)
    ]
    return history.rules.volatile_line(new) if new else ""


def varying_between(
    history: History, version: int, first: Image, second: Image, *, rebuilt: bool = False
) -> VaryingRows:
    """Return what differs between two databases at ``version``, as far as its lock line asks.

    ``rebuilt`` says that the line is to be written anew, by the settings of today.
    """
    anew = (version,) if rebuilt else ()
    with closing(first.connect()) as one, closing(second.connect()) as other:
        if stored_text(one) != stored_text(other):
            return NOTHING_VARIES
        return find_varying(
            one,
            other,
            volatile=recorded_volatile(history, version, rebuilt=anew),
            ignore=recorded_ignore(history, version, rebuilt=anew),
        )


def present_time(
    history: History, run: TimedRun, version: int, *, rebuilt: bool = False
) -> VaryingRows:
    """Return the columns in which the steps of a run to ``version`` wrote the time of today.

    ``rebuilt`` as in :func:`varying_between`.
    """
    application = history.application
    versions = [v for v in application.versions if run.start.version < v <= version]
    anew = (version,) if rebuilt else ()
    with closing(run.before.connect()) as before, closing(run.after.connect()) as after:
        return find_present_time(
            before,
            after,
            run.span,
            written=b"".join(map(application.text, versions)),
            changed=run.changed,
            volatile=recorded_volatile(history, version, rebuilt=anew),
            ignore=recorded_ignore(history, version, rebuilt=anew),
        )


def _walked_twice(history: History, version: int, start: Start) -> VaryingRows:
    try:
        first, second = (_timed_run(history, version, start, turn) for turn in range(2))
    except MigrationTestError:
        # A lineage that does not arrive is told by itself.
        return NOTHING_VARIES
    return varying_between(history, version, first.after, second.after) or present_time(
        history, second, version
    )


def _timed_run(history: History, version: int, start: Start, turn: int) -> TimedRun:
    """Take a lineage to ``version``, from where the same turn left it for an earlier version."""
    known = _TIMED.setdefault(history, {})
    reached, run = known.get((start, turn), (version, None))
    before = history.store.image(start)
    since, begun = datetime.now(UTC), before
    if run is not None and reached <= version:
        since, begun = run.span.since, run.after
    limits = history.step_limits(start)
    *_, last = walk(history.application.source, begun, to=version, limits=limits)
    run = TimedRun(start, before, last.after, TimeSpan(since, datetime.now(UTC)))
    known[start, turn] = version, run
    return run
