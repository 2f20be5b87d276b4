"""Refuse a setting that the source does not read: whoever wrote it takes it for heard."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pytest_pmd_migrations.errors import SettingError

__all__ = ["BY_COMMAND", "BY_FOLDER", "BY_LIST", "ini", "refuse_unread"]

BY_FOLDER = ("migration_dialect",)
BY_LIST = ("migration_applied",)
BY_COMMAND = ("migration_versions", "migration_applied")
"""Which of the settings are read by each kind of source; by any other, none."""


_FOR = {
    "migration_dialect": ("a folder of SQL scripts", "db/migrations"),
    "migration_versions": ("a command", "command: myapp migrate --to {to} --db {db}"),
    "migration_applied": ("a list in Python or a command", "app.db:MIGRATIONS"),
}
"""What each setting is for, and an example of it."""


def ini(config: Any, name: str) -> str:  # noqa: ANN401 - pytest's Config
    """Return what a setting says; nothing where there are no settings."""
    return str(config.getini(name)) if config is not None else ""


def refuse_unread(text: str, setting: str, config: object, read: Collection[str]) -> None:
    """Raise SettingError for a setting of ``config`` that is not for the source of ``text``.

    ``text`` is what ``setting`` says; ``read`` are those of these settings that its source reads.
    """
    for name, (what, example) in _FOR.items():
        value = ini(config, name)
        if value and name not in read:
            raise SettingError(
                f"{name} {value!r} is for {what}; expected {setting} to name one, as in"
                f' "{example}", and it is {text!r}'
            )
