"""Tell what functions want to be called with: a connection, a cursor, or a ``Database``.

The latter is that of sqlite-utils. A function says so by an annotation, by what it does with its
first parameter, or by calling it a cursor.
"""

from __future__ import annotations

import ast
import inspect
import sqlite3
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

from pytest_pmd_migrations.errors import RunnerFailedError
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.sources.in_python.function_location import written_function

__all__ = ["Function", "Wanted", "refuse_other_kind", "wanted_arguments"]

Function: TypeAlias = Callable[..., Any]
Wanted = Literal["connection", "cursor", "database"]

_BY_ANNOTATION: dict[str, Wanted] = {
    "Connection": "connection",
    "Cursor": "cursor",
    "Database": "database",
}
_NAMES_OF_CURSORS = frozenset(("cursor", "cur", "curs", "crsr"))
_OF_SQLITE3: tuple[tuple[Wanted, type], ...] = (
    ("connection", sqlite3.Connection),
    ("cursor", sqlite3.Cursor),
)
_OF_A_DATABASE_TOO = frozenset(("close", "execute", "executescript", "iterdump"))
"""What sqlite3 and sqlite-utils have under one name."""


def wanted_arguments(functions: Iterable[Function]) -> Sequence[Wanted]:
    """Return what each function wants, in their order.

    One that shows nothing wants a ``Database`` where others of its list do, and none a connection.
    """
    wanted = [_wanted_by(function) for function in functions]
    of_database = "database" in wanted and "connection" not in wanted
    return [want or ("database" if of_database else "connection") for want in wanted]


def refuse_other_kind(name: str, given: object, error: AttributeError) -> None:
    """Raise RunnerFailedError where a function used ``given`` as what it is not; else do nothing.

    ``error`` is what the function raised.
    """
    kinds = [kind for _, kind in _OF_SQLITE3 if hasattr(kind, error.name or "")]
    if error.obj is not given or len(kinds) != 1:
        return
    was = next((want for want, kind in _OF_SQLITE3 if isinstance(given, kind)), "Database")
    wanted = f"sqlite3.{kinds[0].__name__}"
    raise RunnerFailedError(
        f"{name} was called with a {was}, and uses it as a {kinds[0].__name__.lower()}:"
        f" {raised_where(error)}; expected its parameter to say what it wants, as in"
        f" def step(x: {wanted})"
    ) from error


def _wanted_by(function: Function) -> Wanted | None:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if not parameters:
        return None
    first = parameters[0]
    annotation = str(getattr(first.annotation, "__name__", first.annotation))
    said = _BY_ANNOTATION.get(annotation.rpartition(".")[2].strip("'\""))
    return said or _used_as(function, first.name)


def _used_as(function: Function, name: str) -> Wanted | None:
    """Return what a function uses its parameter as, as far as its text shows that."""
    fits: set[Wanted] = {"connection", "cursor", "database"}
    for node in ast.walk(_written(function)):
        fits = fits & _fitting(node, name) or fits
    if "cursor" in fits and (len(fits) == 1 or name.lower() in _NAMES_OF_CURSORS):
        return "cursor"
    if "database" not in fits:
        return "connection"
    return "database" if len(fits) == 1 else None


def _written(function: Function) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(written_function(function))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return ast.Module([], [])


def _fitting(node: ast.AST, name: str) -> set[Wanted]:
    """Return what a parameter may be that a node of the tree uses; nothing where it does not."""
    match node:
        case ast.Subscript(value=ast.Name(id=used)) if used == name:
            return {"database"}
        case ast.For(iter=ast.Name(id=used)) | ast.comprehension(iter=ast.Name(id=used)) if (
            used == name
        ):
            return {"cursor"}
        case ast.Attribute(value=ast.Name(id=used), attr=attribute) if used == name:
            fits = {want for want, kind in _OF_SQLITE3 if hasattr(kind, attribute)}
            return fits if fits and attribute not in _OF_A_DATABASE_TOO else {"database", *fits}
    return set()
