"""Make temporary folders that no run leaves behind.

A folder is removed when it is no longer needed, at the end of the process, and before SIGTERM ends
it. One whose process was killed is removed by the next run that makes one beside it.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from pytest_pmd_migrations.errors import TemporaryFolderError
from pytest_pmd_migrations.processes.termination import add_cleanup, drop_cleanup

__all__ = [
    "PREFIX",
    "TemporaryFolder",
    "all_folders_within",
    "disk_full",
    "folder_around",
    "folders_within",
    "is_disk_full",
    "told_full",
]

PREFIX = "pytest-pmd-migrations-"
"""How the name of every temporary folder of the package begins."""

_MEMORY = Path("/dev/shm")
_ROOM = 64 * 1024 * 1024
_LOCK = "in-use"
_NAMED_BY = ("TMPDIR", "TEMP", "TMP")
_TAKEN = (FileNotFoundError, BlockingIOError)
_ATTEMPTS = 100
_NOT_WRITTEN = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")
_PAUSE = 0.01
_FULL = "database or disk is full"
_EXPECTED = (
    "expected room for copies of the databases. Make room there, or name another folder: TMPDIR=..."
)


class _State:
    """Where folders are made, if somebody said so, and where dead ones were looked for."""

    within: Path | None = None
    made_within = 0
    swept: frozenset[Path] = frozenset()


class TemporaryFolder:
    """A new folder, as ``path``, until it is removed or forgotten.

    It is made where TMPDIR says. Where that says nothing, and with ``in_memory``, it is made in
    memory if that has room: hundreds of small files would take most of the time on a disk.
    One that is ``lasting`` is made nowhere else, also inside :func:`folders_within`.
    Raises TemporaryFolderError where it cannot be made.
    """

    def __init__(self, *, in_memory: bool = False, lasting: bool = False) -> None:
        if _State.within is not None and not lasting:
            # That folder is locked and removed by whoever made it.
            with told_full(_State.within):
                self.path, lock = _make_within(_State.within), None
        else:
            parent = _parent(in_memory)
            _sweep_once(parent)
            with told_full(parent):
                self.path, lock = _make_locked(parent)
        self._finalize = weakref.finalize(self, _remove, self.path, lock, os.getpid())
        if lock is not None:
            add_cleanup(self._finalize)
            weakref.finalize(self, drop_cleanup, self._finalize)

    def write(self, name: str, content: bytes) -> Path:
        """Write a file of that name into the folder and return its path.

        Raises TemporaryFolderError where there is no room for it.
        """
        path = self.path / name
        with told_full(self.path.parent):
            path.write_bytes(content)
        return path

    def remove(self) -> None:
        """Remove the folder with all that is in it; a second call does nothing."""
        self._finalize()
        drop_cleanup(self._finalize)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()


@contextmanager
def told_full(parent: Path) -> Iterator[None]:
    """Turn what the system or SQLite refuses to write below ``parent`` into TemporaryFolderError.

    That is about this machine: no migration is at fault.
    """
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(parent) from error
        raise _no_room(parent, str(error.strerror or error)) from error
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(_NOT_WRITTEN):
            raise
        if is_disk_full(error):
            raise disk_full(parent) from error
        raise _no_room(parent, str(error)) from error


def is_disk_full(error: BaseException) -> bool:
    """Return whether the system or SQLite says that a disk is full, or a database is."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _FULL in str(error)


def disk_full(parent: Path) -> TemporaryFolderError:
    """Return the error that the disk of the temporary folder ``parent`` is full."""
    parent = _outside(parent)
    return TemporaryFolderError(f"the disk of {parent} is full; {_EXPECTED}")


def _no_room(parent: Path, why: str) -> TemporaryFolderError:
    parent = _outside(parent)
    return TemporaryFolderError(
        f"the temporary folder {parent} cannot be written: {why}; {_EXPECTED}"
    )


def _outside(parent: Path) -> Path:
    """Return the folder that people know: the one in which this package made its own."""
    for folder in (parent, *parent.parents):
        if folder.name.startswith(PREFIX):
            parent = folder.parent
    return parent


@contextmanager
def folders_within(path: Path) -> Iterator[None]:
    """Make every folder within ``path`` meanwhile, in this process and those forked from it.

    Whoever removes ``path`` then removes what killed processes left.
    """
    previous, _State.within = _State.within, path
    try:
        yield
    finally:
        _State.within = previous


@contextmanager
def all_folders_within(path: Path) -> Iterator[None]:
    """Make the folders and files within ``path``, too, that the application asks ``tempfile`` for.

    One that is killed leaves them there, and not for good. For a process of its own: what is
    meant to outlive ``path`` would be made there as well.
    """
    previous, tempfile.tempdir = tempfile.tempdir, str(path)
    try:
        with folders_within(path):
            yield
    finally:
        tempfile.tempdir = previous


def folder_around() -> Path | None:
    """Return the folder within which every other is made at present, None where there is none."""
    return _State.within


def _parent(in_memory: bool) -> Path:
    named = any(os.environ.get(name) for name in _NAMED_BY)
    # Containers often have little memory for files.
    in_memory = in_memory and not named and os.access(_MEMORY, os.W_OK)
    if in_memory and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return _MEMORY
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise _no_room(Path(os.environ.get("TMPDIR", "/tmp")), str(error.strerror)) from error


def _make_within(parent: Path) -> Path:
    """Make a folder in one that no other run knows, so that a number is name enough.

    A process of the same number may have been killed there.
    """
    while True:
        _State.made_within += 1
        name = f"{parent}/{os.getpid()}-{_State.made_within}"
        with suppress(FileExistsError):
            os.mkdir(name, 0o700)  # noqa: PTH102 - hundreds are made
            return Path(name)


def _make_locked(parent: Path) -> tuple[Path, int | None]:
    """Make a folder, and lock the file in it that says that its process lives.

    The system gives the lock back with the last process that has it: a child keeps it too.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        try:
            return path, _lock(path)
        except _TAKEN:
            # Another run took it for a dead one, between the two lines above.
            continue
        except OSError:
            # A file system without locks: no run takes a folder there for a dead one either.
            return path, None


def _lock(path: Path) -> int | None:
    """Lock a folder and return the lock; None where the platform has none.

    Raises one of _TAKEN where another process has it or removed the folder.
    """
    if os.name != "posix":
        return None
    import fcntl

    file = path / _LOCK
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), file.stat()):
            return lock
        raise FileNotFoundError(file)
    except BaseException:
        os.close(lock)
        raise


def _sweep_once(parent: Path) -> None:
    """Remove the folders whose processes were killed, once a process for each ``parent``."""
    if parent in _State.swept or os.name != "posix":
        return
    _State.swept |= {parent}
    for path in parent.glob(f"{PREFIX}*"):
        # One that is another user's, is in use, or goes meanwhile is not ours to remove.
        with suppress(OSError):
            if not path.is_symlink() and path.stat().st_uid == os.getuid():
                lock = _lock(path)
                _remove_all(path)
                if lock is not None:
                    os.close(lock)


def _remove(path: Path, lock: int | None, process: int) -> None:
    """Remove a folder, unless this is a child that only knows of its parent's."""
    if process != os.getpid():
        return
    _remove_all(path)
    if lock is not None:
        os.close(lock)


def _remove_all(path: Path) -> None:
    """Remove a folder; a child that was killed a moment ago may still be writing into it.

    Most hold a few files and nothing else, which takes no search.
    """
    with suppress(OSError):
        for name in os.listdir(path):  # noqa: PTH208 - hundreds are removed
            os.unlink(f"{path}/{name}")  # noqa: PTH108 - likewise
        os.rmdir(path)  # noqa: PTH106 - likewise
        return
    for attempt in range(_ATTEMPTS):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            if not path.exists():
                return
        except OSError:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return
