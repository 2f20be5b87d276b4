"""Cut one migration's own text out of a Python file: the function it is, or another statement."""

from __future__ import annotations

import ast
from functools import lru_cache

from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["statement_text"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def statement_text(location: Location, content: bytes) -> bytes | None:
    """Return the text of the statement that begins at the line of the location.

    That is mostly a function, with its decorators: it begins at the first of these, or at its
    ``def``. ``content`` is that of the whole file. None where no statement begins there, and where
    the file is not Python.
    """
    if location.path.suffix != ".py":
        return None
    tree = _parsed(content)
    if tree is None:
        return None
    # The outermost comes first.
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            decorators = node.decorator_list if isinstance(node, _Definition) else []
            first = min([node.lineno, *(one.lineno for one in decorators)])
            if first <= location.line <= node.lineno:
                lines = content.splitlines(keepends=True)
                return b"".join(lines[first - 1 : node.end_lineno]).rstrip(b"\r\n")
    return None


@lru_cache(maxsize=4)
def _parsed(content: bytes) -> ast.Module | None:
    """Return the tree of a file; None where it is not Python. Each step of it asks again."""
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError):
        return None
