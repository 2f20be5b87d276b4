"""The shim under SQLite: a VFS that passes every call on, and tells what was done to files.

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
from ctypes import POINTER, c_char_p, c_int, c_void_p, cast

from pytest_pmd_migrations.c_library.library import LibraryNotFoundError, find_library
from pytest_pmd_migrations.c_library.vfs_structures import (
    SIZE_UP_TO_VERSION,
    CharacteristicsFunction,
    DeleteFunction,
    IoMethods,
    OpenFunction,
    SleepFunction,
    SyncFunction,
    TruncateFunction,
    Vfs,
    WriteFunction,
)
from pytest_pmd_migrations.faults.vfs.operations import (
    Delete,
    FileOperation,
    Open,
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


class Shim:
    """The VFS of one process; made once and never unregistered, since connections point at it."""

    def __init__(self) -> None:
        library = find_library()
        self._library = library
        self._find, self._register = library.sqlite3_vfs_find, library.sqlite3_vfs_register
        self._find.argtypes, self._find.restype = (c_char_p,), c_void_p
        self._register.argtypes = (c_void_p, c_int)
        self._tell: Callable[[FileOperation], None] | None = None
        self._sleep: Callable[[int], None] | None = None
        self._failure: BaseException | None = None
        self._paths: dict[int, str] = {}
        self._methods: dict[int, IoMethods] = {}
        # Everything that SQLite points at must live as long as the process.
        self._alive: list[object] = []
        self._address = self._find(None)
        self._system = ctypes.cast(self._address, POINTER(Vfs)).contents
        self._vfs = Vfs.from_buffer_copy(self._system)
        self._vfs.name = _NAME
        self._exchange(self._vfs, "open", OpenFunction, self._open)
        self._exchange(self._vfs, "delete", DeleteFunction, self._delete)
        self._exchange(self._vfs, "sleep", SleepFunction, self._pause)
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
        tell: Callable[[FileOperation], None] | None = None,
        *,
        sleep: Callable[[int], None] | None = None,
    ) -> Iterator[None]:
        """Be the default VFS for the block.

        ``tell`` is called after each operation on a database, a rollback journal or a WAL, and
        then nothing is really forced to the disk: a record needs the order only. ``sleep`` is
        called with microseconds in place of a wait for another connection's lock. Where either
        raises, SQLite gets an input/output error, and the block raises the same at its end.
        """
        before = self._find(None)
        # The clock of the default VFS, which stands still while a step runs, is this one's too.
        default = ctypes.cast(before, POINTER(Vfs)).contents
        self._vfs.current_time_64 = default.current_time_64
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
        table: Vfs | IoMethods,
        name: str,
        function_type: Callable[..., object],
        function: Callable[..., int],
    ) -> None:
        """Put ``function`` into a table of C functions in place of the one there."""
        pointer = function_type(function)
        self._alive.append(pointer)
        setattr(table, name, cast(pointer, c_void_p).value)  # type: ignore[arg-type]  # a function

    def _open(self, _: int, name: int | None, file: int, flags: int, flags_out: int | None) -> int:
        result = int(OpenFunction(self._system.open)(self._address, name, file, flags, flags_out))
        watched = flags & (_MAIN_DB | _MAIN_JOURNAL | _WAL)
        if result == _OK and name and watched and self._tell is not None:
            methods = ctypes.cast(file, POINTER(c_void_p)).contents
            methods.value = ctypes.addressof(self._watched(methods.value or 0))
            self._paths[file] = path = ctypes.string_at(name).decode(errors="surrogateescape")
            return self._tell_of(Open(path))
        return result

    def _watched(self, address: int) -> IoMethods:
        """Return the methods at ``address`` with those exchanged that change a file."""
        if address in self._methods:
            return self._methods[address]
        version = ctypes.cast(address, POINTER(c_int)).contents.value
        methods = IoMethods()
        ctypes.memmove(ctypes.addressof(methods), address, SIZE_UP_TO_VERSION[min(version, 3)])
        methods.version = min(version, 3)
        write, truncate, sync = (
            WriteFunction(methods.write),
            TruncateFunction(methods.truncate),
            SyncFunction(methods.sync),
        )

        def write_and_tell(file: int, data: int, amount: int, offset: int) -> int:
            result = int(write(file, data, amount, offset))
            if result != _OK or file not in self._paths:
                return result
            return self._tell_of(Write(self._paths[file], offset, ctypes.string_at(data, amount)))

        def truncate_and_tell(file: int, size: int) -> int:
            result = int(truncate(file, size))
            if result != _OK or file not in self._paths:
                return result
            return self._tell_of(Truncate(self._paths[file], size))

        def sync_or_tell(file: int, flags: int) -> int:
            if file not in self._paths:
                return int(sync(file, flags))
            return self._tell_of(Sync(self._paths[file]))

        self._exchange(methods, "write", WriteFunction, write_and_tell)
        self._exchange(methods, "truncate", TruncateFunction, truncate_and_tell)
        self._exchange(methods, "sync", SyncFunction, sync_or_tell)
        # The same on every file system: one with atomic batches would need no journal.
        self._exchange(
            methods, "characteristics", CharacteristicsFunction, lambda _: _POWERSAFE_OVERWRITE
        )
        self._methods[address] = methods
        return methods

    def _delete(self, _: int, name: int, sync_folder: int) -> int:
        result = int(DeleteFunction(self._system.delete)(self._address, name, sync_folder))
        if result != _OK or self._tell is None:
            return result
        path = ctypes.string_at(name).decode(errors="surrogateescape")
        return self._tell_of(Delete(path, bool(sync_folder)))

    def _pause(self, _: int, microseconds: int) -> int:
        if self._sleep is None:
            return int(SleepFunction(self._system.sleep)(self._address, microseconds))
        try:
            self._sleep(microseconds)
        except BaseException as error:
            self._failure = self._failure or error
        return microseconds

    def _tell_of(self, operation: FileOperation) -> int:
        """Tell of an operation, and return the result code for SQLite."""
        if self._tell is None:
            return _OK
        try:
            self._tell(operation)
        except BaseException as error:
            # A callback cannot raise through SQLite: the block that watches raises it at its end.
            self._failure = self._failure or error
            return _IOERR
        return _OK
