"""Say where a migration that is a function is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["location_of_function"]


def location_of_function(function: Callable[..., Any]) -> Location:
    """Return the file of a function and the line where it begins, below its decorators.

    Raises SourceError where Python does not know it.
    """
    own: Any = inspect.unwrap(function)
    while isinstance(own, partial):
        own = inspect.unwrap(own.func)
    name = getattr(own, "__name__", type(own).__name__)
    called = own if hasattr(own, "__code__") else inspect.unwrap(type(own).__call__)
    code = getattr(called, "__code__", None)
    if code is None or code.co_filename.startswith("<"):
        raise SourceError(f"{name!r} has no file; expected a function that is written in a module")
    return Location(Path(code.co_filename), code.co_firstlineno)
