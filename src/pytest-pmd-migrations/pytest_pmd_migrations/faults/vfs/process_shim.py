"""Make the one shim of this process, or say why there can be none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_pmd_migrations.c_library.library import LibraryNotFoundError

if TYPE_CHECKING:
    from pytest_pmd_migrations.faults.vfs.shim import Shim

__all__ = ["process_shim"]


@cache
def process_shim() -> Shim:
    """Return this process's shim; raise LibraryNotFoundError where there can be none."""
    try:
        # Imported late: a Python may be built without it, and can still try most kinds of fault.
        import ctypes  # noqa: F401 - asked only whether it is there
    except ImportError as error:
        raise LibraryNotFoundError("this Python has no ctypes") from error
    from pytest_pmd_migrations.faults.vfs.shim import Shim

    return Shim()
