"""Find which settings a Django project has: as pytest-django, and as its manage.py would."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["VARIABLE", "SettingsModule", "find_settings"]

VARIABLE = "DJANGO_SETTINGS_MODULE"
"""The environment variable, and pytest's setting, that name the module."""

_WRITTEN = re.compile(VARIABLE + r"""["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']""")
_MANAGE = "manage.py"


@dataclass(frozen=True)
class SettingsModule:
    """A module of settings, who named it, and the folder that it is imported from."""

    name: str
    told_by: str
    folder: Path


def find_settings(root: Path, ini: str, named: str) -> SettingsModule:
    """Return the settings of the project at ``root``.

    They are those of the environment, else of pytest's setting (``ini``), else of the line in
    ``manage.py``, which is read and not run. Raises SourceError where there are none, or several.
    """
    told = _told_by_manage(root)
    folder = told[0].folder if told else root
    if os.environ.get(VARIABLE):
        return SettingsModule(os.environ[VARIABLE], f"the environment's {VARIABLE}", folder)
    if ini:
        return SettingsModule(ini, f"pytest's setting {VARIABLE}", folder)
    if len({each.name for each in told}) > 1:
        names = ", ".join(f"{each.name} ({each.told_by})" for each in told)
        raise SourceError(
            f"{named}: several projects are below {shown_path(root)}: {names}. Name the settings of"
            f" one: {VARIABLE}={told[0].name} in the environment, or, with pytest-django, in"
            " pytest's settings"
        )
    if not told:
        raise SourceError(
            f"{named}: no Django settings were found: the environment has no {VARIABLE}, pytest's"
            f" settings have none that pytest-django reads, and no {_MANAGE} in {shown_path(root)}"
            f" names a module. Name it: {VARIABLE}=mysite.settings in the environment, or, with"
            " pytest-django, in pytest's settings"
        )
    return told[0]


def _told_by_manage(root: Path) -> list[SettingsModule]:
    found = []
    for file in (root / _MANAGE, *sorted(root.glob(f"*/{_MANAGE}"))):
        if file.is_file() and not file.parent.name.startswith("."):
            written = _WRITTEN.search(file.read_text(encoding="utf-8", errors="replace"))
            if written:
                found.append(SettingsModule(written[1], shown_path(file), file.parent))
    return found
