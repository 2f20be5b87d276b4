"""Combine the digests of several tables into one, again at each step of a lineage."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["CombinedDigests", "combine_digests"]


class CombinedDigests:
    """The digests of tables, with all that one digest over them is made of.

    A step changes few of many tables: what is written of the others is not written again.
    """

    def __init__(self, tables: Mapping[str, str]) -> None:
        self._tables = dict(tables)
        self._names = sorted(tables)
        self._written = [_written(name, tables[name]) for name in self._names]

    @property
    def tables(self) -> dict[str, str]:
        """The digest of each table as it is now."""
        return dict(self._tables)

    def change(self, changed: Mapping[str, str | None]) -> None:
        """Take over what some tables have now; None of one that is gone."""
        tables, names, written = self._tables, self._names, self._written
        for name, digest in changed.items():
            at = bisect_left(names, name)
            if name not in tables:
                names.insert(at, name)
                written.insert(at, b"")
            if digest is None:
                tables.pop(name, None)
                del names[at], written[at]
            else:
                tables[name], written[at] = digest, _written(name, digest)

    @property
    def whole(self) -> str:
        """One digest over all of them."""
        content = b"[" + b", ".join(self._written) + b"]"
        return f"sha256:{hashlib.sha256(content).hexdigest()}"


def combine_digests(digests: Mapping[str, str]) -> str:
    """Return one digest over those of several tables."""
    return CombinedDigests(digests).whole


@lru_cache(maxsize=65_536)
def _written(name: str, digest: str) -> bytes:
    """Return what a table adds to the whole; lineages mostly have the same ones."""
    return repr((name, digest)).encode()
