"""Check declarations as people write them, in a module or a TOML file, and make them values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.git.leftovers import leftover
from pytest_pmd_migrations.sources.declared.declarations import (
    DROP,
    EXCUSES,
    Condition,
    DeclarationKey,
    Declarations,
    ExcuseKind,
    StoredExcuse,
)

__all__ = ["parse_constants", "read_module", "read_rows_file", "read_stored_excuses"]

_STORED = "stored"
_SNAPSHOT = re.compile(r"(?P<version>\d{4,})(\+.+)?")
_RANGE = re.compile(r"(?P<first>\d{4,})\.\.(?P<last>\d{4,})")
_UNTIL = re.compile(r"until (?P<version>\d+)")


class _Forms(NamedTuple):
    """What may be written, as it is written in a module or in a TOML file.

    ``condition`` is what allows some rows or values, ``move`` an entry of MOVES; the others are
    all that a DELETES, a CHANGES or a MOVES may hold.
    """

    condition: str
    move: str
    deletes: str
    changes: str
    moves: str
    excuses: str
    reason: str


_MODULE = _Forms(
    condition='("<SQL over the old row>", "<reason>")',
    move='"old_table.column": "new_table.column", or a tuple of several',
    deletes='a dict, {"table": ("<SQL over the old row>", "<reason>")} for some rows,'
    ' {"table": "DROP"} or {"table.column": "DROP"} for all rows or values',
    changes='a dict, {"table.column": ("<SQL over the old row>", "<reason>")}',
    moves='a dict, {"old_table.column": "new_table.column"}',
    excuses='a dict, {"name": "<reason>"}',
    reason='AGAIN = "<reason>"',
)
_TOML = _Forms(
    condition='["<SQL over the old row>", "<reason>"]',
    move='"old_table.column" = "new_table.column", or a list of several',
    deletes='a table, "table" = ["<SQL over the old row>", "<reason>"] for some rows,'
    ' "table" = "DROP" or "table.column" = "DROP" for all rows or values',
    changes='a table, "table.column" = ["<SQL over the old row>", "<reason>"]',
    moves='a table, "old_table.column" = "new_table.column"',
    excuses='a table, "name" = "<reason>"',
    reason='again = "<reason>"',
)
_OR_DROP = ', or "DROP" where all rows or values go'
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def read_module(module: ModuleType, path: Path) -> Declarations:
    """Return what a migration module declares by its constants and ``verify``.

    Raises SettingError naming the file, the constant and the entry that is malformed.
    """
    return parse_constants(
        path.name,
        deletes=getattr(module, "DELETES", _NOTHING),
        changes=getattr(module, "CHANGES", _NOTHING),
        moves=getattr(module, "MOVES", _NOTHING),
        verify=getattr(module, "verify", None),
        excuses={kind: getattr(module, kind) for kind in EXCUSES if hasattr(module, kind)},
    )


def parse_constants(
    file_name: str,
    *,
    deletes: Any,  # noqa: ANN401 - a user's constant
    changes: Any,  # noqa: ANN401 - a user's constant
    moves: Any,  # noqa: ANN401 - a user's constant
    verify: Any,  # noqa: ANN401 - a user's function
    excuses: Mapping[str, Any],
) -> Declarations:
    """Return the declarations that a migration's constants make, ``excuses`` by their names.

    Raises SettingError naming the file, the constant and the entry that is malformed.
    """
    if verify is not None and not callable(verify):
        raise SettingError(f"{file_name}: verify is not a function; expected verify(before, after)")
    return Declarations(
        deletes=_conditions(deletes, f"{file_name}: DELETES", _MODULE, allow_drop=True),
        changes=_conditions(changes, f"{file_name}: CHANGES", _MODULE, allow_drop=False),
        moves=_moves(moves, f"{file_name}: MOVES", _MODULE),
        verify=verify,
        excuses=_excuses({kind: excuses.get(kind) for kind in EXCUSES}, f"{file_name}: ", _MODULE),
    )


def read_rows_file(path: Path, *, source: str) -> Mapping[int, Declarations]:
    """Return the declarations in a ``migration_rows`` file, by version.

    The file has tables for each version, ``[0008.deletes]``, ``[0008.changes]``, ``[0008.moves]``,
    and one for each kind of excuse, ``[0008.guards]``, with ``again = "<reason>"`` in ``[0008]``.
    Where an application has several sources, each has such tables below its name.
    Raises SettingError when the file is missing or malformed.
    """
    everywhere, own = _read_tables(path, source)
    tables = {**everywhere, **own}
    found: dict[int, tuple[str, Declarations]] = {}
    for key, value in tables.items():
        if not key.isdecimal():
            continue
        if int(key) in found:
            raise SettingError(
                f"{path.name}: {key} and {found[int(key)][0]} are one version;"
                " expected one table for it"
            )
        found[int(key)] = key, _parse_table(value, f"{path.name}: {key}")
    return {version: declared for version, (_, declared) in found.items()}


def read_stored_excuses(path: Path, *, source: str) -> Mapping[str, StoredExcuse]:
    """Return what a ``migration_rows`` file says of stored snapshots, by their names.

    The file has a table for each, ``[stored."0003+bug"]``, which holds ``damaged = "until 0005"``
    or ``unsupported = "<reason>"``. The plain snapshots of successive versions may have one for all
    of them, ``[stored."0003..0007"]``, besides that of one of them. Where an application has
    several sources, each has such tables below its name, ``[app.stored."0003+bug"]``.
    Raises SettingError when the file is missing or malformed.
    """
    everywhere, own = _read_tables(path, source)
    found: dict[str, StoredExcuse] = {}
    for tables in (everywhere, own):
        value = tables.get(_STORED, {})
        where = f"{path.name}: {_STORED}"
        if not isinstance(value, dict):
            raise SettingError(f'{where} is {value!r}; expected tables such as [stored."0003+bug"]')
        # What is said of one snapshot alone is read last.
        for name in sorted(value, key=lambda name: _RANGE.fullmatch(name) is None):
            written = f"{where}.{name!r}"
            if _RANGE.fullmatch(name) is None:
                found[name] = _stored_excuse(name, value[name], written)
                continue
            for version in _versions_among(name, written):
                found[version] = _stored_excuse(version, value[name], written)._replace(among=name)
    return MappingProxyType(found)


def _versions_among(among: str, where: str) -> list[str]:
    """Return the names of the plain snapshots of successive versions: those of ``0003..0007``."""
    found = _RANGE.fullmatch(among)
    first, last = (int(found["first"]), int(found["last"])) if found else (0, 0)
    if first >= last:
        raise SettingError(f"{where} names no versions; expected the older one first")
    return [f"{version:04d}" for version in range(first, last + 1)]


def _read_tables(path: Path, source: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the file's tables that hold for every source, and those below this one's name."""
    try:
        text = read_regular(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise SettingError(
            f"migration_rows {str(path)!r} cannot be read: {why}; expected a TOML file"
        ) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        left = leftover(path)
        raise SettingError(
            f"migration_rows {str(path)!r} is no TOML: {left[0] if left else error}"
        ) from error
    own = content.pop(source, {})
    return content, own if isinstance(own, dict) else {}


def _stored_excuse(name: str, value: Any, where: str) -> StoredExcuse:  # noqa: ANN401 - a file's content
    snapshot = _SNAPSHOT.fullmatch(name)
    if snapshot is None:
        raise SettingError(
            f'{where} is no snapshot; expected [stored."0003"], "0003+variant", or "0003..0007"'
        )
    version = int(snapshot["version"])
    if not isinstance(value, dict) or not value or set(value) - {"damaged", "unsupported"}:
        raise SettingError(
            f'{where} holds {value!r}; expected damaged = "until {version + 1:04d}", the version'
            ' that mends it, or unsupported = "<reason>"'
        )
    until, reason = value.get("damaged"), value.get("unsupported", "")
    if not isinstance(reason, str) or ("unsupported" in value and not reason.strip()):
        raise SettingError(f'{where}.unsupported is {reason!r}; expected "<reason>"')
    if until is None:
        return StoredExcuse(unsupported=reason)
    found = _UNTIL.fullmatch(until) if isinstance(until, str) else None
    if found is None or int(found["version"]) <= version:
        raise SettingError(
            f'{where}.damaged is {until!r}; expected "until {version + 1:04d}" or a later version:'
            " that of the migration that mends it"
        )
    return StoredExcuse(int(found["version"]), reason)


def _parse_table(value: Any, where: str) -> Declarations:  # noqa: ANN401 - a file's content
    excuses = {kind.lower(): kind for kind in EXCUSES}
    if not isinstance(value, dict) or set(value) - {"deletes", "changes", "moves", *excuses}:
        raise SettingError(
            f"{where} holds {value!r}; expected the tables deletes, changes, moves, guards,"
            " orphans, sequences, copies, dangling, needs_rows, or again"
        )
    return Declarations(
        deletes=_conditions(value.get("deletes", {}), f"{where}.deletes", _TOML, allow_drop=True),
        changes=_conditions(value.get("changes", {}), f"{where}.changes", _TOML, allow_drop=False),
        moves=_moves(value.get("moves", {}), f"{where}.moves", _TOML),
        excuses=_excuses(
            {kind: value.get(name) for name, kind in excuses.items()}, f"{where}.", _TOML
        ),
    )


def _conditions(
    value: Any,  # noqa: ANN401 - a user's constant
    where: str,
    forms: _Forms,
    *,
    allow_drop: bool,
) -> Mapping[str, Condition]:
    """Return names with their conditions; ``allow_drop`` allows tables, and "DROP" for all."""
    if not isinstance(value, Mapping):
        expected = forms.deletes if allow_drop else forms.changes
        raise SettingError(f"{where} is {value!r}; expected {expected}")
    found = {}
    for name, entry in value.items():
        if not allow_drop and "." not in str(name):
            raise SettingError(f'{where}[{name!r}] names no column; expected "table.column"')
        match entry:
            case "DROP" if allow_drop:
                found[str(name)] = Condition(DROP, "")
            case (str(sql), str(reason)) if sql.strip() and (allow_drop or sql != DROP):
                found[str(name)] = Condition(sql, reason)
            case _:
                expected = f"{forms.condition}{_OR_DROP if allow_drop else ''}"
                raise SettingError(f"{where}[{name!r}] is {entry!r}; expected {expected}")
    return MappingProxyType(found)


def _moves(
    value: Any,  # noqa: ANN401 - a user's constant
    where: str,
    forms: _Forms,
) -> Mapping[str, str | tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise SettingError(f"{where} is {value!r}; expected {forms.moves}")
    found: dict[str, str | tuple[str, ...]] = {}
    for old, new in value.items():
        several = tuple(new) if isinstance(new, tuple | list) else ()
        names = [old, *(several or (new,))]
        if not all(isinstance(name, str) and "." in name for name in names):
            raise SettingError(f"{where}[{old!r}] is {new!r}; expected {forms.move}")
        found[old] = several or new
    return MappingProxyType(found)


def _excuses(
    values: Mapping[ExcuseKind, Any], where: str, forms: _Forms
) -> Mapping[DeclarationKey, str]:
    """Return the reason of each excuse; None stands for a kind that is not there."""
    found = {}
    for kind, value in values.items():
        if value is None:
            continue
        written = f"{where}{kind.lower() if forms is _TOML else kind}"
        if kind == "AGAIN":
            if not isinstance(value, str) or not value.strip():
                raise SettingError(f"{written} is {value!r}; expected {forms.reason}")
            found[DeclarationKey(kind, "")] = value
            continue
        if not isinstance(value, Mapping):
            raise SettingError(f"{written} is {value!r}; expected {forms.excuses}")
        for name, reason in value.items():
            if not isinstance(name, str) or not isinstance(reason, str) or not reason.strip():
                expected = "the name of an object and a reason"
                raise SettingError(f"{written}[{name!r}] is {reason!r}; expected {expected}")
            found[DeclarationKey(kind, name)] = reason
    return MappingProxyType(found)
