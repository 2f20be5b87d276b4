"""Tell which references of a schema are broken since a step, and which ones a RENAME rewrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import as_sql, one_line
from pytest_pmd_migrations.schema.references.changed_meanings import (
    Rewritten,
    StoredText,
    find_lost_words,
    find_rewritten,
    objects,
)
from pytest_pmd_migrations.schema.references.values import Broken, ObjectKey, References

__all__ = ["Changes", "changes_since"]


class Changes(NamedTuple):
    """What became of the references between two stored texts.

    ``broken`` are those that were not before; ``of_new_objects`` are those of them whose object was
    not there before either. ``renamed`` are the names of tables, old and new, that a RENAME wrote
    into them. ``elsewhere`` are references that a RENAME led to another table, which is still
    there, while a new one has the old name; each with the old and the new name.
    """

    broken: tuple[Broken, ...] = ()
    of_new_objects: frozenset[Broken] = frozenset()
    renamed: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[tuple[Broken, str, str], ...] = ()


def changes_since(
    before: StoredText, then: References, after: StoredText, now: References
) -> Changes:
    """Return how references changed; ``then`` and ``now`` are those of the two texts."""
    names = objects(after)
    rewritten = {_key(one.kind, one.name, one.new): one for one in find_rewritten(before, after)}
    appeared = [
        (found, rewritten.get(_key(found.kind, found.name, found.missing)))
        for found in _new(then, now, names.keys())
    ]
    broken = [
        _with_mend(found, cause) if cause and ("table", fold(cause.old)) in names else found
        for found, cause in appeared
    ]
    renamed = dict.fromkeys((cause.old, cause.new) for _, cause in appeared if cause)
    elsewhere = tuple(
        (_elsewhere(one), one.old, one.new)
        for one in rewritten.values()
        if {("table", fold(one.old)), ("table", fold(one.new))} <= names.keys()
    )
    were_there = objects(before)
    new = frozenset(found for found in broken if _object_key(found) not in were_there)
    lost_words = sorted(find_lost_words(before, after, then, now))
    return Changes((*broken, *lost_words), new, tuple(renamed), elsewhere)


def _key(kind: str, name: str, missing: str) -> tuple[str, str, str]:
    return kind, fold(name), fold(missing)


def _object_key(found: Broken) -> ObjectKey:
    return found.kind.removeprefix("virtual "), fold(found.name)


def _identity(found: Broken) -> tuple[str, str, str]:
    # Without a missing name SQLite's own words tell one error from another.
    return _key(found.kind, found.name, found.missing or found.problem)


def _new(then: References, now: References, names: Collection[ObjectKey]) -> Iterator[Broken]:
    """Yield what is broken now and was not, under no other name of a table either."""
    known = {_identity(found) for found in then.broken}
    gone = Counter(
        _identity(found)[::2] for found in then.broken if _object_key(found) not in names
    )
    for found in now.broken:
        identity = _identity(found)
        if identity in known:
            continue
        if gone[identity[::2]] > 0:
            gone[identity[::2]] -= 1
            continue
        yield found


def _elsewhere(one: Rewritten) -> Broken:
    what = "has a foreign key to" if one.kind == "table" else "names"
    problem = f"{what} {one.new} since the RENAME, though there is a table {one.old} again"
    return Broken(one.kind, one.name, one.new, problem, one.owner, _mend(one))


def _with_mend(found: Broken, cause: Rewritten) -> Broken:
    return replace(found, mend=_mend(cause))


def _mend(one: Rewritten) -> str:
    if one.kind == "table":
        return "needs a table rebuild"
    return f"DROP {one.kind.upper()} {as_sql(one.name)}; {one_line(one.sql)}"
