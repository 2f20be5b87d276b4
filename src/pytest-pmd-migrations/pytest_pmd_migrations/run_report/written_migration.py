"""Say of a migration's file where it is and what it is for, for the timeline of a report."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.messages.printable import printable_line

__all__ = ["described", "path_below"]

_NUMBER = re.compile(r"^[A-Za-z]?\d[\d._-]*?(?:__?|-)|^[0-9a-f]{12}_")
_LONGEST = 200


def path_below(root: Path, path: Path) -> str:
    """Return a path as a reader of the project knows it: below its root, else in full."""
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return printable_line(shown.as_posix())


def described(path: Path) -> str:
    """Return what a migration is for: its DESCRIPTION, its docstring, or the words of its name."""
    text = _told(path) if path.suffix == ".py" else ""
    if not text:
        text = _NUMBER.sub("", path.stem).replace("_", " ").replace("-", " ")
    first = text.strip().partition("\n")[0].strip()
    return printable_line(first if len(first) <= _LONGEST else f"{first[: _LONGEST - 3]}...")


def _told(path: Path) -> str:
    """Return the DESCRIPTION of a module, else the first line of its docstring."""
    try:
        module = ast.parse(read_regular(path))
    except (OSError, SyntaxError, ValueError, RecursionError):
        # The cells of the version say what is wrong with it.
        return ""
    for node in module.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="DESCRIPTION")], value=ast.Constant(value=str(text))
            ):
                return text
            case ast.AnnAssign(
                target=ast.Name(id="DESCRIPTION"), value=ast.Constant(value=str(text))
            ):
                return text
    return ast.get_docstring(module) or ""
