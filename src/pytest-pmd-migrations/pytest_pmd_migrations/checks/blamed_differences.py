"""Find since which version of a lineage each difference from fresh stands, and who made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.release_of_differences import ChangedRelease, changed_release
from pytest_pmd_migrations.schema import Difference, SchemaDiff

__all__ = ["Blame", "blames"]


class Blame(NamedTuple):
    """The differences that first appeared at one version, and the changed release they come from.

    ``release`` is None where they come from no such change: there each says how it is mended.
    """

    version: int
    differences: tuple[Difference, ...]
    release: ChangedRelease | None = None


def blames(history: History, stops: Sequence[int], diffs: Mapping[int, SchemaDiff]) -> list[Blame]:
    """Group the differences of the last version that has any by the version they stand since.

    ``stops`` are the versions that the lineage was at, ascending, ``diffs`` how it differed there.
    Of one version, the differences that a changed release makes come first.
    """
    shown = max(diffs)
    earlier = [version for version in reversed(stops) if version < shown]
    found: dict[int, list[tuple[Difference, Difference]]] = {}
    for difference in diffs[shown].differences:
        first, same = shown, difference
        for version in earlier:
            if version not in diffs:
                break
            before = _before(same, diffs[version], diffs[first])
            if before is None:
                break
            first, same = version, before
        found.setdefault(first, []).append((difference, same))
    return [blame for version in sorted(found) for blame in _parted(history, version, found)]


def _parted(
    history: History, version: int, found: Mapping[int, Sequence[tuple[Difference, Difference]]]
) -> Iterator[Blame]:
    """Yield the differences since one version that a changed release makes, then the others.

    Each stands with what it was at that version, where names may have been others.
    """
    release = changed_release(history, version)
    made: list[Difference] = []
    others: list[Difference] = []
    for now, then in found[version]:
        if release is not None and release.makes(then):
            # Its SQL would make a database like what is wrong.
            made.append(replace(now, mend=""))
        else:
            others.append(now)
    if made:
        yield Blame(version, tuple(made), release)
    if others:
        yield Blame(version, tuple(others))


def _before(difference: Difference, old: SchemaDiff, new: SchemaDiff) -> Difference | None:
    """Return the same difference one version earlier, also if its object was renamed since."""
    there = {_key(found): found for found in old.differences}
    here = {_key(found) for found in new.differences}
    if _key(difference) in there:
        return there[_key(difference)]
    renamed = (
        found
        for key, found in there.items()
        if key not in here and _fact(found) == _fact(difference)
    )
    return next(renamed, None)


def _key(difference: Difference) -> tuple[object, ...]:
    side = difference.upgraded is None, difference.fresh is None
    return difference.kind, difference.object, difference.part, side


def _fact(difference: Difference) -> tuple[object, ...]:
    """Return what stays of a difference when its table gets another name."""
    sides = difference.upgraded, difference.fresh
    return difference.kind, difference.column, difference.part, *sides
