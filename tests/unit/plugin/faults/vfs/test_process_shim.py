"""Where Python's own SQLite cannot be reached, the kinds that need it say why."""

from __future__ import annotations

import ctypes
import sys

import pytest
from pytest_pmd_migrations.c_library.library import LibraryNotFoundError
from pytest_pmd_migrations.faults.kinds.interleave import Interleave
from pytest_pmd_migrations.faults.kinds.power.power import Power
from pytest_pmd_migrations.faults.vfs.process_shim import process_shim


@pytest.fixture(autouse=True)
def _not_looked_for_yet(monkeypatch):
    """As in a process that has no shim; one that is there stays, since SQLite points at it."""
    for module in ("kinds.interleave", "kinds.power.power"):
        monkeypatch.setattr(
            f"pytest_pmd_migrations.faults.{module}.process_shim", process_shim.__wrapped__
        )


def left_out():
    assert Interleave().lacking == Power().lacking
    return Power().lacking


def test_another_python(monkeypatch):
    monkeypatch.setattr(sys.implementation, "name", "pypy")
    assert left_out() == "pypy has a sqlite3 of another make"


def test_windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert left_out() == "not built for Windows"


def test_no_ctypes(monkeypatch):
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert left_out() == "this Python has no ctypes"


def test_hidden_symbols(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert left_out() == "Python's SQLite exports no symbols"


def test_another_copy_of_sqlite(monkeypatch):
    class Copy:
        sqlite3_vfs_find = sqlite3_vfs_register = None

        def sqlite3_sourceid():
            return b"another"

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Copy)
    with pytest.raises(LibraryNotFoundError, match="the one found is another"):
        process_shim.__wrapped__()
