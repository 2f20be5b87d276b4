"""Import the tool that a source is for, which is in the application's environment or is named."""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.messages.where_raised import raised_where

__all__ = ["import_tool"]


def import_tool(
    module: str,
    named: str,
    *,
    package: str,
    known: str,
    oldest: tuple[int, ...] = (),
    needed: Collection[str] = (),
) -> Any:  # noqa: ANN401 - another package's module
    """Return a module of a tool, which pip calls ``package``; ``known`` says what works with it.

    Raises SourceError where it is not installed, cannot be imported, is older than ``oldest``, or
    lacks a name that is ``needed``.
    """
    try:
        found = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
            raise SourceError(
                f"{named} needs {package}, which is not installed here; known to work: {known}."
                f" pip install {package}"
            ) from error
        raise SourceError(f"{named}: {module} cannot be imported: {raised_where(error)}") from error
    if oldest:
        _refuse_older(package, oldest, named, known)
    missing = [name for name in needed if not hasattr(found, name)]
    if missing:
        raise SourceError(
            f"{named}: {module} has no {missing[0]}: it is another version than is known to work,"
            f" {known}. pip install --upgrade {package}"
        )
    return found


def _refuse_older(package: str, oldest: tuple[int, ...], named: str, known: str) -> None:
    version = str(importlib.import_module("importlib.metadata").version(package))
    if tuple(map(int, re.findall(r"\d+", version)[: len(oldest)])) < oldest:
        raise SourceError(
            f"{named}: {package} {version} is too old; expected {'.'.join(map(str, oldest))} or"
            f" later, known to work: {known}. pip install --upgrade {package}"
        )
