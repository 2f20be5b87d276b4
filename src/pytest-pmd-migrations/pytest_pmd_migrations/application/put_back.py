"""Find the file that a lock line names, and say how a migration gets back that it has no more.

Where several migrations have files of one name, the line names the folder before it, too: so one
that was alone when it was stored has a longer name since the next one came.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pytest_pmd_migrations.application.application import name_in_file
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import holds_others
from pytest_pmd_migrations.git.history import committed, how_to_restore
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["mend_removed", "moved_piece", "path_of", "put_back", "removed_name"]


def path_of(file: str, path: Path) -> Path:
    """Return the path of the file that a lock line names, beside a migration that is there."""
    return path.parents[len(PurePosixPath(file).parts) - 1] / file


def moved_piece(now: Path, was: Path) -> tuple[Path, Path]:
    """Return what to move where, so that a file is where it was: the file, or the folder of one.

    Tools with a folder for each migration give all files one name.
    """
    return (now.parent, was.parent) if now.name == was.name else (now, was)


def removed_name(history: History, version: int) -> str:
    """Return how messages name a recorded migration that the source no longer has."""
    line = history.store.lock_file.versions[version]
    return name_in_file(line.file, version, line.label) if holds_others(line) else line.file


def put_back(history: History, version: int) -> str:
    """Return what to do for a recorded migration that the source no longer has.

    Its file may hold others, with work in it that git does not have yet: it is not restored.
    """
    application, line = history.application, history.store.lock_file.versions[version]
    there = (application.location(other).path for other in reversed(application.versions))
    # A project may have several folders of migrations.
    paths = [*dict.fromkeys(path_of(line.file, one) for one in there)]
    missing = [path for path in paths if not path.exists()]
    path = next((one for one in missing if committed(one) is not None), paths[0])
    if not path.exists():
        return how_to_restore(path)
    if holds_others(line):
        return f"Put it back into {shown_path(path)}, in its old place"
    return "Restore it from version control"


def mend_removed(history: History, version: int) -> tuple[str, ...]:
    """Return the same as lines of a finding."""
    mend = put_back(history, version)
    if not mend.startswith("git "):
        return (f"{mend}.",)
    file = history.store.lock_file.versions[version].file
    return (f"Restore {file} under its old number:", f"  {mend}")
