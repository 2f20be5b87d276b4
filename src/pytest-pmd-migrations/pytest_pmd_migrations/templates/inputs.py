"""What a build depends on: the files it read, the folders it listed, the code that was loaded."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.files.temporary_folder import PREFIX
from pytest_pmd_migrations.processes.audit_hook import STARTS_PROCESS, hear_of_events
from pytest_pmd_migrations.snapshots.lock_file import content_digest
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.still_clock.clock_and_dice import times_asked, times_thrown

__all__ = ["BuildRecord", "are_unchanged", "changed_after", "inputs_of"]

_ELSEWHERE = (*STARTS_PROCESS, "socket.")
"""How events begin after which a build may depend on anything."""

_IMPORTING = "<frozen importlib._bootstrap_external>"
_LISTINGS = ("os.listdir", "os.scandir")
_BY_TIME = "time:"
_GONE = "gone"
_COMPILED = "__pycache__"
_SYSTEM = ("/proc/", "/sys/")
_INSTALLED = ("site-packages", "dist-packages")


@dataclass
class BuildRecord:
    """What was heard while the databases of one history were built, from ``since`` on.

    ``paths`` are the files that were read and the folders that were listed; ``elsewhere`` says
    that another process, the network or a database of another file was asked, ``by_chance`` that
    SQL asked its clock or threw its dice.
    """

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    paths: set[str] = field(default_factory=set)
    elsewhere: bool = False
    by_chance: bool = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record what is done in the block; each further step adds to what is known."""
        before = times_asked() + times_thrown()
        with hear_of_events(self.hear):
            yield
        self.by_chance |= times_asked() + times_thrown() > before

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an audit event; https://docs.python.org/3/library/audit_events.html lists them."""
        if event == "open":
            path, mode, flags = arguments
            if _reads(mode, flags):
                self._add(path)
        elif event in _LISTINGS:
            # Python lists whatever folder it looks for a module in.
            if sys._getframe(2).f_code.co_filename != _IMPORTING:
                self._add(arguments[0] or os.curdir)
        elif event == "sqlite3.connect":
            name = os.fsdecode(arguments[0])
            self.elsewhere |= bool(name) and ":memory:" not in name and PREFIX not in name
        elif event.startswith(_ELSEWHERE):
            self.elsewhere = True

    def _add(self, path: object) -> None:
        # A descriptor was opened before, by a path that was heard of.
        if isinstance(path, (str, bytes)):
            found = Path(os.fsdecode(path)).absolute()
            self.paths.add(str(found))
            # A device or a pipe gives something else each time.
            self.elsewhere |= found.exists() and not (found.is_file() or found.is_dir())


def _reads(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return "r" in mode or "+" in mode
    return not (isinstance(flags, int) and flags & os.O_WRONLY)


def inputs_of(
    record: BuildRecord, application: Application, root: Path, is_test: Callable[[str], bool]
) -> dict[str, str]:
    """Return a mark of each thing that a build depended on, by its path.

    These are the migrations with all that lies in their folder, what the build read, and every
    module that is loaded: a migration may call any. Modules that ``is_test`` are left out, and so
    is what is installed, which the names of the installed packages tell of. A module out of
    ``root`` is marked by its size and time, as Python does; all else by its content.
    """
    found = {path: "" for path in record.paths if _is_own(path)}
    found |= {str(path): "" for path in _migrations(application)}
    within = os.path.join(root, "")  # noqa: PTH118 - compared with hundreds
    for path in filter(_is_own, _loaded_files()):
        if not is_test(path):
            found.setdefault(path, "" if path.startswith(within) else _BY_TIME)
    return {path: _mark(path, by_time=kind == _BY_TIME) for path, kind in sorted(found.items())}


def are_unchanged(inputs: Mapping[str, str]) -> bool:
    """Return whether all that a build depended on is as it was."""
    return all(
        _mark(path, by_time=mark.startswith(_BY_TIME)) == mark for path, mark in inputs.items()
    )


def changed_after(inputs: Iterable[str], time: float) -> bool:
    """Return whether a file was changed since: what was loaded before may not be what it holds.

    The time of a change of its entry counts too, as no tool can put that one back.
    """
    stats = (os.stat(path) for path in inputs if os.path.isfile(path))  # noqa: PTH113, PTH116 - hundreds
    return any(max(stat.st_mtime, stat.st_ctime) > time for stat in stats)


def _migrations(application: Application) -> Iterator[Path]:
    """Yield the files of the migrations, and what lies in the folder of numbered ones."""
    source = application.source
    for version in application.versions:
        yield application.location(version).path.absolute()
    if isinstance(source, FilesSource):
        yield source.folder.absolute()
        for path in source.folder.absolute().rglob("*"):
            if _COMPILED not in path.parts:
                yield path


def _loaded_files() -> Iterator[str]:
    for module in list(sys.modules.values()):
        # Some objects there answer to any name, and import something to do so.
        file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
        if isinstance(file, str) and os.path.isabs(file):  # noqa: PTH117 - hundreds
            yield file


def _is_own(path: str) -> bool:
    """Return whether a path is neither installed nor the system's nor a temporary one of ours."""
    if path.startswith((*_SYSTEM, *_STANDARD)) or PREFIX in path:
        return False
    return not any(f"{os.sep}{name}{os.sep}" in path for name in (_COMPILED, *_INSTALLED))


_STANDARD = tuple(
    sysconfig.get_path(name) + os.sep
    for name in ("stdlib", "platstdlib")
    if sysconfig.get_path(name)
)


def _mark(path: str, *, by_time: bool) -> str:
    """Return what tells whether a file or folder is as it was; _GONE where it is not there."""
    try:
        if by_time:
            stat = os.stat(path)  # noqa: PTH116 - hundreds
            return f"{_BY_TIME}{stat.st_size}:{stat.st_mtime_ns}"
        with open(path, "rb") as file:  # noqa: PTH123 - hundreds
            return content_digest(file.read())
    except IsADirectoryError:
        names = sorted(name for name in os.listdir(path) if name != _COMPILED)  # noqa: PTH208
        return content_digest(repr(names).encode(errors="surrogateescape"))
    except OSError:
        return _GONE
