"""Read the settings that hold for every application of a run, and refuse what cannot be meant."""

from __future__ import annotations

import math
from typing import cast, get_args

import pytest

from pytest_pmd_migrations.application.budget import Budget, parse_budget
from pytest_pmd_migrations.application.rules import ColumnOrder, FaultSet, Rules
from pytest_pmd_migrations.errors import SettingError

__all__ = ["read_rules", "refuse_lists", "settings_file"]

_NUMBERS = {"migration_step_timeout": 60, "migration_step_memory": 1024}

_TEXTS = (
    "migration_source",
    "migration_applied",
    "migration_dialect",
    "migration_versions",
    "migration_snapshots",
    "migration_column_order",
    "migration_faults",
    "migration_connection",
    "migration_step_timeout",
    "migration_step_memory",
    "migration_budget",
    "migration_rows",
)
"""The settings that are one text each."""


def read_rules(config: pytest.Config) -> Rules:
    """Return the rules of the run.

    Raises SettingError, whose text is one line, when a setting cannot be used.
    """
    return Rules(
        ignore_patterns=_globs(config, "migration_ignore"),
        volatile_patterns=_volatile(config),
        idempotent=_switch(config, "migration_idempotent"),
        column_order=cast(
            "ColumnOrder", _one_of(config, "migration_column_order", get_args(ColumnOrder))
        ),
        faults=cast("FaultSet", _one_of(config, "migration_faults", get_args(FaultSet))),
        step_timeout=_number(config, "migration_step_timeout", "seconds"),
        step_memory=int(_number(config, "migration_step_memory", "megabytes")),
        share=_switch(config, "migration_share"),
        down=_switch(config, "migration_down"),
        budget=_budget(config),
        count_rows=bool(config.getoption("migration_report", None)),
    )


def refuse_lists(config: pytest.Config) -> None:
    """Raise SettingError for a setting that is written as a list and has to be one text.

    pytest hands on the list as it is where the settings are ``[tool.pytest.ini_options]``.
    """
    for name in _TEXTS:
        found = config.getini(name)
        if isinstance(found, list):
            several = "; the hook pytest_migration_sources names several applications"
            raise SettingError(
                f'{name} is a list, {found!r}; expected one text: {name} = "..."'
                f"{several if name == 'migration_source' else ''}{settings_file(config)}"
            )


def settings_file(config: pytest.Config) -> str:
    """Return the file that holds the settings, as a message ends with it."""
    return f" ({config.inipath.name})" if config.inipath else ""


def _switch(config: pytest.Config, setting: str) -> bool:
    try:
        return bool(config.getini(setting))
    except (ValueError, TypeError, pytest.UsageError) as error:
        # Which of them depends on pytest's version; it need not say of which setting it speaks.
        raise SettingError(
            f"{setting} is neither true nor false: {error}; expected {setting} = true, or false"
            f"{settings_file(config)}"
        ) from error


def _one_of(config: pytest.Config, setting: str, allowed: tuple[str, ...]) -> str:
    found = config.getini(setting)
    if found not in allowed:
        expected = " or ".join(f'"{value}"' for value in allowed)
        raise SettingError(
            f"{setting} {found!r} is unknown; expected {expected}{settings_file(config)}"
        )
    return str(found)


def _budget(config: pytest.Config) -> Budget | None:
    try:
        return parse_budget(str(config.getini("migration_budget")))
    except SettingError as error:
        raise SettingError(f"{error}{settings_file(config)}") from error


def _globs(config: pytest.Config, setting: str) -> tuple[str, ...]:
    # pytest hands a list of pyproject.toml on, whatever it holds.
    found: list[object] = config.getini(setting)
    for one in found:
        if not isinstance(one, str):
            raise SettingError(
                f'{setting} has {one!r}, which is no string; expected {setting} = ["..."]'
                f"{settings_file(config)}"
            )
    return tuple(map(str, found))


def _volatile(config: pytest.Config) -> tuple[str, ...]:
    patterns = _globs(config, "migration_volatile")
    for pattern in patterns:
        table, dot, column = pattern.partition(".")
        if not (table and dot and column):
            raise SettingError(
                f"migration_volatile {pattern!r} names no column; expected globs on"
                f' "table.column", such as "notes.added_at"{settings_file(config)}'
            )
    return patterns


def _number(config: pytest.Config, setting: str, unit: str) -> float:
    text = str(config.getini(setting))
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise SettingError(
            f"{setting} {text!r} is no number of {unit}; expected one such as"
            f" {_NUMBERS[setting]}, or 0 for no limit{settings_file(config)}"
        )
    return found
