"""Tell which differences from a fresh database come from a released migration that was changed.

Fresh databases are built by what stands there now: one that was stored with the released text
differs from them, and no SQL mends that. The mend is to put the released one back.
"""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.new_migration import how_to_begin
from pytest_pmd_migrations.application.put_back import mend_removed, removed_name
from pytest_pmd_migrations.application.recorded_text import find_moved
from pytest_pmd_migrations.checks.moved_migration import mend_moved
from pytest_pmd_migrations.checks.result_and_culprit import Culprit, culprit_of
from pytest_pmd_migrations.schema import Difference, read_schema
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["ChangedRelease", "changed_release", "identity_of"]


class ChangedRelease(NamedTuple):
    """What became of a released migration, how that is mended, and the differences it makes.

    ``what`` is the whole sentence that the check ``frozen`` begins with; ``mend`` are lines.
    """

    what: str
    mend: tuple[str, ...]
    made: frozenset[tuple[str, ...]]

    def makes(self, difference: Difference) -> bool:
        """Return whether a difference from fresh comes from this change alone."""
        return identity_of(difference) in self.made


def identity_of(difference: Difference) -> tuple[str, ...]:
    """Return what makes a difference the same one in another lineage."""
    sides = (str(difference.upgraded), str(difference.fresh))
    return difference.kind, difference.object, difference.part, *sides


def changed_release(history: History, version: int) -> ChangedRelease | None:
    """Return the changed release that fresh databases at ``version`` differ from stored ones by.

    None where nothing released was changed, or no database with the released result is stored
    that would tell which differences come from it.
    """
    name, culprit = SnapshotName(version), culprit_of(history, version, ())
    if culprit is None or name not in history.store.names:
        return None
    line = history.store.lock_file.versions.get(culprit.version)
    if culprit.was == "edited" and (line is None or not line.released):
        return None
    with closing(history.store.read(name).connect()) as conn:
        differences = history.difference(read_schema(conn), version).differences
    what, mend = _told(history, culprit)
    return ChangedRelease(what, mend, frozenset(map(identity_of, differences)))


def _told(history: History, culprit: Culprit) -> tuple[str, tuple[str, ...]]:
    """Return what became of a migration, and the lines that say what to do."""
    application, version = history.application, culprit.version
    moved = find_moved(history, version)
    if moved is not None and moved.how != "renamed":
        what = f"{moved.was} was {moved.how} {'to' if moved.how == 'renumbered' else 'by'}"
        return f"{what} {moved.now}", tuple(mend_moved(history, version, moved))
    if culprit.was == "removed":
        name = removed_name(history, version)
        return f"{name} was removed after release", mend_removed(history, version)
    name = application.step_name(version)
    if culprit.was == "inserted":
        return f"{name} was inserted before a release", (f"Give {name} the next free number.",)
    return f"{name} was edited after release", (
        "Undo the edit and put the change into a new migration:",
        f"  {how_to_begin(application, 'describe the change')}",
    )
