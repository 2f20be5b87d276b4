"""A folder of scripts as it lies there: names, texts, and the project's files around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["SqlFolder"]


@dataclass(frozen=True)
class SqlFolder:
    """A folder below the root folder of a project; ``named`` is how messages name the setting."""

    path: Path
    root: Path
    named: str
    _texts: dict[Path, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The files in the folder itself, by their names."""
        return tuple(sorted(path for path in self.path.iterdir() if path.is_file()))

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders in it, by their names; hidden ones are not for tools."""
        found = (path for path in self.path.iterdir() if path.is_dir())
        return tuple(sorted(path for path in found if not path.name.startswith(".")))

    def scripts_below(self) -> tuple[Path, ...]:
        """Return all SQL files in the folder and below it, by their names."""
        found = (path for path in self.path.rglob("*.sql") if path.is_file())
        return tuple(sorted(found, key=lambda path: (path.name, path)))

    def text(self, path: Path) -> str:
        """Return a script's text as it is, line ends and byte order mark included.

        Raises SourceError, one line, where it cannot be read or is no UTF-8.
        """
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def text_beside(self, path: Path, name: str) -> str:
        """Return the text of another file in a script's folder; "" where there is none."""
        other = path.with_name(name)
        return self.text(other) if other.is_file() else ""

    def glimpse(self, path: Path) -> str:
        """Return what a script says, without a byte order mark, to recognise it by; "" for none."""
        try:
            return self.text(path).removeprefix("\ufeff")
        except SourceError:
            return ""

    def shown(self, path: Path) -> str:
        """Return a file's path for messages, from the folder on."""
        return path.relative_to(self.path).as_posix()

    def above(self, name: str) -> Iterator[str]:
        """Yield the text of each file of that name in the folder or above it, up to the root."""
        for folder in (self.path, *self.path.parents):
            file = folder / name
            if file.is_file():
                yield self.glimpse(file)
            if folder == self.root or not folder.is_relative_to(self.root):
                return

    def _read(self, path: Path) -> str:
        try:
            content = read_regular(path)
        except OSError as error:
            raise SourceError(
                f"{self.named}: {shown_path(path)} cannot be read: {error.strerror}"
            ) from error
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise SourceError(
                f"{self.named}: {shown_path(path)}, line {line}: byte"
                f" 0x{content[error.start]:02x} is no UTF-8."
                " Save the script as UTF-8"
            ) from error
