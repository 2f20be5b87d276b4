"""Recognise a pointer of git-lfs, which stands where a file was not fetched."""

from __future__ import annotations

__all__ = ["FETCH", "is_pointer"]

FETCH = "git lfs install && git lfs pull"
"""The command that puts the files themselves in the place of their pointers."""

_BEGINNING = b"version https://git-lfs.github.com/spec/"


def is_pointer(content: bytes) -> bool:
    """Return whether these bytes of a file are a pointer, and not the file itself."""
    return content.startswith(_BEGINNING)
