"""Fold names as SQLite does: the case of ASCII letters makes no difference, that of others does."""

from __future__ import annotations

import string
from functools import lru_cache

__all__ = ["fold"]

_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    """Return ``name`` in the form in which SQLite compares it."""
    return name.lower() if name.isascii() else name.translate(_FOLDED)
