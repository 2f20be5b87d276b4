"""Import the tool that a source is for, which is in the application's environment or is named."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.wording import error_text

__all__ = ["import_tool"]


def import_tool(module: str, named: str, *, known: str, needed: Collection[str] = ()) -> Any:  # noqa: ANN401 - another package's module
    """Return a tool's module; ``known`` is how pip is told the version that is known to work.

    Raises SourceError where it is not installed, or lacks a name that is ``needed``.
    """
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise SourceError(f"{named}: {module} cannot be imported: {error}") from error
        raise SourceError(
            f"{named} needs {error.name}, which is not installed here: pip install '{known}'"
        ) from error
    except Exception as error:
        raise SourceError(f"{named}: {module} cannot be imported: {error_text(error)}") from error
    missing = [name for name in needed if not hasattr(found, name)]
    if missing:
        raise SourceError(
            f"{named}: {module} has no {missing[0]}: it is another version than is known to work:"
            f" pip install '{known}'"
        )
    return found
