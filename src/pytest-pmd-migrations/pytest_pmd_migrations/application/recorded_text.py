"""Compare the text of each migration with its lock line: edited, renamed, renumbered, replaced.

A migration is known by its text: a released one whose text stands under another number or in
another file was moved, whatever stands in its old place now.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from pytest_pmd_migrations.application.application import Application, name_in_file
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.snapshots.lock_file import VersionLine, digests_as, text_digest

__all__ = [
    "Moved",
    "edited_after_release",
    "find_moved",
    "holds_others",
    "is_edited",
    "recorded_text",
    "surely_edited",
]

_OWN = "step-"
"""Before the digest of a migration's own text, where its file holds others too."""


class Moved(NamedTuple):
    """What became of a released migration whose text or name is no longer in its place.

    ``was`` and ``now`` are the names of its file, or of the step in it, before and now; of one
    that was replaced, ``now`` is what stands in its place. ``version`` is the number of ``now``.
    """

    how: Literal["renamed", "renumbered", "replaced"]
    was: str
    now: str
    version: int


def recorded_text(application: Application, version: int) -> str:
    """Return the digest of a migration's text as a lock line records it."""
    own = application.own_text(version)
    if own is None:
        return text_digest(application.file_text(version))
    return _OWN + text_digest(own)


def holds_others(line: VersionLine) -> bool:
    """Return whether the file that a lock line names held other migrations, too."""
    return line.text.startswith(_OWN)


def is_edited(history: History, version: int) -> bool:
    """Return whether a migration's text is another than recorded, as far as that can be told.

    A lock line may record the digest of a whole file that holds other migrations too: where that
    file changed, this one may have.
    """
    line = history.store.lock_file.versions.get(version)
    return line is not None and not _is_text_of(history.application, version, line)


def surely_edited(history: History, version: int) -> bool:
    """Return whether it was this migration's own text that changed."""
    line = history.store.lock_file.versions.get(version)
    if line is None or not is_edited(history, version):
        return False
    own = history.application.own_text(version) is not None
    return line.text.startswith(_OWN) == own


def edited_after_release(history: History, version: int) -> bool:
    """Return whether a released migration's own text is another one now, in its own place."""
    line = history.store.lock_file.versions.get(version)
    if line is None or not line.released or not surely_edited(history, version):
        return False
    return find_moved(history, version) is None


def find_moved(history: History, version: int) -> Moved | None:
    """Return where a released migration went that is no longer in its place, None where it is.

    One that was edited under its own name stays in its place.
    """
    application = history.application
    line = history.store.lock_file.versions.get(version)
    if line is None or not line.released:
        return None
    there = version in application.versions
    if there and _is_text_of(application, version, line):
        if _in_its_file(application, version, line):
            return None
        return Moved("renamed", line.file, application.file_name(version), version)
    for other in application.versions:
        if other != version and _moved_to(history, other, version, line):
            now = application.step_name(other)
            was = line.file
            if now != application.file_name(other) and holds_others(line):
                was = name_in_file(line.file, version, line.label)
            return Moved("renumbered", was, now, other)
    if there and not _in_its_file(application, version, line):
        return Moved("replaced", line.file, application.file_name(version), version)
    return None


def _in_its_file(application: Application, version: int, line: VersionLine) -> bool:
    """Return whether a migration is in the file that is recorded.

    Either name may have folders before it, which tell files of one name apart.
    """
    now, was = PurePosixPath(application.file_name(version)), PurePosixPath(line.file)
    shared = min(len(now.parts), len(was.parts))
    return now.parts[-shared:] == was.parts[-shared:]


def _is_text_of(application: Application, version: int, line: VersionLine) -> bool:
    """Return whether a migration has the recorded text, its own or that of its file."""
    if not line.text.startswith(_OWN):
        return text_digest(application.file_text(version)) == line.text
    own = application.own_text(version)
    return own is not None and _OWN + text_digest(own) == line.text


def _moved_to(history: History, other: int, version: int, line: VersionLine) -> bool:
    """Return whether the text that was released as ``version`` is that of ``other`` now."""
    known = history.store.lock_file.versions.get(other)
    if known is not None and known.text == line.text:
        return False
    try:
        own = history.application.own_text(other)
        text = history.application.file_text(other) if own is None else own
    except SourceError:
        return False
    prefix = "" if own is None else _OWN
    return line.text in {prefix + digest for digest in digests_as(text, other, version)}
