"""Tell a changed CHECK or foreign key as one difference instead of two.

Neither has a name of its own, so the comparison finds an old one that is gone and a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    new = [each for each in nameless if each[1].upgraded is None]
    changed: dict[Difference, Difference] = {}
    told: set[Difference] = set()
    for old in nameless:
        successor = _most_alike(old, new) if old[1].fresh is None else None
        if successor is not None:
            new.remove(successor)
            told.add(successor[1])
            changed[old[1]] = _change(old, successor)
    return tuple(changed.get(each, each) for each in differences if each not in told)


def _most_alike(old: _OneSided, candidates: Iterable[_OneSided]) -> _OneSided | None:
    """Return the candidate that ``old`` became, None if it became none of them."""
    (subject, content), difference = old
    alike = [
        (SequenceMatcher(None, words(content), words(found.content)).ratio(), (found, new))
        for found, new in candidates
        if new.kind == difference.kind and found.subject == subject
    ]
    share, successor = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    return successor if difference.kind == "foreign key" or share >= _ALIKE else None


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
