"""Search for spellings of a schema that the comparison does not call equal.

White space, comments, the case of keywords, quotes of names, redundant parentheses and synonyms of
operators are changed at random.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.schema import Schema, compare, read_schema

from tests.unit.plugin.schema.bases import BASES
from tests.unit.plugin.schema.oracle import Oracle
from tests.unit.plugin.schema.words import FREE, KEYWORDS, words

__all__ = ["respelled", "search_respellings"]

_BLANKS = (
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    " \f",
    " /* it's */ ",
    "/**/",
    ' -- "no"\n',
    "/* a\n; b */",
)
_SYNONYMS = {"=": ("=", "=="), "==": ("=", "=="), "<>": ("<>", "!="), "!=": ("<>", "!=")}
_QUOTES = ('"{}"', "[{}]", "`{}`")
_BEFORE_VALUE = frozenset({"<", "<=", ">", ">=", "=", "==", "<>", "!=", "*", "||", "WHEN", "THEN"})


@dataclass
class SearchResult:
    """The figures and the cases of one search."""

    tried: int = 0
    refused: int = 0
    other: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """The cases that show a fault of the comparison."""
        return self.alarms

    @property
    def doubtful(self) -> list[str]:
        """The cases that are no fault but may be looked at."""
        return self.other

    def __str__(self) -> str:
        return (
            f"SQLite {sqlite3.sqlite_version}: {self.tried} re-spellings, {self.refused} refused by"
            f" SQLite, {len(self.other)} that SQLite reads otherwise,"
            f" {len(self.alarms)} false alarms"
        )


def respelled(statement: str, chance: random.Random) -> str:
    """Return another spelling of a statement."""
    found = words(statement)
    if "VIRTUAL" in found:
        # A module is given its arguments as they are written.
        start = found.index("(") if "(" in found else len(found)
        head = [_cased(word, chance) for word in found[:start]]
        return " ".join(head) + statement[statement.find("(") :]
    texts = []
    for position, word in enumerate(found):
        before = found[position - 1] if position else ""
        # SQLite cuts a type at the quote it begins with, and takes a window's name with its quotes.
        cut = "WINDOW" in found or ("TABLE" in found and _is_name(before))
        texts.append(_respelled_word(word, "DEFAULT" if cut and _is_name(word) else before, chance))
        texts.append(chance.choice(_BLANKS) if chance.random() < 0.3 else " ")
    return "".join(texts)


def _respelled_word(word: str, before: str, chance: random.Random) -> str:
    if word in _SYNONYMS:
        return chance.choice(_SYNONYMS[word])
    if word.upper() in KEYWORDS and word.isupper():
        return _cased(word, chance)
    literal = word[0] in "'0123456789."
    if literal and before in _BEFORE_VALUE and word != "." and chance.random() < 0.5:
        return f"({word})"
    if word.isidentifier() and _is_name(word) and before != "DEFAULT" and chance.random() < 0.4:
        return chance.choice(_QUOTES).format(word)
    return word


def _is_name(word: str) -> bool:
    quoted = word[:1] in tuple('"`[')
    return quoted or (word.isidentifier() and word.upper() not in KEYWORDS | FREE)


def _cased(word: str, chance: random.Random) -> str:
    if word.upper() not in KEYWORDS or not word.isupper():
        return word
    return "".join(chance.choice([letter.lower(), letter]) for letter in word)


def search_respellings(
    seed: int, count: int, bases: Sequence[tuple[str, ...]] = BASES
) -> SearchResult:
    """Try ``count`` re-spellings, spread evenly over the schemas."""
    chance = random.Random(seed)
    result = SearchResult()
    share, more = divmod(count, len(bases))
    for number, base in enumerate(bases):
        original = Oracle(base)
        try:
            schema = read_schema(original.conn)
            for _ in range(share + (number < more)):
                other = tuple(respelled(statement, chance) for statement in base)
                _judge(original, schema, other, result)
        finally:
            original.close()
    return result


def _judge(original: Oracle, schema: Schema, other: tuple[str, ...], result: SearchResult) -> None:
    result.tried += 1
    try:
        changed = Oracle(other)
    except (sqlite3.Error, sqlite3.Warning):
        result.refused += 1
        return
    try:
        diff = compare(read_schema(changed.conn), schema)
        if changed.facts != original.facts or changed.bytecode != original.bytecode:
            result.other.append("\n".join(other))
        elif diff:
            result.alarms.append("\n".join((*other, *map(str, diff.differences))))
    finally:
        changed.close()
