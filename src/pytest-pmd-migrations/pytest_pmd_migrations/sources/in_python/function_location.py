"""Say where a migration that is a function is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["location_of_function", "written_function"]


def location_of_function(function: Callable[..., Any]) -> Location:
    """Return the file of a function and the line where it begins, below its decorators.

    Raises SourceError where Python does not know it.
    """
    own = _without_arguments(function)
    name = getattr(own, "__name__", type(own).__name__)
    code = getattr(written_function(own), "__code__", None)
    if code is None or code.co_filename.startswith("<"):
        raise SourceError(f"{name!r} has no file; expected a function that is written in a module")
    return Location(Path(code.co_filename), code.co_firstlineno)


def written_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what is written out for a call: below decorators, in a partial, or in a class."""
    own = _without_arguments(function)
    called: Any = own if hasattr(own, "__code__") else inspect.unwrap(type(own).__call__)
    return called  # type: ignore[no-any-return]  # a class says nothing of its __call__


def _without_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    own: Any = inspect.unwrap(function)
    while isinstance(own, partial):
        own = inspect.unwrap(own.func)
    return own  # type: ignore[no-any-return]  # a partial says nothing of what it holds
