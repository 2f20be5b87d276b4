"""Find the names that mean another thing since a step, though nobody wrote the object anew.

`ALTER TABLE t RENAME TO t_old` writes "t_old" into every view, trigger and foreign key that names t
(https://www.sqlite.org/lang_altertable.html). And where no column has the name of a word in double
quotes any more, SQLite takes the word for a string.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize
from pytest_pmd_migrations.schema.references.values import Broken, ObjectKey, References

__all__ = ["ObjectText", "Rewritten", "StoredText", "find_lost_words", "find_rewritten", "objects"]

StoredText = tuple[tuple[object, ...], ...]
"""The stored text of a schema, as ``stored_text`` returns it."""


class ObjectText(NamedTuple):
    """One object of a stored text: its table (itself, of a table or view) and its SQL."""

    name: str
    table: str
    sql: str


class Rewritten(NamedTuple):
    """A name that a RENAME wrote into an object: ``old`` became ``new``.

    ``kind``, ``name`` and ``owner`` are those of the object, as in ``Broken``; ``sql`` is what it
    was before the step.
    """

    kind: str
    name: str
    owner: str
    old: str
    new: str
    sql: str


@lru_cache(maxsize=64)
def objects(text: StoredText) -> Mapping[ObjectKey, ObjectText]:
    """Return the objects of a stored text by their keys."""
    return {
        (str(row[0]), fold(str(row[1]))): ObjectText(str(row[1]), str(row[2]), str(row[3]))
        for row in text
        # Settings of FTS5 have five values.
        if len(row) == 4
    }


def find_rewritten(before: StoredText, after: StoredText) -> Iterator[Rewritten]:
    """Yield each name of a table that a RENAME between two texts wrote into another object.

    What belongs to the renamed table goes with it: its indexes, its triggers, its keys to itself.
    """
    then, now = objects(before), objects(after)
    for key, found in now.items():
        kind, old = key[0], then.get(key)
        if old is None or old.sql == found.sql or kind == "index":
            continue
        pairs = _parents(old.sql, found.sql) if kind == "table" else _renamed(old.sql, found.sql)
        owner = found.table if kind == "trigger" else ""
        for one, other in pairs:
            was_table = ("table", fold(one)) in then
            is_new = not {("table", fold(other)), ("view", fold(other))} & then.keys()
            if was_table and is_new and fold(found.table) != fold(other):
                yield Rewritten(kind, found.name, owner, one, other, old.sql)


def find_lost_words(
    before: StoredText, after: StoredText, then: References, now: References
) -> Iterator[Broken]:
    """Yield each word in double quotes that named a column before, and is a string since.

    ``then`` and ``now`` are the references of both.
    """
    old_objects, new_objects = objects(before), objects(after)
    unknown = {(found.kind, fold(found.name)) for found in (*then.broken, *then.unsure)}
    for key, positions in now.strings.items():
        if key in unknown or key not in then.strings:
            continue
        old, new = old_objects[key], new_objects[key]
        tokens = tokenize(old.sql)
        if _pairs(tokens, tokenize(new.sql)) is None:
            continue
        for position in sorted(positions - then.strings[key]):
            word = tokens[position].value
            problem = f"names the column {word}, which does not exist any more: a string now"
            owner = "" if key[0] == "view" else new.table
            yield Broken(key[0], new.name, word, problem, owner)


def _pairs(old: Sequence[Token], new: Sequence[Token]) -> list[tuple[Token, Token]] | None:
    """Return the names that differ between two statements, None if more than names does."""
    if len(old) != len(new):
        return None
    differing = [(a, b) for a, b in zip(old, new, strict=True) if a.text != b.text]
    return differing if all(a.is_identifier and b.is_identifier for a, b in differing) else None


def _renamed(old: str, new: str) -> list[tuple[str, str]]:
    """Return the names that a RENAME wrote into a statement: it writes them in double quotes."""
    pairs = _pairs(tokenize(old), tokenize(new)) or ()
    return list(dict.fromkeys((a.value, b.value) for a, b in pairs if b.double))


def _parents(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the parents of foreign keys that are others in a table, the old and the new one.

    The table itself may have changed, too.
    """
    then, now = _parent_tokens(old), _parent_tokens(new)
    lost = Counter(fold(token.value) for token in then)
    lost.subtract(fold(token.value) for token in now)
    for one in dict.fromkeys(token.value for token in then):
        for other in dict.fromkeys(token.value for token in now if token.double):
            if lost[fold(one)] > 0 > lost[fold(other)]:
                yield one, other


def _parent_tokens(sql: str) -> list[Token]:
    return [token for before, token in pairwise(tokenize(sql)) if before.word == "REFERENCES"]
