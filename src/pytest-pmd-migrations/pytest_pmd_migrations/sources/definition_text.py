"""Cut one migration's own text out of a Python file: the function or class it is written as."""

from __future__ import annotations

import ast

from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["definition_text"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definition_text(location: Location, content: bytes) -> bytes | None:
    """Return the text of the function or class whose first line the location names.

    That is the line of its ``def`` or ``class`` or of a decorator; decorators are part of the
    text. ``content`` is that of the whole file. None where no definition begins there, and where
    the file is not Python.
    """
    if location.path.suffix != ".py":
        return None
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, _Definition):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= location.line <= node.lineno:
                lines = content.splitlines(keepends=True)
                return b"".join(lines[first - 1 : node.end_lineno])
    return None
