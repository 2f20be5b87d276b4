"""Tell of a released migration that stands under another number, or in whose place another stands.

Databases that were at its number never run what stands there now. That is the newcomer: the file
that the lock file does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from pytest_pmd_migrations.application.doubled_number import free_name
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.put_back import moved_piece, path_of
from pytest_pmd_migrations.application.recorded_text import Moved, find_moved
from pytest_pmd_migrations.checks.model import Finding
from pytest_pmd_migrations.git.history import how_to_move, how_to_restore
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["Things", "changes_of", "mend_moved", "moved_finding"]

Things: TypeAlias = frozenset[tuple[str, ...]]


def changes_of(version: int) -> Things:
    """Return what makes all findings that come from one changed migration the same."""
    return frozenset({("changed", format_version(version))})


def moved_finding(
    history: History, version: int, moved: Moved, difference: Sequence[str] = ()
) -> Finding:
    """Return the finding that a released migration is no longer in its place.

    ``difference`` are the lines that say what is built in its place.
    """
    title = history.application.title(version)
    told = [f"{LOCK_FILE} has {moved.was} as released {title}."]
    if moved.how == "renumbered":
        told.append(f"Its text stands in {moved.now} now: databases at {title} would run it again.")
    newcomer = _newcomer(history, version)
    if newcomer:
        told.append(f"{newcomer} is not known there: databases at {title} never run it.")
    lines = [*wrap_text(" ".join(told)), *difference, "", *mend_moved(history, version, moved)]
    what = f"was {moved.how} " + ("to" if moved.how == "renumbered" else "by")
    first = headline(f"{moved.was} {what} {moved.now}")
    things = changes_of(version)
    return Finding(first, tuple(lines), version, things=things).showing_no_rows()


def mend_moved(history: History, version: int, moved: Moved) -> Iterator[str]:
    """Yield what to do about a released migration that is no longer in its place."""
    application, lock_file = history.application, history.store.lock_file
    newcomer = _newcomer(history, version)
    path = application.location(moved.version).path
    old = path_of(lock_file.versions[version].file, path)
    in_its_file = application.file_name(moved.version) == moved.now
    if moved.how == "renumbered" and in_its_file and old.exists():
        # It is in the way: git would refuse, and mv overwrite it.
        other = newcomer or f"{old.name}, another released one,"
        told = f"Give {other} the next free number, and the released one its number back"
        if old.name == path.name:
            # The number is that of its folder, by rules of the tool's own.
            yield f"{told}, in the place of {moved.now}."
            return
        yield f"{told}:"
        yield f"{how_to_move(old, free_name(old, lock_file))} && {how_to_move(path, old)}"
        return
    if newcomer:
        yield f"Give {newcomer} the next free number."
    if moved.how == "replaced":
        yield f"Put the released one back: {how_to_restore(old)}"
    elif in_its_file:
        yield f"Give the released one its number back: {how_to_move(*moved_piece(path, old))}"
    else:
        yield f"Give {moved.now} its number {format_version(version)} back."


def _newcomer(history: History, version: int) -> str:
    """Return the name of what stands in the place of a released migration.

    Empty where nothing does, or another released one: that one's own finding tells of it.
    """
    application = history.application
    if version not in application.versions:
        return ""
    for other in history.store.lock_file.versions:
        moved = find_moved(history, other) if other != version else None
        if moved is not None and moved.version == version:
            return ""
    return application.step_name(version)
