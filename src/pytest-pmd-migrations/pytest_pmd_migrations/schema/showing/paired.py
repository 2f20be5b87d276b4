"""Differences as people count them: a CHECK or a foreign key that changed is one, not two.

Neither has a name of its own, so that to a comparison one went and another came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from pytest_pmd_migrations.schema.compare import Difference
from pytest_pmd_migrations.schema.showing.carets import words

__all__ = ["paired"]

_JOINTS = {"check": (": ", "expression"), "foreign key": (" -> ", "references")}
_ALIKE = 0.5
"""How much of two CHECKs must be the same for the one to have become the other."""


def paired(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return the differences, with one for each CHECK or foreign key that became another.

    A foreign key is the same one when its columns are; a CHECK when most of its words are.
    """
    left = [found for found in differences if _is_nameless(found) and found.fresh is None]
    right = [found for found in differences if _is_nameless(found) and found.upgraded is None]
    became: dict[Difference, Difference] = {}
    for old in left:
        new = _most_alike(old, (found for found in right if found not in became.values()))
        if new is not None:
            became[old] = new
    return tuple(
        _change(found, became[found]) if found in became else found
        for found in differences
        if found not in became.values()
    )


def _is_nameless(found: Difference) -> bool:
    return found.kind in _JOINTS and not found.part


def _parts(found: Difference) -> tuple[str, str]:
    """Return whose it is, and what it says."""
    place, _, text = found.object.partition(_JOINTS[found.kind][0])
    return place, text


def _most_alike(old: Difference, candidates: Iterable[Difference]) -> Difference | None:
    place, text = _parts(old)
    found = [
        (SequenceMatcher(None, words(text), words(_parts(new)[1])).ratio(), new)
        for new in candidates
        if new.kind == old.kind and _parts(new)[0] == place
    ]
    likeness, new = max(found, key=lambda pair: pair[0], default=(0.0, None))
    return new if old.kind == "foreign key" or likeness >= _ALIKE else None


def _change(old: Difference, new: Difference) -> Difference:
    (place, text), (_, other) = _parts(old), _parts(new)
    name = f"of {place}" if old.kind == "check" else place
    return Difference(old.kind, name, _JOINTS[old.kind][1], text, other, new.mend)
