"""Alembic and SQLAlchemy as they are installed, imported when a source asks for them."""

from __future__ import annotations

import importlib
from typing import Any

from pytest_pmd_migrations.sources.import_tool import import_tool

__all__ = ["Tool"]

_OLDEST = {"alembic": (1, 13), "sqlalchemy": (2, 0)}
_KNOWN = "Alembic 1.20 with SQLAlchemy 2.1"


class Tool:
    """The names of Alembic and SQLAlchemy that a run needs; ``runner`` is what headers say.

    Raises SourceError, naming the setting as ``named``, where one is missing or too old.
    """

    def __init__(self, named: str) -> None:
        alembic, sqlalchemy = (
            import_tool(name, named, package=name, known=_KNOWN, oldest=oldest)
            for name, oldest in _OLDEST.items()
        )
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
