"""Find the values that a step makes otherwise each time, and the setting that says so."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_pmd_migrations.application.changed import is_edited
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import recorded_volatile
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import NOTHING_VARIES, VaryingRows, find_varying
from pytest_pmd_migrations.schema import stored_text
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

__all__ = ["VaryingStep", "find_varying_step", "varying_between"]


@dataclass(frozen=True)
class VaryingStep:
    """A step whose values differ from run to run, though SQL's clock and dice are held.

    They are due to a clock, dice or a file of the step's own. ``columns`` are names such as
    ``"notes.token"``; ``line`` is the setting that says so, empty where the setting does already.
    """

    columns: tuple[str, ...]
    line: str


def find_varying_step(
    history: History, version: int, starts: Iterable[Start]
) -> VaryingStep | None:
    """Return what varies after the step to ``version``, of the lineages that gave other rows.

    Each is walked twice. A clock may show the same both times: so the stored snapshot, which is
    older, is asked too. None where nothing varies, or where an edited migration may be why.
    """
    if any(is_edited(history, v) for v in history.application.versions if v <= version):
        return None
    found: list[str] = []
    globs: list[str] = []
    for varying in (
        *(_walked_twice(history, version, start) for start in starts),
        _unlike_stored(history, version),
    ):
        found.extend(varying.columns)
        globs.extend(varying.globs)
    if not found:
        return None
    return VaryingStep(tuple(dict.fromkeys(found)), volatile_line(history, found, globs))


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
            ignore=history.rules.ignore_patterns,
        )


def _walked_twice(history: History, version: int, start: Start) -> VaryingRows:
    try:
        return varying_between(
            history,
            version,
            _end_of_walk(history, version, start),
            _end_of_walk(history, version, start),
        )
    except MigrationTestError:
        # A lineage that does not arrive is told by itself.
        return NOTHING_VARIES


def _unlike_stored(history: History, version: int) -> VaryingRows:
    """Return what differs from the stored snapshot, which was built from the newest older one."""
    stored = SnapshotName(version)
    names = [name for name in history.store.names if not name.variant]
    if stored not in names:
        return NOTHING_VARIES
    base: Start = max((name for name in names if name.version < version), default=FRESH)
    try:
        now = _end_of_walk(history, version, base)
        return varying_between(history, version, history.store.read(stored), now)
    except MigrationTestError:
        return NOTHING_VARIES


def _end_of_walk(history: History, version: int, start: Start) -> Image:
    *_, last = walk(history.application.source, history.store.image(start), to=version)
    return last.after
