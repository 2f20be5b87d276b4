"""Read a file that may be something else: a pipe, which nobody may ever write into, or a device."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

__all__ = ["read_regular"]

_KINDS = {
    stat.S_IFIFO: "it is a named pipe, no file",
    stat.S_IFSOCK: "it is a socket, no file",
    stat.S_IFCHR: "it is a device, no file",
    stat.S_IFBLK: "it is a device, no file",
}


def read_regular(path: Path) -> bytes:
    """Return a file's content, and never wait for it.

    Raises OSError where it cannot be read, and where something else is there: ``strerror`` says so.
    """
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind in _KINDS:
        raise OSError(errno.EINVAL, _KINDS[kind], str(path))
    return path.read_bytes()
