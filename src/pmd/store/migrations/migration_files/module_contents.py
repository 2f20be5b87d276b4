"""Read what a migration's module defines, and refuse what cannot run as a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from pmd.store.migrations.errors import InvalidMigrationError

__all__ = [
    "check_version",
    "read_atomic",
    "read_declarations",
    "read_description",
    "read_excuses",
    "read_up",
]

_CONDITION = '("<SQL over the old row>", "<reason>")'
_FORMS = {
    "DELETES": f'a dict, {{"table": {_CONDITION}}} for some rows,'
    ' {"table": "DROP"} or {"table.column": "DROP"} for all rows or values',
    "CHANGES": f'a dict, {{"table.column": {_CONDITION}}}',
    "MOVES": 'a dict, {"old_table.column": "new_table.column"}',
}
_EXCUSES = ("GUARDS", "ORPHANS", "SEQUENCES", "COPIES", "DANGLING", "NEEDS_ROWS")


def check_version(module: ModuleType, path: Path, version: int) -> None:
    """Raise InvalidMigrationError unless the module's VERSION is the number in its name."""
    if not hasattr(module, "VERSION"):
        raise InvalidMigrationError(path, f"has no VERSION; expected VERSION = {version}.")
    found = module.VERSION
    if type(found) is not int or found != version:
        raise InvalidMigrationError(
            path,
            f"VERSION is {found!r}, but the number in its name is {version};"
            " expected the two to agree.",
        )


def read_description(module: ModuleType, path: Path, *, default: str) -> str:
    """Return DESCRIPTION, or `default`; InvalidMigrationError for one that is no text."""
    description = getattr(module, "DESCRIPTION", default)
    if not isinstance(description, str):
        raise InvalidMigrationError(path, f"DESCRIPTION is {description!r}; expected a text.")
    return description


def read_up(module: ModuleType, path: Path) -> Callable[[Any], object]:
    """Return the function `up`; InvalidMigrationError unless it runs when called as `up(db)`."""
    up = getattr(module, "up", None)
    if not callable(up):
        raise InvalidMigrationError(path, "has no up; expected a function up(db).")
    if (
        inspect.iscoroutinefunction(up)
        or inspect.isgeneratorfunction(up)
        or inspect.isasyncgenfunction(up)
    ):
        raise InvalidMigrationError(
            path,
            "its up would not run when called: it is async or a generator; expected a plain"
            " function up(db).",
        )
    if not _takes_one(up):
        try:
            inspect.signature(up).bind(None)
        except TypeError as error:
            raise InvalidMigrationError(
                path, f"its up cannot be called as up(db): {error}."
            ) from error
    return up  # type: ignore[no-any-return]  # whatever it returns is not looked at


def read_atomic(module: ModuleType, path: Path) -> bool:
    """Return ATOMIC, or True; InvalidMigrationError for anything but a bool."""
    value = getattr(module, "ATOMIC", True)
    if not isinstance(value, bool):
        raise InvalidMigrationError(path, f"ATOMIC is {value!r}; expected True or False.")
    return value


def read_declarations(module: ModuleType, path: Path, name: str) -> Mapping[str, Any]:
    """Return the constant DELETES, CHANGES or MOVES as it is written; empty where it is absent.

    Raises InvalidMigrationError for one that is no dict; its entries are not looked at.
    """
    value = getattr(module, name, {})
    if not isinstance(value, (dict, Mapping)):
        raise InvalidMigrationError(path, f"{name} is {value!r}; expected {_FORMS[name]}.")
    return value


def read_excuses(module: ModuleType, path: Path) -> Mapping[str, Any]:
    """Return GUARDS, ORPHANS, SEQUENCES, COPIES, DANGLING, NEEDS_ROWS, AGAIN, where they are there.

    Raises InvalidMigrationError for an AGAIN that is no text, and another that is no dict; entries
    are not looked at.
    """
    found: dict[str, Any] = {}
    for name in _EXCUSES:
        if hasattr(module, name):
            found[name] = getattr(module, name)
            if not isinstance(found[name], (dict, Mapping)):
                raise InvalidMigrationError(
                    path, f'{name} is {found[name]!r}; expected a dict, {{"name": "<reason>"}}.'
                )
    if hasattr(module, "AGAIN"):
        found["AGAIN"] = module.AGAIN
        if not isinstance(module.AGAIN, str):
            raise InvalidMigrationError(
                path, f"AGAIN is {module.AGAIN!r}; expected a text, the reason."
            )
    return found


def _takes_one(up: Callable[..., object]) -> bool:
    """Return whether this is plainly a function of one argument, as nearly every `up` is."""
    code = up.__code__ if isinstance(up, FunctionType) else None
    return code is not None and code.co_argcount == 1 and not code.co_kwonlyargcount
