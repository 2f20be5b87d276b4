"""The one shim of a process, or the reason why there is none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_pmd_migrations.faults.kinds.power.library import LibraryNotFoundError

if TYPE_CHECKING:
    from pytest_pmd_migrations.faults.kinds.power.vfs import Shim

__all__ = ["shim"]


@cache
def shim() -> Shim:
    """Return this process's shim; LibraryNotFoundError where there can be none."""
    try:
        # Here, because a Python may be built without it, and has the other kinds of fault.
        import ctypes  # noqa: F401
    except ImportError as error:
        raise LibraryNotFoundError("this Python has no ctypes") from error
    from pytest_pmd_migrations.faults.kinds.power.vfs import Shim

    return Shim()
