"""Keep the numbers of released migrations: they are those of the lock file, new ones come behind.

A migration that was inserted into an older branch after a release gets the next number, as released
databases meet it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.protocol import (
    Source,
    label_of,
    refuse_unordered,
    versions_of,
)

__all__ = [
    "asks_for_recorded_order",
    "inserted_before",
    "keep_recorded_order",
    "own_order",
    "positions",
]


def positions(known: Sequence[str], recorded: Mapping[int, str]) -> dict[int, str]:
    """Return ids by their numbers: the recorded ones keep theirs, new ones get the next.

    ``known`` are the ids that a runner has, in its own order. The number of a recorded id that is
    not known is left out.
    """
    there = set(known)
    found = {number: name for number, name in sorted(recorded.items()) if name in there}
    placed = set(found.values())
    number = max(recorded, default=0)
    for name in known:
        if name not in placed:
            number += 1
            found[number] = name
    return found


def asks_for_recorded_order(source: Source) -> bool:
    """Return whether a source wants to know what the lock file records."""
    return bool(inspect.signature(source.versions).parameters)


def keep_recorded_order(source: Source, recorded: Mapping[int, str]) -> None:
    """Tell a source that asks for it which labels the lock file has by version.

    Raises SourceError where it raises, or where what it answers is no order of versions.
    """
    # What a source may leave out is no part of the protocol's type.
    asking: Any = source
    who = described(source)
    versions = ask(who, "versions(recorded)", lambda: list(asking.versions(recorded)))
    refuse_unordered(versions, f"{who}: versions(recorded)")
    for version in versions:
        was, now = recorded.get(version), label_of(source, version)
        if was is not None and was != now:
            raise SourceError(
                f"{who}: versions(recorded) gave {now} the number {version}, which the lock file"
                f" has for {was}; expected recorded ones to keep their numbers"
            )


def own_order(source: Source) -> Sequence[int]:
    """Return the versions as the runner applies them to an empty database.

    Raises SourceError unless these are all versions, each once.
    """
    own = getattr(source, "own_order", None)
    versions = versions_of(source)
    if not callable(own):
        return versions
    found = ask(described(source), "own_order()", lambda: list(own()))
    if sorted(found) != list(versions):
        raise SourceError(
            f"{described(source)}: own_order() returned {found!r}; expected every version once"
        )
    return found


def inserted_before(source: Source, version: int) -> int | None:
    """Return the first older version that the runner applies after that one, None for none."""
    order = own_order(source)
    later = order[order.index(version) + 1 :]
    return min((other for other in later if other < version), default=None)
