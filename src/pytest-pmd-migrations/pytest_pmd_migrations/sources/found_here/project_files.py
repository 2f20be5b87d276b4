"""The files of a project that may tell how it migrates, and their texts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from pytest_pmd_migrations.files.regular_file import read_regular

__all__ = ["Candidate", "ProjectFiles"]

_DEPTH = 6
_MOST_FOLDERS = 2_000
_MOST_MODULES = 3_000
_MOST_BYTES = 1024 * 1024
_SKIPPED = frozenset(
    {"node_modules", "site-packages", "__pycache__", "build", "dist", "target", "vendor"}
    | {"tests", "test", "fixtures", "examples"}
)
_SNAPSHOTS = "frozen.toml"
_ENVIRONMENT = "pyvenv.cfg"


@dataclass(frozen=True)
class Candidate:
    """What ``migration_source`` may be set to, and whose migrations these are."""

    source: str
    whose: str


@dataclass(frozen=True)
class ProjectFiles:
    """A project below ``root``."""

    root: Path

    @cached_property
    def folders(self) -> Mapping[Path, tuple[str, ...]]:
        """The names of the files in each folder, but in hidden and foreign ones."""
        found = {}
        for folder, names in self._walk():
            found[folder] = names
            if len(found) == _MOST_FOLDERS:
                break
        return found

    def named(self, name: str) -> Iterator[Path]:
        """Yield each file of that name, from the root on."""
        yield from (folder / name for folder, names in self.folders.items() if name in names)

    def modules(self) -> Iterator[tuple[Path, str]]:
        """Yield each Python file with its text."""
        every = (folder / name for folder, names in self.folders.items() for name in names)
        modules = (path for path in every if path.suffix == ".py")
        yield from ((path, self.text(path)) for path in islice(modules, _MOST_MODULES))

    def text(self, path: Path) -> str:
        """Return a file's text, "" where it is none, is too large or cannot be read."""
        try:
            if path.stat().st_size > _MOST_BYTES:
                return ""
            return read_regular(path).decode("utf-8-sig", errors="replace")
        except OSError:
            return ""

    def shown(self, path: Path) -> str:
        """Return a path as the setting names it."""
        return path.relative_to(self.root).as_posix()

    def dotted(self, path: Path) -> str:
        """Return a module's or package's dotted name, "" where it cannot be imported."""
        base = self.root / "src" if path.is_relative_to(self.root / "src") else self.root
        parts = path.with_suffix("").relative_to(base).parts
        parts = parts[:-1] if parts[-1:] == ("__init__",) else parts
        return ".".join(parts) if all(re.fullmatch(r"[^\W\d]\w*", part) for part in parts) else ""

    def _walk(self) -> Iterator[tuple[Path, tuple[str, ...]]]:
        for place, folders, names in os.walk(self.root):
            folder = Path(place)
            depth = len(folder.relative_to(self.root).parts)
            folders[:] = sorted(
                name
                for name in folders
                if depth < _DEPTH and not name.startswith(".") and name not in _SKIPPED
            )
            if _SNAPSHOTS in names or (_ENVIRONMENT in names and depth):
                folders.clear()
                continue
            yield folder, tuple(sorted(names))
