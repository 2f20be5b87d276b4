"""Find names close to a wrong one: packages and folders of migrations, sources in a module."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from pytest_pmd_migrations.sources.numbered.numbered_files import has_files, versions_folder

__all__ = [
    "below",
    "close_attributes",
    "close_folder",
    "close_package",
    "did_you_mean",
    "first_numbered",
    "shown_below",
    "source_names",
    "tool_of",
    "with_colon",
]

_DEPTH = 4
_CLOSE = 0.5
_SOURCE_PARTS = ("versions", "location", "upgrade")
_TOOLS = ("sqlite_utils", "sqlite_migrate")


def did_you_mean(*names: str) -> str:
    """Return the question that ends a message, "" where there is no name to offer."""
    meant = " or ".join(repr(name) for name in names if name)
    return f". Did you mean {meant}?" if meant else ""


def with_colon(text: str) -> str:
    """Return ``app.db:thing`` where ``app.db.thing`` was written, "" without such an object."""
    module_name, _, attribute = text.rpartition(".")
    if not module_name:
        return ""
    try:
        module = importlib.import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException:
        # Whatever hinders it, the error of the whole name is the one that is told.
        return ""
    return f"{module_name}:{attribute}" if hasattr(module, attribute) else ""


def close_attributes(name: str, found: object) -> list[str]:
    """Return the attribute closest to ``name``, or else the sources that stand in a module."""
    close = difflib.get_close_matches(name, dir(found), 1)
    return close or (source_names(found) if isinstance(found, ModuleType) else [])


def close_package(name: str, root: Path) -> str:
    """Return the package of numbered migrations whose dotted name is closest, or ""."""
    packages = (
        ".".join(folder.relative_to(base).parts)
        for base in (root, root / "src")
        for folder in below(base)
        if has_files(versions_folder(folder)) and (folder / "__init__.py").is_file()
    )
    return _closest(name, packages)


def close_folder(folder: Path, root: Path) -> str:
    """Return the folder of numbered migrations whose path is closest, or ""."""
    return _closest(
        shown_below(root, folder),
        (shown_below(root, other) for other in below(root) if has_files(other)),
    )


def first_numbered(root: Path) -> str:
    """Return the first package or folder of migrations, as the setting would name it, or ""."""
    for base in (root, root / "src"):
        for folder in below(base):
            if has_files(versions_folder(folder)):
                package = (folder / "__init__.py").is_file()
                dotted = ".".join(folder.relative_to(base).parts)
                return dotted if package else shown_below(root, folder)
    return ""


def source_names(module: ModuleType) -> list[str]:
    """Return the names of the sources that stand in a module, also of other tools' objects."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and (tool_of(value) or _is_source(value))
    ]


def tool_of(found: object) -> str:
    """Return the package whose ``Migrations`` the object is, "" where it is no such object."""
    kind = type(found)
    tool = kind.__module__.partition(".")[0]
    return tool if kind.__name__ == "Migrations" and tool in _TOOLS else ""


def shown_below(root: Path, folder: Path) -> str:
    """Return a folder as the setting would name it."""
    return (folder.relative_to(root) if folder.is_relative_to(root) else folder).as_posix()


def below(base: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Yield the folders below ``base`` that may hold migrations."""
    if depth == 0 or not base.is_dir():
        return
    for folder in sorted(base.iterdir()):
        if folder.is_dir() and folder.name.isidentifier() and folder.name != "versions":
            yield folder
            yield from below(folder, depth - 1)


def _closest(name: str, candidates: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted({*candidates} - {name}), 1, _CLOSE)
    return close[0] if close else ""


def _is_source(value: object) -> bool:
    # The class is asked: an object's own attributes may do anything when they are read.
    kind = value if isinstance(value, type) else type(value)
    protocol = kind is value and kind.__module__.startswith("pytest_pmd_migrations.")
    return not protocol and all(hasattr(kind, part) for part in _SOURCE_PARTS)
