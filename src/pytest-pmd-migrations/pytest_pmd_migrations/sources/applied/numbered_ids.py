"""Number the migrations of a tool that knows them by ids: released ones keep their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.sources.applied.recorded_order import positions

__all__ = ["NumberedIds"]


class NumberedIds:
    """The ids of a tool, each with a number: the part of a source that answers for them.

    ``ids`` are all that the tool has, in the order in which it applies them to an empty database.
    """

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        self._number({})

    def versions(self, recorded: Mapping[int, str] | None = None) -> Sequence[int]:
        """Return the numbers, ascending; ``recorded`` ids have theirs from then on."""
        if recorded is not None:
            self._number(recorded)
        return self._versions

    def label(self, version: int) -> str:
        """Return the id that has a number."""
        return self._by_number[version]

    def number(self, name: str) -> int:
        """Return the number that an id has."""
        return self._numbers[name]

    def up_to(self, version: int) -> list[str]:
        """Return the ids with that number or a lower one, in the tool's own order."""
        return [name for name in self.ids if self._numbers[name] <= version]

    def own_order(self) -> Sequence[int]:
        """Return the numbers in the tool's own order."""
        return [self._numbers[name] for name in self.ids]

    def _number(self, recorded: Mapping[int, str]) -> None:
        self._by_number = positions(self.ids, recorded)
        self._numbers = {name: number for number, name in self._by_number.items()}
        self._versions = tuple(sorted(self._by_number))
