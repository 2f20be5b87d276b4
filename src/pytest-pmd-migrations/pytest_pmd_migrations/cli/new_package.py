"""Make the package or folder that the setting names and that is not there yet: ``new``."""

from __future__ import annotations

import importlib
import importlib.util
from difflib import SequenceMatcher
from pathlib import Path

import click

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.sources.close_names import close_folder, close_package

__all__ = ["make_missing"]

_A_SLIP = 0.9
"""How much of a name must be that of migrations there are, to be a slip of the pen."""


def make_missing(text: str, root: Path, error: SourceError) -> list[Path] | None:
    """Make the package or folder that ``text`` names, and return the files that were written.

    ``error`` says why there is no source. Each new package gets an ``__init__.py``; a folder that
    is not imported gets none. Returns None, and makes nothing, where something else than a missing
    folder is wrong, or where the name is a slip of the pen for migrations that there are.
    Raises ClickException where nothing can be written.
    """
    folders = _missing_folders(text, root, error)
    if not folders:
        return None
    written = []
    try:
        for folder, is_package in folders:
            folder.mkdir(parents=True)
            if is_package:
                written.append(folder / "__init__.py")
                written[-1].touch()
    except OSError as failure:
        raise click.ClickException(
            f"{shown_path(folder)} cannot be made: {failure.strerror}; expected a folder to write"
            " into"
        ) from failure
    importlib.invalidate_caches()
    return written


def _missing_folders(text: str, root: Path, error: SourceError) -> list[tuple[Path, bool]]:
    """Return each folder to make, from the outermost, and whether it is a package."""
    if ":" in text:
        return []
    if "/" in text or "." not in text:
        folder = root / text
        there = folder.exists() or _is_slip(text, close_folder(folder, root))
        named = "/" in text or (text.isidentifier() and _is_missing(text, error))
        return [] if there or not named else [(folder, False)]
    parts = text.split(".")
    base = _base_of(parts[0], root)
    slip = _is_slip(text, close_package(text, root))
    if (
        slip
        or base is None
        or not _is_missing(text, error)
        or not all(map(str.isidentifier, parts))
    ):
        return []
    folders = [base.joinpath(*parts[: length + 1]) for length in range(len(parts))]
    if any(folder.with_suffix(".py").exists() for folder in folders):
        return []
    return [(folder, True) for folder in folders if not folder.exists()]


def _is_missing(text: str, error: SourceError) -> bool:
    """Return whether the package itself is missing, not something that it imports."""
    cause = error.__cause__
    return isinstance(cause, ModuleNotFoundError) and f"{text}.".startswith(f"{cause.name}.")


def _is_slip(text: str, close: str) -> bool:
    return SequenceMatcher(None, text, close).ratio() >= _A_SLIP


def _base_of(top: str, root: Path) -> Path | None:
    """Return the folder that the outermost package lies in, or will; None outside the project."""
    for base in (root, root / "src"):
        if (base / top).is_dir():
            return base
    spec = importlib.util.find_spec(top)
    if spec is None:
        return root / "src" if (root / "src").is_dir() else root
    locations = [Path(found).resolve() for found in spec.submodule_search_locations or ()]
    inside = bool(locations) and locations[0].is_relative_to(root.resolve())
    return locations[0].parent if inside else None
