"""Give fresh databases to ordinary tests: copied from what an earlier run or worker built."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.present_time import TimeSpan
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.snapshots.temporary_files import remove_dead_files
from pytest_pmd_migrations.templates.inputs import (
    BuildRecord,
    are_unchanged,
    changed_after,
    inputs_of,
)
from pytest_pmd_migrations.templates.repeatable import gives_the_same_again, is_plain
from pytest_pmd_migrations.templates.stored_template import (
    StoredTemplate,
    one_at_a_time,
    read_template,
    write_template,
)

__all__ = ["FreshTemplates"]

_KEPT = 14 * 24 * 60 * 60
"""Seconds after which a template is removed when another one is stored."""

_OF_THE_SHELL = ("_", "OLDPWD", "PWD", "SHLVL")
_OF_PYTEST = "PYTEST_"


@dataclass(frozen=True)
class FreshTemplates:
    """The fresh databases of one run, by the real clock.

    ``folder`` keeps them for other workers and later runs, None where nothing can be kept.
    ``settings`` are what the run is told, ``started`` when it began (seconds since 1970), ``root``
    the project's folder, and ``is_test`` knows the modules that no migration calls.
    """

    folder: Path | None
    settings: str
    started: float
    root: Path
    is_test: Callable[[str], bool]
    _images: dict[tuple[History, int], Image] = field(default_factory=dict)
    _records: dict[History, BuildRecord] = field(default_factory=dict)

    def image(self, history: History, version: int) -> Image:
        """Return the fresh database at ``version``, a stored one only where it is known to fit.

        Raises FreshFailedError when the runner cannot build it.
        """
        key = history, version
        if key not in self._images:
            self._images[key] = self._found_or_built(history, version)
        return self._images[key]

    def _found_or_built(self, history: History, version: int) -> Image:
        title = self._title(history, version)
        name = f"{history.application.source.name}-{format_version(version)}"
        digest = hashlib.sha256(title.encode()).hexdigest()[:16]
        if self.folder is None:
            return self._build(history, version)
        path = self.folder / f"{name}-{digest}.template"
        known = _fitting(path, title)
        if known is None:
            try:
                with one_at_a_time(path.with_suffix(".lock")) as was_free:
                    # Another worker may have built it while this one waited.
                    known = _fitting(path, title)
                    if known is None and was_free:
                        return self._built(history, version, path, title)
            except OSError:
                # It cannot be kept: each process has its own.
                return self._build(history, version)
        if known is None or known.content is None:
            return self._build(history, version)
        return history.application.prepared(Image(known.content))

    def _built(self, history: History, version: int, path: Path, title: str) -> Image:
        """Build a fresh database, and store it where its inputs are known."""
        image = self._build(history, version)
        inputs = self._inputs(history)
        if inputs is not None:
            same = self._gives_the_same_again(history, version, image)
            write_template(path, StoredTemplate(title, inputs, image.content if same else None))
            _remove_old(path.parent)
        return image

    def _build(self, history: History, version: int) -> Image:
        with self._records.setdefault(history, BuildRecord()).listening():
            return history.fresh_today.image(version)

    def _gives_the_same_again(self, history: History, version: int, image: Image) -> bool:
        record = self._records[history]
        if is_plain(history.application) and not record.by_chance:
            return True
        span = TimeSpan(record.since, datetime.now(UTC))
        return gives_the_same_again(history, version, image, span)

    def _inputs(self, history: History) -> dict[str, str] | None:
        """Return the marks of what a build depended on; None where they cannot be known."""
        record = self._records[history]
        if record.elsewhere:
            return None
        try:
            inputs = inputs_of(record, history.application, self.root, self.is_test)
        except SourceError:
            # The source cannot say where its migrations are written.
            return None
        return None if changed_after(inputs, self.started) else inputs

    def _title(self, history: History, version: int) -> str:
        """Return what a template is of: a version of a source, and all around it."""
        return f"{history.application.source.name} {version} {self._surroundings}"

    @cached_property
    def _surroundings(self) -> str:
        """A digest of what may make a build another one, beside the inputs."""
        told = (
            sys.version,
            sqlite3.sqlite_version,
            self.settings,
            sorted(_installed()),
            sorted(_environment()),
        )
        return hashlib.sha256(repr(told).encode(errors="surrogateescape")).hexdigest()


def _fitting(path: Path, title: str) -> StoredTemplate | None:
    """Return the stored template, where what it was built from is as it was."""
    found = read_template(path, title)
    return found if found is not None and are_unchanged(found.inputs) else None


def _installed() -> Iterator[str]:
    """Yield the name and version of each installed package, as the names of folders say them."""
    for entry in sys.path:
        if entry.endswith("-packages"):
            with suppress(OSError):
                names = os.listdir(entry)  # noqa: PTH208 - names are enough
                yield from (name for name in names if name.endswith((".dist-info", ".egg-info")))


def _environment() -> Iterator[tuple[str, str]]:
    for name, value in os.environ.items():
        if name not in _OF_THE_SHELL and not name.startswith(_OF_PYTEST):
            yield name, value


def _remove_old(folder: Path) -> None:
    """Remove the templates of changed settings and removed Pythons, and what killed runs left."""
    remove_dead_files(folder)
    for path in folder.iterdir():
        # Another run may remove it first.
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT:
                path.unlink()
