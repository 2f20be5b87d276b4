"""Scripts whose names begin with a number: what several tools have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["LARGEST", "numbered", "refuse_doubled"]

LARGEST = 2**63 - 1
"""What a 64-bit integer can hold, as these tools have their numbers."""

_NUMBERED = re.compile(r"(?P<number>\d+)_(?P<name>.*)\.sql")


def numbered(folder: SqlFolder) -> list[tuple[Path, str, str]]:
    """Return the scripts that are named ``N_name.sql``: each with N as written, and the name."""
    found = []
    for path in folder.files:
        match = _NUMBERED.fullmatch(path.name)
        if match is None:
            continue
        if int(match["number"]) > LARGEST:
            raise SourceError(
                f"{folder.named}: {path.name} has a number over {LARGEST}; expected one"
                " that the tool can hold"
            )
        found.append((path, match["number"], match["name"]))
    return found


def refuse_doubled(scripts: Iterable[Script], folder: SqlFolder) -> Sequence[Script]:
    """Return the scripts; raises SourceError where two have the same id."""
    known: dict[int | str, Script] = {}
    for script in scripts:
        other = known.setdefault(script.mark, script)
        if other is not script:
            names = f"{folder.shown(other.path)} and {folder.shown(script.path)}"
            raise SourceError(
                f"{folder.named}: two migrations have the id {script.label}: {names};"
                " expected one. Renumber the"
                " newer one"
            )
    return list(known.values())
