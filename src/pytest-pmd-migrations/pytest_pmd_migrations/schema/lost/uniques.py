"""Say what no two rows of a table have alike, and whether they still do after a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pytest_pmd_migrations.schema.reading.spelling import collated_terms, spell_name

__all__ = ["NO_CONDITION", "Unique", "Uniques"]

NO_CONDITION = "none"
"""The condition of an index that is about all rows, as the facts of an index have it."""

_NOT_NULL = ("is not null", "notnull", "not null")


class Unique(NamedTuple):
    """What no two rows have alike: the terms of an index or a key, and which rows it is about.

    ``collations`` are those of its terms that are not compared byte by byte.
    """

    terms: frozenset[str]
    condition: str
    collations: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, terms: str, condition: str, without: frozenset[str] = frozenset()) -> Unique:
        """Return what a list of terms keeps apart; the collations ``without`` do not count."""
        collated = collated_terms(terms)
        names = frozenset(term for term, _ in collated)
        return cls(
            names,
            _beyond_nulls(condition, names),
            frozenset(one for one in collated if one[1] and one[0] not in without),
        )

    def implies(self, other: Unique) -> bool:
        """Return whether rows that differ by this one surely differ by another one, too.

        They do where that one has more terms, is about fewer rows, or compares byte by byte.
        """
        return (
            self.terms <= other.terms
            and _holds_for(self.condition, other.condition)
            and all(one in self.collations for one in other.collations if one[0] in self.terms)
        )


def _beyond_nulls(condition: str, terms: Iterable[str]) -> str:
    """Return a condition without that a term is not NULL: those with NULL are never alike."""
    names = {name for term in terms for name in (term, spell_name(term))}
    nulls = {f"{name} {end}" for name in names for end in _NOT_NULL}
    return " and ".join(p for p in condition.split(" and ") if p not in nulls) or NO_CONDITION


def _holds_for(condition: str, other: str) -> bool:
    """Return whether rows that meet another condition surely meet this one.

    They do if there is none, or if the other one is this one with more behind or before an AND.
    """
    if condition in (NO_CONDITION, other):
        return True
    if other.startswith(f"{condition} and "):
        added = other[len(condition) :]
    elif other.endswith(f" and {condition}"):
        added = other[: -len(condition)]
    else:
        return False
    return " or " not in added and " between " not in added


class Uniques:
    """What is unique in a table by each UNIQUE, unique index and primary key."""

    def __init__(self, before: Sequence[Unique], after: Sequence[Unique]) -> None:
        olds = _by_rarest_term(before)
        self._after = _by_rarest_term(after)
        came = (found.terms for found in after if not _is_implied(found, olds))
        self._came = frozenset[str]().union(*came)

    def stay(self, wanted: Unique) -> bool:
        """Return whether rows still differ by what was unique, or another one replaces it.

        That is one on some of its terms that no old one implies: it asks for something new.
        """
        return not self._came.isdisjoint(wanted.terms) or _is_implied(wanted, self._after)


def _by_rarest_term(ones: Sequence[Unique]) -> dict[str, list[Unique]]:
    """Return each by one of its terms: what includes all of them includes that one, too."""
    uses = Counter(term for one in ones for term in one.terms)
    found: dict[str, list[Unique]] = {}
    for one in ones:
        found.setdefault(min(one.terms, key=uses.__getitem__, default=""), []).append(one)
    return found


def _is_implied(wanted: Unique, ones: Mapping[str, Sequence[Unique]]) -> bool:
    return any(one.implies(wanted) for term in wanted.terms for one in ones.get(term, ()))
