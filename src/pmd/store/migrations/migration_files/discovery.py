"""Find the numbered modules and scripts in a folder or package.

Only file names are read here; what a file holds is read when its step is pending.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from pmd.store.migrations.errors import InvalidMigrationError, MigrationError
from pmd.store.migrations.migration_files.migration import Migration

__all__ = ["HIGHEST_VERSION", "check_migrations", "load_migrations", "own_migrations"]

HIGHEST_VERSION = 2**31 - 1
"""The highest version that fits: `PRAGMA user_version` is a signed 32-bit number."""

_NAME = re.compile(r"(?P<version>[0-9]+)_(?P<slug>\w+)")
_SUFFIXES = (".py", ".sql")
_FOLDERS = ("versions", "migrations")


def load_migrations(package_or_directory: ModuleType | str | Path) -> list[Migration]:
    """Return the migrations of a package (or its dotted name) or of a folder, in order.

    They lie in it, or in its subfolder `versions` or `migrations`. Only names are read. Files
    whose name does not begin with a digit are no migrations.

    Raises InvalidMigrationError for a malformed, doubled or missing number and for a link to
    nothing, and MigrationError when there is no such package or folder.
    """
    folder, package = _find_folder(package_or_directory)
    for name in _FOLDERS:
        if any(_numbered(folder / name)):
            folder, package = folder / name, f"{package}.{name}" if package else ""
            break
    return list(check_migrations(_read_name(path, package) for path in _numbered(folder)))


@functools.cache
def own_migrations() -> tuple[Migration, ...]:
    """Return pmd's own migrations."""
    folder = Path(__file__).parents[1] / "versions"
    package = "pmd.store.migrations.versions"
    return tuple(check_migrations(_read_name(path, package) for path in _numbered(folder)))


class _Checked:
    """The tuple of migrations that was found in order last: neither it nor its parts change."""

    migrations: tuple[Migration, ...] = ()


def check_migrations(migrations: Iterable[Migration]) -> Sequence[Migration]:
    """Return the migrations sorted by version.

    Raises InvalidMigrationError unless they are numbered from 1 upwards, each number once.
    """
    # Whoever takes one step after the other of a long history asks this at each.
    if migrations is _Checked.migrations:
        return _Checked.migrations
    ordered = list(migrations)
    # A list is compared faster than its parts.
    if [migration.version for migration in ordered] == [*range(1, len(ordered) + 1)]:
        if type(migrations) is tuple:
            _Checked.migrations = migrations
        return ordered
    ordered.sort(key=lambda migration: migration.version)
    for number, migration in enumerate(ordered, start=1):
        if migration.version == number:
            continue
        before = ordered[number - 2] if number > 1 else None
        if before is not None and before.version == migration.version:
            raise InvalidMigrationError(
                migration.path,
                f"its number is taken by {before.path.name}; expected each version once."
                " Give the newer of the two the next free number.",
            )
        if migration.version < 1:
            raise InvalidMigrationError(
                migration.path, "its version is 0; expected numbers from 0001. Renumber it."
            )
        after = f"after {before.path.name}" if before else "as the first"
        raise InvalidMigrationError(
            migration.path,
            f"version {number:04d} is missing before it; expected it {after}."
            " Restore the missing file, or renumber this one.",
        )
    return ordered


def _find_folder(package_or_directory: ModuleType | str | Path) -> tuple[Path, str]:
    """Return the folder, and the dotted name of the package whose folder it is, or empty."""
    given = package_or_directory
    if isinstance(given, str) and not Path(given).is_dir():
        given = _import_package(given)
    if isinstance(given, ModuleType):
        paths = list(getattr(given, "__path__", ()))
        if paths:
            return Path(paths[0]), given.__name__
        file = getattr(given, "__file__", None)
        if file is None:
            raise MigrationError(
                f"{given.__name__} has no folder; expected a package that holds NNNN_slug.py files"
            )
        return Path(file).parent, given.__name__.rpartition(".")[0]
    folder = Path(given)
    if not folder.is_dir():
        raise MigrationError(f"{folder} is no folder; expected one that holds NNNN_slug.py files")
    return folder, ""


def _import_package(name: str) -> ModuleType:
    try:
        return sys.modules.get(name) or importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise MigrationError(
            f"{name!r} is neither a package nor a folder; expected where migrations lie"
        ) from error


def _numbered(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and path.name[0].isdigit() and _is_file(path)
    )


def _is_file(path: Path) -> bool:
    if path.is_file():
        return True
    if path.is_symlink() and not path.exists():
        raise InvalidMigrationError(
            path, f"it is a link to {path.readlink()}, which does not exist. Restore that file."
        )
    return False


def _read_name(path: Path, package: str) -> Migration:
    if path.suffix not in _SUFFIXES:
        raise InvalidMigrationError(
            path, f"its name ends in {path.suffix}; expected {path.suffix.lower()}. Rename it."
        )
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InvalidMigrationError(
            path,
            "its name is no migration's; expected a number, _ and a slug of letters, digits and _,"
            " as in 0007_add_title.py. Rename it.",
        )
    version = int(match["version"])
    if version > HIGHEST_VERSION:
        raise InvalidMigrationError(
            path,
            f"its version is {version}; expected at most {HIGHEST_VERSION}, the highest that"
            " PRAGMA user_version holds. Renumber it.",
        )
    return Migration(version, match["slug"], path, package)
