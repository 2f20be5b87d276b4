"""Where SQLite itself asks for the time and for chance: a VFS and two functions, through ctypes.

The VFS (https://www.sqlite.org/vfs.html) is the default one with another clock, so every date
function stays SQLite's own: each modifier means what it means, and ``date('now')`` in an index is
refused as ever. ``random`` and ``randomblob`` are replaced as each connection is opened, by an
automatic extension; they are innocuous as SQLite's own are, so ``trusted_schema`` may be off.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, addressof, c_char_p, c_int, c_int64, c_void_p, cast

from pytest_pmd_migrations.c_library.library import LibraryNotFoundError, find_library
from pytest_pmd_migrations.c_library.vfs_structures import CurrentTimeFunction, Vfs
from pytest_pmd_migrations.still_clock.clock_and_dice import still_time, throw_bytes

__all__ = ["LibraryHooks"]

_OK = 0
_VERSION_WITH_TIME = 2
_NAME = b"pytest-pmd-migrations-still"
_JULIAN_1970 = 210_866_760_000_000
_UTF8, _INNOCUOUS = 1, 0x200000
_TRANSIENT = c_void_p(-1)
_LIMIT_LENGTH = 0
_LEAST = -(2**63)

_SqlFunction = CFUNCTYPE(None, c_void_p, c_int, POINTER(c_void_p))
_EntryPoint = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p)


class LibraryHooks:
    """The hooks of one process; made once and never taken away, since connections point at them.

    Raises LibraryNotFoundError where Python's SQLite cannot be reached.
    """

    def __init__(self) -> None:
        self._library = library = find_library()
        self._declare_types()
        self._system = cast(library.sqlite3_vfs_find(None), POINTER(Vfs)).contents
        if self._system.version < _VERSION_WITH_TIME:
            raise LibraryNotFoundError("another VFS without a clock in whole milliseconds")
        self._system_time = CurrentTimeFunction(self._system.current_time_64)
        self._vfs = Vfs.from_buffer_copy(self._system)
        self._address = addressof(self._vfs)
        self._vfs.name = _NAME
        self._time = CurrentTimeFunction(self._tell_time)
        self._vfs.current_time_64 = cast(self._time, c_void_p).value
        self._random = _SqlFunction(self._throw_integer)
        self._randomblob = _SqlFunction(self._throw_blob)
        self._functions = (
            (b"random", 0, cast(self._random, c_void_p)),
            (b"randomblob", 1, cast(self._randomblob, c_void_p)),
        )
        self._entry = _EntryPoint(self._prepare)
        self._entry_address = cast(self._entry, c_void_p)
        self._dice = False
        library.sqlite3_vfs_register(self._address, 0)

    @contextmanager
    def installed(self, *, dice: bool) -> Iterator[None]:
        """Let every connection that is opened in the block, by whoever, ask the hooks."""
        library = self._library
        before, dice_before = library.sqlite3_vfs_find(None), self._dice
        self._replace_dice(dice)
        library.sqlite3_vfs_register(self._address, 1)
        try:
            yield
        finally:
            self._replace_dice(dice_before)
            library.sqlite3_vfs_register(before, 1)

    def _replace_dice(self, wanted: bool) -> None:
        """Let the functions of chance be replaced on each connection from now on, or no longer."""
        if wanted and not self._dice:
            self._library.sqlite3_auto_extension(self._entry_address)
        elif self._dice and not wanted:
            self._library.sqlite3_cancel_auto_extension(self._entry_address)
        self._dice = wanted

    def _declare_types(self) -> None:
        library = self._library
        for name, result, arguments in (
            ("vfs_find", c_void_p, (c_char_p,)),
            ("vfs_register", c_int, (c_void_p, c_int)),
            ("auto_extension", c_int, (c_void_p,)),
            ("cancel_auto_extension", c_int, (c_void_p,)),
            ("create_function_v2", c_int, (c_void_p, c_char_p, c_int, c_int, *(c_void_p,) * 5)),
            ("context_db_handle", c_void_p, (c_void_p,)),
            ("limit", c_int, (c_void_p, c_int, c_int)),
            ("value_int64", c_int64, (c_void_p,)),
            ("result_int64", None, (c_void_p, c_int64)),
            ("result_blob", None, (c_void_p, c_char_p, c_int, c_void_p)),
            ("result_error_toobig", None, (c_void_p,)),
            ("result_error_nomem", None, (c_void_p,)),
        ):
            function = getattr(library, f"sqlite3_{name}")
            function.restype, function.argtypes = result, arguments

    def _tell_time(self, _vfs: int, answer: ctypes._Pointer[c_int64]) -> int:
        time = still_time()
        if time is None:
            return int(self._system_time(addressof(self._system), answer))
        answer[0] = c_int64(_JULIAN_1970 + time)
        return _OK

    def _prepare(self, connection: int, _message: int, _api: int) -> int:
        """Replace the functions of a connection that is being opened."""
        create = self._library.sqlite3_create_function_v2
        for name, count, function in self._functions:
            flags = _UTF8 | _INNOCUOUS
            result = int(create(connection, name, count, flags, None, function, None, None, None))
            if result != _OK:
                return result
        return _OK

    def _throw_integer(self, context: int, _count: int, _values: object) -> None:
        thrown = int.from_bytes(throw_bytes(8), "little") + _LEAST
        self._library.sqlite3_result_int64(context, thrown)

    def _throw_blob(self, context: int, _count: int, values: ctypes._Pointer[c_void_p]) -> None:
        library = self._library
        size = max(1, int(library.sqlite3_value_int64(values[0])))
        connection = library.sqlite3_context_db_handle(context)
        if size > library.sqlite3_limit(connection, _LIMIT_LENGTH, -1):
            library.sqlite3_result_error_toobig(context)
            return
        try:
            library.sqlite3_result_blob(context, throw_bytes(size), size, _TRANSIENT)
        except MemoryError:
            library.sqlite3_result_error_nomem(context)
