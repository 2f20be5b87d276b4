"""Find out how a project migrates, and write the setting that says so: the command ``init``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.cli.settings_file import SettingsFile, find_settings_file
from pytest_pmd_migrations.cli.whole_file import write_whole
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.sources.found_here import Candidate, find_candidates

__all__ = ["Initial", "choose_source", "write_source"]

_SETTING = "migration_source"
_NOTHING = """\
no migrations were found below {folder}: no alembic.ini, no manage.py, no object of \
sqlite_utils.Migrations, no list that is called MIGRATIONS, and no folder of migrations. Call it \
in the project's folder, or say where they are. A list of SQL and functions in the module app/db.py:
  pmd-migrations init --source app.db:STEPS
A command:
  pmd-migrations init --source "command: myapp migrate --to {{to}} --db {{db}}"\
"""


@dataclass(frozen=True)
class Initial:
    """What is to be written into which file, and whose migrations these are, as far as is known."""

    file: SettingsFile
    source: str
    whose: str


def choose_source(here: Path, source: str) -> Initial:
    """Return what to write for the project around ``here``; ``source`` chooses, if it is not "".

    Nothing of the project is run or imported. Raises SettingError where the setting is there
    already, and where nothing is found, or several candidates are.
    """
    file = find_settings_file(here)
    present = file.settings.get(_SETTING)
    if present:
        raise SettingError(
            f"{shown_path(file.path)} has {file.line(_SETTING, str(present))} already, and it was"
            " left as it is. Take that line out first, or go on: pmd-migrations snapshot"
        )
    found = find_candidates(file.path.parent)
    if source:
        whose = next((one.whose for one in found if one.source == source), "")
        return Initial(file, source, whose)
    if len(found) != 1:
        raise SettingError(_told(file, found))
    return Initial(file, found[0].source, found[0].whose)


def write_source(initial: Initial) -> str:
    """Write the setting, and return its line; the file is replaced as a whole.

    Raises SettingError or SnapshotError where it cannot be written.
    """
    text = initial.file.with_setting(_SETTING, initial.source)
    write_whole(initial.file.path, text.encode())
    return initial.file.line(_SETTING, initial.source)


def _told(file: SettingsFile, found: Sequence[Candidate]) -> str:
    """Return why nobody can choose, with the line and the command for each candidate."""
    if not found:
        return _NOTHING.format(folder=file.path.parent)
    lines = [f"  {file.line(_SETTING, one.source)}  ({one.whose})" for one in found]
    chosen = f"pmd-migrations init --source {shlex.quote(found[0].source)}"
    return "\n".join((f"there are {len(found)} candidates:", *lines, f"Choose one: {chosen}"))
