"""The graph of revisions as numbered positions: which come first, which set a position stands for.

Values only: nothing here imports Alembic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.applied.recorded_order import positions
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["History", "Revision", "numbered"]


@dataclass(frozen=True)
class Revision:
    """One revision: its id, those it comes after, its file, and when it says it was created.

    ``parents`` are the ids of ``down_revision`` and of ``depends_on``. ``created`` only puts
    revisions in order that have none by their parents; it may be empty.
    """

    id: str
    parents: frozenset[str]
    location: Location
    created: str = ""


@dataclass(frozen=True)
class History:
    """Every revision, and the number of each: its position in the history.

    ``revisions`` is each by its id, ``ids`` each id by its number, ascending.
    """

    revisions: Mapping[str, Revision]
    ids: Mapping[int, str]
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict)

    def numbers(self) -> Mapping[str, int]:
        """Return the number of each id."""
        return {label: number for number, label in self.ids.items()}

    def revision(self, number: int) -> Revision:
        """Return the revision at a position."""
        return self.revisions[self.ids[number]]

    def target(self, number: int) -> tuple[str, ...]:
        """Return what a database at a position is upgraded to: the heads of all up to it."""
        return self.heads([self.ids[one] for one in self.ids if one <= number])

    def heads(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return those ids of a set after which no other of the set comes, in its order."""
        parents = frozenset[str]().union(*(self.revisions[one].parents for one in ids))
        return tuple(one for one in ids if one not in parents)

    def applied(self, heads: Iterable[str]) -> frozenset[str]:
        """Return all that a database has whose heads these are; unknown ids as they stand."""
        return frozenset[str]().union(*map(self._with_ancestors, heads))

    def _with_ancestors(self, head: str) -> frozenset[str]:
        found = self._ancestors.get(head)
        if found is None:
            seen: set[str] = set()
            waiting = [head]
            while waiting:
                one = waiting.pop()
                if one not in seen:
                    seen.add(one)
                    waiting.extend(self.revisions[one].parents if one in self.revisions else ())
            found = self._ancestors[head] = frozenset(seen)
        return found


def numbered(
    revisions: Sequence[Revision], recorded: Mapping[int, str], *, described: str
) -> History:
    """Return the revisions with numbers: recorded ones keep theirs, new ones follow behind.

    Those without an order by their parents follow by the date of their creation, then by their
    id, so that each process numbers them alike. A recorded id that is gone leaves its number out.
    Raises SourceError where a recorded revision now comes after one with a higher number:
    databases that have it would never run that one.
    """
    ordered = [one.id for one in _ordered(revisions)]
    history = History({one.id: one for one in revisions}, positions(ordered, recorded))
    _refuse_skipped(history, frozenset(recorded.values()), described)
    return history


def _refuse_skipped(history: History, known: frozenset[str], described: str) -> None:
    numbers = history.numbers()
    for number, label in history.ids.items():
        later = [one for one in history.revisions[label].parents if numbers[one] > number]
        if label in known and later:
            skipped = min(later, key=numbers.__getitem__)
            place = history.revisions[skipped].location.path.name
            raise SourceError(
                f"{described}: {place} comes before {label}, which frozen.toml has as"
                f" {number:04}: a database that has {label} counts {skipped} as applied and never"
                f" runs it. Let it come after the released ones: down_revision ="
                f" {_written(history, known)}"
            )


def _written(history: History, known: frozenset[str]) -> str:
    """Return the down_revision of a revision that comes after all known ones."""
    there = [one for one in history.ids.values() if one in known]
    before = frozenset[str]().union(
        *(history.applied(history.revisions[one].parents) for one in there)
    )
    heads = [repr(one) for one in there if one not in before]
    return heads[0] if len(heads) == 1 else f"({', '.join(heads)})"


def _ordered(revisions: Iterable[Revision]) -> list[Revision]:
    """Return revisions with parents first; among those that may come next, the oldest."""
    by_id = {one.id: one for one in revisions}
    waits_for = {one.id: len(one.parents) for one in by_id.values()}
    children: dict[str, list[str]] = {one: [] for one in by_id}
    for one in by_id.values():
        for parent in one.parents:
            children[parent].append(one.id)
    ready = [(by_id[one].created, one) for one, number in waits_for.items() if not number]
    heapify(ready)
    ordered: list[Revision] = []
    while ready:
        _, label = heappop(ready)
        ordered.append(by_id[label])
        for child in children[label]:
            waits_for[child] -= 1
            if not waits_for[child]:
                heappush(ready, (by_id[child].created, child))
    return ordered
