"""What one migration holds: its module imported, or its script read, and checked."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from pmd.store.migrations.discovery import Migration
from pmd.store.migrations.errors import InvalidMigrationError

__all__ = ["LoadedMigration", "load"]


@dataclass(frozen=True)
class LoadedMigration:
    """A migration that can run: `up(db)` takes a `sqlite_utils.Database` inside its step.

    `deletes`, `changes`, `moves` and `verify` are what the module declares to do to rows on
    purpose (docs/MIGRATIONS.md, Rows); a script declares nothing. One that is not `atomic` runs
    outside a transaction.
    """

    migration: Migration
    description: str
    up: Callable[[Any], object]
    deletes: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    verify: Callable[[Any, Any], object] | None = None
    atomic: bool = True


def load(migration: Migration) -> LoadedMigration:
    """Return what the migration's file holds.

    Raises InvalidMigrationError naming the file when it cannot be imported or read, when its
    VERSION is missing or another than its number, or when its `up` cannot run as a step.
    """
    if migration.path.suffix == ".sql":
        return _load_script(migration)
    module = _import_module(migration)
    _check_version(migration, module)
    description = getattr(module, "DESCRIPTION", _slug_words(migration))
    if not isinstance(description, str):
        raise InvalidMigrationError(
            migration.path, f"DESCRIPTION is {description!r}; expected a text."
        )
    return LoadedMigration(
        migration,
        description,
        _checked_up(migration, module),
        deletes=_mapping(migration, module, "DELETES"),
        changes=_mapping(migration, module, "CHANGES"),
        moves=_mapping(migration, module, "MOVES"),
        verify=getattr(module, "verify", None),
        atomic=_atomic(migration, module),
    )


def _load_script(migration: Migration) -> LoadedMigration:
    try:
        script = migration.path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidMigrationError(
            migration.path, f"cannot be read: {error}; expected an SQL script in UTF-8."
        ) from error
    first = script.lstrip().partition("\n")[0].strip()
    comment = first.removeprefix("--").strip() if first.startswith("--") else ""

    def up(db: Any) -> None:  # noqa: ANN401 - sqlite-utils is imported only for a step
        db.executescript(script)

    return LoadedMigration(migration, comment or _slug_words(migration), up)


def _import_module(migration: Migration) -> ModuleType:
    try:
        if migration.package:
            return importlib.import_module(f"{migration.package}.{migration.path.stem}")
        # A name of its own, since every application may have a 0001_initial.
        place = zlib.crc32(str(migration.path.absolute()).encode("utf-8", "surrogateescape"))
        name = f"migration_{migration.path.stem}_{place:08x}"
        spec = importlib.util.spec_from_file_location(name, migration.path)
        if spec is None or spec.loader is None:
            raise ImportError(f"no loader for {migration.path.name}")
        module = importlib.util.module_from_spec(spec)
        # Before it runs: dataclasses, for one, look their module up.
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except Exception as error:
        raise InvalidMigrationError(
            migration.path,
            f"cannot be imported: {type(error).__name__}: {error}. Mend the module; no step was"
            " taken.",
        ) from error
    return module


def _check_version(migration: Migration, module: ModuleType) -> None:
    if not hasattr(module, "VERSION"):
        raise InvalidMigrationError(
            migration.path, f"has no VERSION; expected VERSION = {migration.version}."
        )
    version = module.VERSION
    if type(version) is not int or version != migration.version:
        raise InvalidMigrationError(
            migration.path,
            f"VERSION is {version!r}, but the number in its name is {migration.version};"
            " expected the two to agree.",
        )


def _checked_up(migration: Migration, module: ModuleType) -> Callable[[Any], object]:
    up = getattr(module, "up", None)
    if not callable(up):
        raise InvalidMigrationError(migration.path, "has no up; expected a function up(db).")
    if (
        inspect.iscoroutinefunction(up)
        or inspect.isgeneratorfunction(up)
        or inspect.isasyncgenfunction(up)
    ):
        raise InvalidMigrationError(
            migration.path,
            "its up would not run when called: it is async or a generator; expected a plain"
            " function up(db).",
        )
    if not _takes_one(up):
        try:
            inspect.signature(up).bind(None)
        except TypeError as error:
            raise InvalidMigrationError(
                migration.path, f"its up cannot be called as up(db): {error}."
            ) from error
    return up  # type: ignore[no-any-return]  # whatever it returns is not looked at


def _takes_one(up: Callable[..., object]) -> bool:
    """Return whether this is plainly a function of one argument, as nearly every `up` is."""
    code = up.__code__ if isinstance(up, FunctionType) else None
    return code is not None and code.co_argcount == 1 and not code.co_kwonlyargcount


def _atomic(migration: Migration, module: ModuleType) -> bool:
    value = getattr(module, "ATOMIC", True)
    if not isinstance(value, bool):
        raise InvalidMigrationError(migration.path, f"ATOMIC is {value!r}; expected True or False.")
    return value


def _mapping(migration: Migration, module: ModuleType, name: str) -> Mapping[str, Any]:
    value = getattr(module, name, {})
    if not isinstance(value, (dict, Mapping)):
        raise InvalidMigrationError(
            migration.path, f"{name} is a {type(value).__name__}; expected a dict."
        )
    return value


def _slug_words(migration: Migration) -> str:
    return migration.slug.replace("_", " ")
