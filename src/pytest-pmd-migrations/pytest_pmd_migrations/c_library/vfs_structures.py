"""The C structures and function types by which SQLite calls a VFS, for ctypes."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p

__all__ = [
    "SIZE_UP_TO_VERSION",
    "CharacteristicsFunction",
    "CurrentTimeFunction",
    "DeleteFunction",
    "IoMethods",
    "OpenFunction",
    "SleepFunction",
    "SyncFunction",
    "TruncateFunction",
    "Vfs",
    "WriteFunction",
]

OpenFunction = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
DeleteFunction = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
SleepFunction = CFUNCTYPE(c_int, c_void_p, c_int)
WriteFunction = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
TruncateFunction = CFUNCTYPE(c_int, c_void_p, c_int64)
SyncFunction = CFUNCTYPE(c_int, c_void_p, c_int)
CharacteristicsFunction = CFUNCTYPE(c_int, c_void_p)
CurrentTimeFunction = CFUNCTYPE(c_int, c_void_p, POINTER(c_int64))


class Vfs(Structure):
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


class IoMethods(Structure):
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


SIZE_UP_TO_VERSION = {
    1: IoMethods.shared_memory.offset,
    2: IoMethods.fetch.offset,
    3: ctypes.sizeof(IoMethods),
}
"""Bytes of an ``IoMethods`` that SQLite fills in, by the version that it says it has."""
