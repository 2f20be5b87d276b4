"""Alembic and SQLAlchemy as they are installed, imported when a source asks for them."""

from __future__ import annotations

import importlib
import re
from types import ModuleType
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.where_raised import raised_where

__all__ = ["Tool", "import_tool"]

_OLDEST = {"alembic": (1, 13), "sqlalchemy": (2, 0), "flask_migrate": (4, 0)}
_KNOWN = "Alembic 1.20 with SQLAlchemy 2.1"


class Tool:
    """The names of Alembic and SQLAlchemy that a run needs; ``runner`` is what headers say.

    Raises SourceError, naming the setting as ``named``, where one is missing or too old.
    """

    def __init__(self, named: str) -> None:
        alembic = import_tool("alembic", named)
        sqlalchemy = import_tool("sqlalchemy", named)
        self.runner = f"Alembic {alembic.__version__}"
        self.event: Any = sqlalchemy.event
        self.engine: Any = importlib.import_module("sqlalchemy.engine").Engine
        self.pool: Any = importlib.import_module("sqlalchemy.pool").Pool
        errors = importlib.import_module("sqlalchemy.exc")
        self.disconnection: Any = errors.DisconnectionError
        self.invalid_request: Any = errors.InvalidRequestError
        config = importlib.import_module("alembic.config")
        self.config: Any = config.Config
        self.command_line: Any = config.CommandLine
        self.scripts: Any = importlib.import_module("alembic.script").ScriptDirectory
        environment = importlib.import_module("alembic.runtime.environment")
        self.environment: Any = environment.EnvironmentContext


def import_tool(name: str, named: str, *, known: str = _KNOWN) -> ModuleType:
    """Return an installed module of a tool; ``known`` is what this package is known to work with.

    Raises SourceError where it is not installed, cannot be imported, or is too old.
    """
    package = name.replace("_", "-")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise SourceError(
                f"{named}: {name} cannot be imported: {raised_where(error)}"
            ) from error
        raise SourceError(
            f"{named} needs {package}, which is not installed here; known to work: {known}."
            f" pip install {package}"
        ) from error
    version = str(importlib.import_module("importlib.metadata").version(package))
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < _OLDEST[name]:
        oldest = ".".join(map(str, _OLDEST[name]))
        raise SourceError(
            f"{named}: {package} {version} is too old; expected {oldest} or later, known to work:"
            f" {known}. pip install --upgrade {package}"
        )
    return module
