"""Read a file that may be something else: a pipe, which nobody may ever write into, or a device."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["read_regular", "regular_pieces"]

_PIECE = 1024 * 1024

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
    _refuse_other(path)
    return path.read_bytes()


def regular_pieces(path: Path) -> Iterator[bytes]:
    """Yield a file's content one piece after the other; raises OSError as ``read_regular`` does."""
    _refuse_other(path)
    if path.stat().st_size <= _PIECE:
        yield path.read_bytes()
        return
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece


def _refuse_other(path: Path) -> None:
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind in _KINDS:
        raise OSError(errno.EINVAL, _KINDS[kind], str(path))
