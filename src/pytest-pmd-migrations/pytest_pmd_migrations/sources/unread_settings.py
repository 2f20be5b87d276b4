"""Refuse a setting that the source does not read: whoever wrote it takes it for heard."""

from __future__ import annotations

from typing import Any

from pytest_pmd_migrations.errors import SettingError

__all__ = ["ini", "refuse_unread"]

_FOR = {
    "migration_dialect": ("a folder of SQL scripts", "db/migrations"),
    "migration_versions": ("a command", "command: myapp migrate --to {to} --db {db}"),
    "migration_applied": ("a list in Python or a command", "app.db:MIGRATIONS"),
}
"""What each setting is for, and an example of it."""


def ini(config: Any, name: str) -> str:  # noqa: ANN401 - pytest's Config
    """Return what a setting says; nothing where there are no settings."""
    return str(config.getini(name)) if config is not None else ""


def refuse_unread(
    text: str,
    setting: str,
    config: object,
    *,
    is_folder: bool = False,
    is_list: bool = False,
    is_command: bool = False,
) -> None:
    """Raise SettingError for a setting of ``config`` that is not for the source of ``text``.

    ``text`` is what ``setting`` says. It names a folder whose scripts may have a dialect, a list,
    a command, or none of these.
    """
    heard = {
        "migration_dialect": is_folder,
        "migration_versions": is_command,
        "migration_applied": is_list or is_command,
    }
    for name, (what, example) in _FOR.items():
        value = ini(config, name)
        if value and not heard[name]:
            raise SettingError(
                f"{name} {value!r} is for {what}; expected {setting} to name one, as in"
                f' "{example}", and it is {text!r}'
            )
