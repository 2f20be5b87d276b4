"""Tell a changed CHECK or foreign key as one difference instead of two.

Neither has a name of its own, so the comparison finds an old one that is gone and a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from pytest_pmd_migrations.schema.compare import Difference
from pytest_pmd_migrations.schema.showing.carets import words
from pytest_pmd_migrations.schema.values import Nameless

__all__ = ["paired"]

_PARTS = {"check": "expression", "foreign key": "references"}
_ALIKE = 0.5
"""The share of words that two CHECKs must have in common to be the same one, changed."""

_OneSided = tuple[Nameless, Difference]


def paired(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return the differences, with one for each CHECK or foreign key that became another.

    A foreign key is the same one if its columns are; a CHECK if most of its words are.
    """
    nameless = [(each.nameless, each) for each in differences if each.nameless is not None]
    new: dict[tuple[str, str], _Candidates] = {}
    for found, each in nameless:
        if each.upgraded is None:
            new.setdefault((each.kind, found.subject), _Candidates()).add((found, each))
    changed: dict[Difference, Difference] = {}
    told: set[Difference] = set()
    for old in nameless:
        candidates = new.get((old[1].kind, old[0].subject)) if old[1].fresh is None else None
        successor = candidates.take_most_alike(old) if candidates else None
        if successor is not None:
            told.add(successor[1])
            changed[old[1]] = _change(old, successor)
    return tuple(changed.get(each, each) for each in differences if each not in told)


class _Candidates:
    """The new CHECKs of one table, or the new foreign keys on the same columns."""

    def __init__(self) -> None:
        self._left: dict[int, tuple[_OneSided, list[str]]] = {}
        self._lengths: set[int] = set()
        self._most: Counter[str] = Counter()

    def add(self, new: _OneSided) -> None:
        """Add one; ``_most`` keeps how often a word is in the one that has it most often."""
        found = words(new[0].content)
        self._left[len(self._left)] = new, found
        self._lengths.add(len(found))
        self._most |= Counter(found)

    def take_most_alike(self, old: _OneSided) -> _OneSided | None:
        """Take out the candidate that ``old`` became, the first of several; None if none is it."""
        own = words(old[0].content)
        common = sum((Counter(own) & self._most).values())
        most = max((_ratio(min(common, n), len(own) + n) for n in self._lengths), default=0.0)
        share, successor = -1.0, -1
        for number, (_, found) in self._left.items():
            matcher = SequenceMatcher(None, own, found)
            if share < 0 or matcher.real_quick_ratio() > share:
                ratio = matcher.ratio()
                if ratio > share:
                    share, successor = ratio, number
            if share >= most:
                # None can have more in common with it.
                break
        if successor < 0 or (old[1].kind != "foreign key" and share < _ALIKE):
            return None
        return self._left.pop(successor)[0]


def _ratio(common: int, both: int) -> float:
    """Return difflib's measure of how alike two lists are, by the number of words in common."""
    return 2.0 * common / both if both else 1.0


def _change(old: _OneSided, new: _OneSided) -> Difference:
    """Return the one difference for a CHECK or foreign key that became another."""
    (subject, content), difference = old
    (_, new_content), successor = new
    return Difference(
        difference.kind,
        f"of {subject}" if difference.kind == "check" else subject,
        _PARTS[difference.kind],
        content,
        new_content,
        successor.mend,
        successor.sql,
    )
