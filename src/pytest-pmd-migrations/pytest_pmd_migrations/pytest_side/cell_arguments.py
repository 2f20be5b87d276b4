"""Tell which arguments of a pytest run are ids of cells, as pytest prints them in any folder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_pmd_migrations.grid.cells import PREFIX
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["split_arguments"]

_CELL = re.compile(rf"(?P<folder>(?:(?!::).)*[/\\])?(?P<id>{PREFIX}.*)", re.DOTALL)
_SETTINGS = (
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
)


def split_arguments(
    arguments: Sequence[str], *, here: Path, root: Path
) -> tuple[list[str], list[str]]:
    """Return the ids of cells among the arguments of a run, and the others.

    ``here`` is the folder in which the run began, ``root`` its root folder; the way from one to the
    other stands before an id, as pytest prints it (``par/migrations::0003[again]``). Raises
    UsageError for the id of another project, which has a settings file in that folder.
    """
    ids, others = [], []
    for argument in arguments:
        found = _CELL.fullmatch(argument)
        if found is None:
            others.append(argument)
            continue
        _refuse_other_project(argument, (here / (found["folder"] or ".")).resolve(), root)
        ids.append(found["id"])
    return ids, others


def _refuse_other_project(argument: str, folder: Path, root: Path) -> None:
    if folder == root.resolve():
        return
    for name in _SETTINGS:
        if (folder / name).is_file():
            command = shlex.join(["pytest", "-c", shown_path(folder / name), argument])
            raise pytest.UsageError(
                f"{argument} is a cell of the project in {shown_path(folder)}, whose settings this"
                f" run has not read. Run: {command}"
            )
