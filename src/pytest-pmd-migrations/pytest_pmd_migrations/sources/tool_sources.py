"""Choose the source of a known tool by what ``migration_source`` says.

Each tool has a module of its own, which is imported when it is chosen; the tool itself is in the
application's environment, or it is named as missing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["is_command_line", "tool_source"]

_MODULES: dict[str, str] = {
    "alembic": "alembic.settings",
    "command": "command.choose",
    "django": "django",
    "fastmigrate": "fastmigrate",
    "flask": "alembic.flask",
    "yoyo": "yoyo",
}
"""The module of this package for each tool, by what stands before the setting's colon."""

_ALONE: frozenset[str] = frozenset({"alembic", "django", "flask"})
"""The tools whose name alone says enough."""


def tool_source(text: str, root: Path, named: str) -> object | None:
    """Return the source of the tool that ``text`` names, None where it names none.

    ``root`` is the root folder, ``named`` how messages name the setting.
    Raises SourceError, one line, where the tool or the project cannot be used.
    """
    tool, colon, _ = text.partition(":")
    module = _MODULES.get(tool) if colon or tool in _ALONE else None
    if module is None and text.endswith(".ini"):
        module = _MODULES["alembic"]
    if module is None:
        return None
    return _make(module)(text, root, named)


def is_command_line(text: str) -> bool:
    """Return whether the text of a tool's source is a command line."""
    return text.partition(":")[0] == "command"


def _make(module: str) -> Callable[[str, Path, str], object]:
    found: Any = importlib.import_module(f"pytest_pmd_migrations.sources.{module}")
    make: Callable[[str, Path, str], object] = found.make_source
    return make
