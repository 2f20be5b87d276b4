"""Find the lineages that reach a migration; find once what each row asks of all lineages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from pytest_pmd_migrations.checks.model import LineageRecord, Seen

__all__ = ["LineageRecords", "reaching"]

Found = TypeVar("Found")
"""What somebody finds of all lineages."""


class LineageRecords(tuple[LineageRecord[Seen], ...], Generic[Seen]):
    """What one check saw of several lineages; what every row asks of all of them is found once."""

    @classmethod
    def of(cls, lineages: Sequence[LineageRecord[Seen]]) -> LineageRecords[Seen]:
        """Return these lineages: themselves, where they are such records already."""
        return lineages if isinstance(lineages, cls) else cls(lineages)

    def once(self, find: Callable[[Sequence[LineageRecord[Seen]]], Found]) -> Found:
        """Return what ``find`` finds of them, which is called once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: Found = self._found[find]
        return found

    @cached_property
    def _found(self) -> dict[Callable[..., object], Any]:
        return {}


def reaching(
    lineages: Sequence[LineageRecord[Seen]], version: int
) -> tuple[LineageRecord[Seen], ...]:
    """Return the lineages that arrived at ``version`` by a step."""
    return LineageRecords.of(lineages).once(_by_version).get(version, ())


def _by_version(
    lineages: Sequence[LineageRecord[Seen]],
) -> Mapping[int, tuple[LineageRecord[Seen], ...]]:
    found: dict[int, list[LineageRecord[Seen]]] = {}
    for record in lineages:
        for version in record.reached:
            found.setdefault(version, []).append(record)
    return {version: tuple(records) for version, records in found.items()}
