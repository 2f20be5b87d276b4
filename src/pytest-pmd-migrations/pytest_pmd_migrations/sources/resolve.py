"""Find the source that the text of a setting names: a package, a folder, or an object."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.files_source import FilesSource
from pytest_pmd_migrations.sources.numbered_files import has_files, versions_folder
from pytest_pmd_migrations.sources.own_runner import own_runner_source
from pytest_pmd_migrations.sources.pmd_runner import pmd_runner_source
from pytest_pmd_migrations.sources.protocol import Source, check_source

__all__ = ["resolve_source"]

_DEPTH = 4


def resolve_source(
    text: str, *, root: Path, setting: str = "migration_source", allow_empty: bool = False
) -> Source:
    """Return the source that ``text`` names.

    ``"app.migrations"`` is a package, ``"db/sql"`` a folder below ``root``, ``"app.db:thing"`` an
    object (or a function without arguments that returns one). ``root`` and ``root/src`` are put
    on ``sys.path`` when the name cannot be imported without. ``allow_empty`` takes a source that
    has no migration yet.
    Raises SourceError, one line, naming the setting and, where a name is close, what was meant.
    """
    named = f"{setting} {text!r}"
    found: object
    if ":" in text:
        found = _object(text, root, named)
    elif "/" in text or ((root / text).is_dir() and "." not in text):
        found = _folder_source(root / text, named)
    else:
        found = _package_source(_import(text, root, named), named)
    return check_source(found, setting=named, allow_empty=allow_empty)


def _folder_source(folder: Path, named: str) -> FilesSource:
    if not folder.is_dir():
        raise SourceError(f"{named} is no folder: {folder} does not exist")
    return pmd_runner_source(folder, folder, name=folder.name, setting=named)


def _package_source(package: ModuleType, named: str) -> FilesSource:
    """Return the source of a package: its own ``MigrationRunner`` runs the files, or pmd's."""
    file = Path(package.__file__ or next(iter(package.__path__))).resolve()
    folder = file.parent if file.is_file() else file
    if getattr(package, "MigrationRunner", None):
        return own_runner_source(package, folder, setting=named)
    return pmd_runner_source(package, folder, name=package.__name__, setting=named)


def _object(text: str, root: Path, named: str) -> object:
    module_name, _, attribute = text.partition(":")
    found: object = _import(module_name, root, named)
    for name in attribute.split("."):
        if not hasattr(found, name):
            close = difflib.get_close_matches(name, dir(found), 1)
            hint = f". Did you mean {close[0]!r}?" if close else ""
            raise SourceError(f"{named} cannot be used: {module_name} has no {name!r}{hint}")
        found = getattr(found, name)
    if callable(found) and (isinstance(found, type) or not hasattr(found, "upgrade")):
        found = found()
    return found


def _import(name: str, root: Path, named: str) -> ModuleType:
    for folder in (root, root / "src"):
        top = folder / name.partition(".")[0]
        found = top.is_dir() or top.with_suffix(".py").is_file()
        if found and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, ModuleNotFoundError):
            reason = str(error)
        close = _closest_package(name, root)
        hint = f". Did you mean {close!r}?" if close else ""
        raise SourceError(f"{named} cannot be imported: {reason}{hint}") from error


def _closest_package(name: str, root: Path) -> str | None:
    """Return the package of numbered migrations whose dotted name is closest to ``name``."""
    candidates = set()
    for base in (root, root / "src"):
        for folder in _folders(base, _DEPTH):
            if has_files(versions_folder(folder)) and (folder / "__init__.py").is_file():
                candidates.add(".".join(folder.relative_to(base).parts))
    candidates.discard(name)
    close = difflib.get_close_matches(name, sorted(candidates), 1, 0.5)
    return close[0] if close else None


def _folders(base: Path, depth: int) -> Iterator[Path]:
    if depth == 0 or not base.is_dir():
        return
    for folder in sorted(base.iterdir()):
        if folder.is_dir() and folder.name.isidentifier() and folder.name != "versions":
            yield folder
            yield from _folders(folder, depth - 1)
