"""Tell what functions want to be called with: a connection, or a ``Database`` of sqlite-utils.

They say so by an annotation, or by what they do with their first parameter.
"""

from __future__ import annotations

import ast
import inspect
import sqlite3
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

from pytest_pmd_migrations.sources.in_python.function_location import written_function

__all__ = ["Function", "want_database"]

Function: TypeAlias = Callable[..., Any]
_Wanted = Literal["connection", "database", ""]

_OF_BOTH = frozenset(("close", "execute", "executescript", "iterdump"))
"""What both have under one name."""


def want_database(functions: Iterable[Function]) -> Sequence[Function]:
    """Return the functions that want a ``Database``.

    One that shows nothing wants what the others of its list do.
    """
    # An instance that can be called need not have a hash.
    wanted = [(function, _wanted_by(function)) for function in functions]
    others = {want for _, want in wanted}
    by_default = "database" in others and "connection" not in others
    return [
        function for function, want in wanted if want == "database" or (not want and by_default)
    ]


def _wanted_by(function: Function) -> _Wanted:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return ""
    if not parameters:
        return ""
    first = parameters[0]
    annotation = str(getattr(first.annotation, "__name__", first.annotation))
    if annotation.rpartition(".")[2].strip("'\"") == "Database":
        return "database"
    if annotation.rpartition(".")[2].strip("'\"") == "Connection":
        return "connection"
    return _used_as(function, first.name)


def _used_as(function: Function, name: str) -> _Wanted:
    """Return what a function uses its parameter as, as far as its text shows that."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(written_function(function))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Subscript, ast.Attribute)):
            continue
        if not (isinstance(node.value, ast.Name) and node.value.id == name):
            continue
        if isinstance(node, ast.Subscript) or not hasattr(sqlite3.Connection, node.attr):
            return "database"
        if node.attr not in _OF_BOTH:
            return "connection"
    return ""
