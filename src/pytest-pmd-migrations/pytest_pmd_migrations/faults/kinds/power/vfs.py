"""A shim under SQLite: a VFS that passes everything on and tells what it passed.

A VFS is SQLite's way to the operating system (https://www.sqlite.org/vfs.html). This one is the
default VFS with three functions exchanged (open, delete, sleep); a file that it opens keeps its
own methods but for those that change the file. It is the default only while something watches, so
that every connection of that time is seen, whoever opens it; the connections may outlive it.
"""

from __future__ import annotations

import ctypes
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast

from pytest_pmd_migrations.faults.kinds.power.library import LibraryNotFoundError, find_library
from pytest_pmd_migrations.faults.kinds.power.operations import (
    Delete,
    Open,
    Operation,
    Sync,
    Truncate,
    Write,
)

__all__ = ["Shim"]

_OK = 0
_IOERR = 10
_MAIN_DB, _MAIN_JOURNAL, _WAL = 0x100, 0x800, 0x80000
_POWERSAFE_OVERWRITE = 0x1000
_NAME = b"pytest-pmd-migrations"

_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_SLEEP = CFUNCTYPE(c_int, c_void_p, c_int)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_CHARACTERISTICS = CFUNCTYPE(c_int, c_void_p)


class _Vfs(Structure):
    """``sqlite3_vfs``, version 3 (https://www.sqlite.org/c3ref/vfs.html)."""

    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        ("access_to_load", c_void_p * 6),
        ("randomness", c_void_p),
        ("sleep", c_void_p),
        ("current_time", c_void_p),
        ("last_error", c_void_p),
        ("current_time_64", c_void_p),
        ("system_calls", c_void_p * 3),
    )


class _Methods(Structure):
    """``sqlite3_io_methods``, version 3 (https://www.sqlite.org/c3ref/io_methods.html)."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", c_void_p),
        ("truncate", c_void_p),
        ("sync", c_void_p),
        ("size_to_sector", c_void_p * 6),
        ("characteristics", c_void_p),
        ("shared_memory", c_void_p * 4),
        ("fetch", c_void_p * 2),
    )


_METHODS_UP_TO_VERSION = {
    1: _Methods.shared_memory.offset,
    2: _Methods.fetch.offset,
    3: ctypes.sizeof(_Methods),
}


class Shim:
    """The VFS of one process; made once and never unregistered, since connections point at it."""

    def __init__(self) -> None:
        library = find_library()
        self._library = library
        self._find, self._register = library.sqlite3_vfs_find, library.sqlite3_vfs_register
        self._find.argtypes, self._find.restype = (c_char_p,), c_void_p
        self._register.argtypes = (c_void_p, c_int)
        self._tell: Callable[[Operation], None] | None = None
        self._sleep: Callable[[int], None] | None = None
        self._failure: BaseException | None = None
        self._paths: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        # Whatever SQLite points at must live as long as the process.
        self._alive: list[object] = []
        self._address = self._find(None)
        self._system = ctypes.cast(self._address, POINTER(_Vfs)).contents
        self._vfs = _Vfs.from_buffer_copy(self._system)
        self._vfs.name = _NAME
        self._exchange(self._vfs, "open", _OPEN, self._open)
        self._exchange(self._vfs, "delete", _DELETE, self._delete)
        self._exchange(self._vfs, "sleep", _SLEEP, self._pause)
        self._register(ctypes.addressof(self._vfs), 0)
        try:
            sqlite3.connect(f"file::memory:?vfs={_NAME.decode()}", uri=True).close()
        except sqlite3.OperationalError as error:
            raise LibraryNotFoundError(
                f"Python's SQLite does not know the shim: {error}"
            ) from error

    def has_option(self, name: str) -> bool:
        """Return whether SQLite was built with an option, named without ``SQLITE_``."""
        return bool(self._library.sqlite3_compileoption_used(name.encode()))

    @contextmanager
    def watching(
        self,
        tell: Callable[[Operation], None] | None = None,
        *,
        sleep: Callable[[int], None] | None = None,
    ) -> Iterator[None]:
        """Be the default VFS for the block.

        ``tell`` is called after each operation on a database, a rollback journal or a WAL, and
        then nothing is forced to the disk in earnest: a record needs the order only. ``sleep`` is
        called with microseconds in place of a wait for another connection's lock. What either
        raises, SQLite sees as an input/output error, and the caller of this block at its end.
        """
        before = self._find(None)
        self._tell, self._sleep, self._failure = tell, sleep, None
        self._register(ctypes.addressof(self._vfs), 1)
        try:
            yield
        finally:
            self._register(before, 1)
            self._tell = self._sleep = None
            failure, self._failure = self._failure, None
            self._paths.clear()
        if failure is not None:
            raise failure

    def _exchange(
        self,
        table: _Vfs | _Methods,
        name: str,
        kind: Callable[..., object],
        function: Callable[..., int],
    ) -> None:
        pointer = kind(function)
        self._alive.append(pointer)
        setattr(table, name, cast(pointer, c_void_p).value)  # type: ignore[arg-type]  # a function

    def _open(self, _: int, name: int | None, file: int, flags: int, flags_out: int | None) -> int:
        result = int(_OPEN(self._system.open)(self._address, name, file, flags, flags_out))
        watched = flags & (_MAIN_DB | _MAIN_JOURNAL | _WAL)
        if result == _OK and name and watched and self._tell is not None:
            methods = ctypes.cast(file, POINTER(c_void_p)).contents
            methods.value = ctypes.addressof(self._watched(methods.value or 0))
            self._paths[file] = path = ctypes.string_at(name).decode(errors="surrogateescape")
            return self._told(Open(path))
        return result

    def _watched(self, address: int) -> _Methods:
        """Return the methods at ``address`` with those exchanged that change a file."""
        if address in self._tables:
            return self._tables[address]
        version = ctypes.cast(address, POINTER(c_int)).contents.value
        methods = _Methods()
        ctypes.memmove(ctypes.addressof(methods), address, _METHODS_UP_TO_VERSION[min(version, 3)])
        methods.version = min(version, 3)
        write, truncate, sync = (
            _WRITE(methods.write),
            _TRUNCATE(methods.truncate),
            _SYNC(methods.sync),
        )

        def write_and_tell(file: int, data: int, amount: int, offset: int) -> int:
            result = int(write(file, data, amount, offset))
            if result != _OK or file not in self._paths:
                return result
            return self._told(Write(self._paths[file], offset, ctypes.string_at(data, amount)))

        def truncate_and_tell(file: int, size: int) -> int:
            result = int(truncate(file, size))
            if result != _OK or file not in self._paths:
                return result
            return self._told(Truncate(self._paths[file], size))

        def sync_or_tell(file: int, flags: int) -> int:
            if file not in self._paths:
                return int(sync(file, flags))
            return self._told(Sync(self._paths[file]))

        self._exchange(methods, "write", _WRITE, write_and_tell)
        self._exchange(methods, "truncate", _TRUNCATE, truncate_and_tell)
        self._exchange(methods, "sync", _SYNC, sync_or_tell)
        # The same on every file system: one with atomic batches would need no journal.
        self._exchange(methods, "characteristics", _CHARACTERISTICS, lambda _: _POWERSAFE_OVERWRITE)
        self._tables[address] = methods
        return methods

    def _delete(self, _: int, name: int, sync_folder: int) -> int:
        result = int(_DELETE(self._system.delete)(self._address, name, sync_folder))
        if result != _OK or self._tell is None:
            return result
        path = ctypes.string_at(name).decode(errors="surrogateescape")
        return self._told(Delete(path, bool(sync_folder)))

    def _pause(self, _: int, microseconds: int) -> int:
        if self._sleep is None:
            return int(_SLEEP(self._system.sleep)(self._address, microseconds))
        try:
            self._sleep(microseconds)
        except BaseException as error:
            self._failure = self._failure or error
        return microseconds

    def _told(self, operation: Operation) -> int:
        if self._tell is None:
            return _OK
        try:
            self._tell(operation)
        except BaseException as error:
            # A callback cannot raise through SQLite: the block that watches raises it at its end.
            self._failure = self._failure or error
            return _IOERR
        return _OK
