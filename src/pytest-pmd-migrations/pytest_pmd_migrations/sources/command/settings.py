"""The settings of pytest's that a command's source reads itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_pmd_migrations.sources.applied.applied_table import AppliedTable
from pytest_pmd_migrations.sources.command.command_line import words

__all__ = ["Settings", "read_settings"]

_SECONDS = 60.0


@dataclass(frozen=True)
class Settings:
    """What was set: the command that lists versions, the table of applied ones, a time limit."""

    versions: str = ""
    applied: AppliedTable | None = None
    seconds: float = _SECONDS

    def list_words(self, named: str) -> Sequence[str]:
        """Return the words of the command that lists the versions."""
        return words(self.versions, named)


def read_settings(config: Any) -> Settings:  # noqa: ANN401 - pytest's Config
    """Return what pytest's ``config`` says.

    Raises SettingError where ``migration_applied`` names no table and column.
    """
    applied = str(config.getini("migration_applied"))
    try:
        seconds = float(config.getini("migration_step_timeout"))
    except ValueError:
        # It is refused where all settings are read.
        seconds = _SECONDS
    return Settings(
        str(config.getini("migration_versions")),
        AppliedTable.parse(applied) if applied else None,
        seconds,
    )
