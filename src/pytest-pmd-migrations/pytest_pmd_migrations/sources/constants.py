"""Declarations as they are written: constants of a module, or tables of a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources.declarations import WHOLE, Condition, Declarations

__all__ = ["merge", "read_constants", "read_rows_file"]

_CONDITION = '("<SQL over the old row>", "<reason>")'


def read_constants(module: ModuleType, path: Path) -> Declarations:
    """Return what a migration module declares by DELETES, CHANGES, MOVES and ``verify``.

    Raises SettingError naming the file, the constant and the entry that is malformed.
    """
    verify = getattr(module, "verify", None)
    if verify is not None and not callable(verify):
        raise SettingError(f"{path.name}: verify is not a function; expected verify(before, after)")
    return Declarations(
        deletes=_conditions(getattr(module, "DELETES", {}), f"{path.name}: DELETES", whole=True),
        changes=_conditions(getattr(module, "CHANGES", {}), f"{path.name}: CHANGES", whole=False),
        moves=_moves(getattr(module, "MOVES", {}), f"{path.name}: MOVES"),
        verify=verify,
    )


def read_rows_file(path: Path, *, source: str) -> Mapping[int, Declarations]:
    """Return the declarations in a ``migration_rows`` file, by version.

    The file has a table a version, ``[0008.deletes]``, ``[0008.changes]``, ``[0008.moves]``;
    where an application has several sources, each has such tables below its name.
    Raises SettingError when the file is missing or malformed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(
            f"migration_rows {str(path)!r} cannot be read: {error.strerror}; expected a TOML file"
        ) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"migration_rows {str(path)!r} is no TOML: {error}") from error
    own = content.get(source, {})
    tables = {**content, **own} if isinstance(own, dict) else content
    found: dict[int, tuple[str, Declarations]] = {}
    for key, value in tables.items():
        if not key.isdecimal():
            continue
        if int(key) in found:
            raise SettingError(
                f"{path.name}: {key} and {found[int(key)][0]} are one version;"
                " expected one table for it"
            )
        found[int(key)] = key, _from_table(value, f"{path.name}: {key}")
    return {version: declared for version, (_, declared) in found.items()}


def merge(first: Declarations, second: Declarations) -> Declarations:
    """Return both declarations as one; ``second`` wins where both speak of one name."""
    return Declarations(
        deletes={**first.deletes, **second.deletes},
        changes={**first.changes, **second.changes},
        moves={**first.moves, **second.moves},
        verify=second.verify or first.verify,
    )


def _from_table(value: Any, where: str) -> Declarations:  # noqa: ANN401 - a file's content
    if not isinstance(value, dict) or set(value) - {"deletes", "changes", "moves"}:
        raise SettingError(f"{where} holds {value!r}; expected the tables deletes, changes, moves")
    return Declarations(
        deletes=_conditions(value.get("deletes", {}), f"{where}.deletes", whole=True),
        changes=_conditions(value.get("changes", {}), f"{where}.changes", whole=False),
        moves=_moves(value.get("moves", {}), f"{where}.moves"),
    )


def _conditions(
    value: Any,  # noqa: ANN401 - a user's constant
    where: str,
    *,
    whole: bool,
) -> Mapping[str, Condition]:
    """Return names with their conditions; ``whole`` allows tables, and that all of one goes."""
    if not isinstance(value, dict):
        raise SettingError(f"{where} is {value!r}; expected a dict of names to {_CONDITION}")
    found = {}
    for name, entry in value.items():
        if not whole and "." not in str(name):
            raise SettingError(f'{where}[{name!r}] names no column; expected "table.column"')
        match entry:
            case "DROP" if whole:
                found[str(name)] = Condition(WHOLE, "")
            case (str(sql), str(reason)) if sql.strip() and (whole or sql != WHOLE):
                found[str(name)] = Condition(sql, reason)
            case _:
                raise SettingError(f"{where}[{name!r}] is {entry!r}; expected {_CONDITION}")
    return MappingProxyType(found)


def _moves(value: Any, where: str) -> Mapping[str, str]:  # noqa: ANN401 - a user's constant
    if not isinstance(value, dict):
        raise SettingError(f'{where} is {value!r}; expected a dict of "table.column" names')
    for old, new in value.items():
        if not all(isinstance(name, str) and "." in name for name in (old, new)):
            raise SettingError(
                f'{where}[{old!r}] is {new!r}; expected "old_table.column": "new_table.column"'
            )
    return MappingProxyType(dict(value))
