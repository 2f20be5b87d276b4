"""Find the first unreleased migration that was changed after its snapshot was built.

Its snapshot, and those of all later versions, which were built from it, are stale: what happens to
them tells nothing of the migrations there are now.
"""

from __future__ import annotations

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import RowDigester, recorded_ignore
from pytest_pmd_migrations.application.recorded_text import is_edited
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.snapshots.lock_file import VersionLine
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

__all__ = ["OF_ITS_PROCESS", "first_changed", "is_edited_up_to", "is_stale"]

OF_ITS_PROCESS = (
    "it depends on the process (the order of a set, a number of the process), on the environment,"
    " or on code outside its file"
)
"""Why a migration whose text is the same does something else."""


def first_changed(history: History) -> int | None:
    """Return the first version that gives other than recorded, None where it is released.

    Another schema tells by itself. Other rows tell only where the text of the migration was edited
    too: a step that asks the clock gives others every time.
    """
    for version, line in sorted(history.store.lock_file.versions.items()):
        if version not in history.application.versions:
            continue
        try:
            ignored = recorded_ignore(history, version)
            schema = history.fresh.schema(version).without(ignored).fingerprint
        except MigrationTestError:
            # The step that hinders it is at fault, and is told by itself.
            return None
        if schema != line.schema:
            return None if line.released else version
        if (
            not line.released
            and is_edited(history, version)
            and _other_rows(history, version, line)
        ):
            return version
    return None


def is_stale(history: History, start: Start, changed: int | None) -> bool:
    """Return whether a snapshot was built by other migrations, ``changed`` the first of them.

    A variant was stored by a person, and a released snapshot is history.
    """
    if changed is None or not isinstance(start, SnapshotName) or start.variant:
        return False
    line = history.store.lock_file.versions.get(start.version)
    return start.version >= changed and line is not None and not line.released


def is_edited_up_to(history: History, version: int) -> bool:
    """Return whether the text of a migration up to that version is another than recorded."""
    versions = history.application.versions
    return any(is_edited(history, earlier) for earlier in versions if earlier <= version)


def _other_rows(history: History, version: int, line: VersionLine) -> bool:
    """Return whether some lineage has other rows after the step than recorded."""
    for start, recorded in line.rows.items():
        if start != FRESH and start not in history.supported:
            continue
        digester, found = RowDigester(history), recorded
        try:
            image, limits = history.store.image(start), history.step_limits(start)
            for step in walk(history.application.source, image, to=version, limits=limits):
                found = digester.digest(step).whole
        except MigrationTestError:
            continue
        if found != recorded:
            return True
    return False
