"""Combine the digests of several tables into one, again at each step of a lineage."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["CombinedDigests", "combine_digests"]


class CombinedDigests(NamedTuple):
    """The digests of tables, with all that one digest over them is made of.

    A step changes few of many tables: what is written of the others is not written again.
    ``names`` are those of ``tables``, sorted, and ``written`` what each adds to the whole.
    """

    tables: Mapping[str, str]
    names: Sequence[str] = ()
    written: Sequence[str] = ()

    @classmethod
    def of(cls, tables: Mapping[str, str]) -> CombinedDigests:
        """Return the digests of these tables."""
        names = sorted(tables)
        return cls(tables, names, [_written((name, tables[name])) for name in names])

    def with_changes(self, changed: Mapping[str, str | None]) -> CombinedDigests:
        """Return them with what some tables have now; None of one that is gone."""
        tables, names, written = dict(self.tables), [*self.names], [*self.written]
        for name, digest in changed.items():
            at = bisect_left(names, name)
            if name in tables:
                del tables[name], names[at], written[at]
            if digest is not None:
                tables[name] = digest
                names.insert(at, name)
                written.insert(at, _written((name, digest)))
        return CombinedDigests(tables, names, written)

    @property
    def whole(self) -> str:
        """One digest over all of them."""
        content = f"[{', '.join(self.written)}]".encode()
        return f"sha256:{hashlib.sha256(content).hexdigest()}"


def combine_digests(digests: Mapping[str, str]) -> str:
    """Return one digest over those of several tables."""
    return CombinedDigests.of(digests).whole


_written = lru_cache(maxsize=65_536)(repr)
"""``repr`` of a table and its digest; lineages mostly have the same ones."""
