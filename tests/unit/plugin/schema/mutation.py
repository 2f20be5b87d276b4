"""Search for differences that the comparison does not see.

Schemas are changed one word at a time; SQLite itself says whether the change means something, and
then ``compare()`` has to report it.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from pytest_pmd_migrations.schema import Schema, compare, read_schema

from tests.unit.plugin.schema.bases import BASES
from tests.unit.plugin.schema.oracle import Oracle
from tests.unit.plugin.schema.words import words

__all__ = ["Case", "SearchResult", "mutants", "search"]

_POOL = """
= <> < > <= >= IS NOT NULL AND OR + - * / % || & | 0 1 2 1.0 1e1 'x' 'X' '' "a" a b c id x'00'
NULL DEFAULT UNIQUE PRIMARY KEY COLLATE NOCASE RTRIM BINARY DESC ASC CHECK ( ) , REFERENCES p t u
CASCADE SET RESTRICT NO ACTION ON DELETE UPDATE DEFERRABLE INITIALLY DEFERRED IMMEDIATE STORED
VIRTUAL STRICT WITHOUT ROWID AUTOINCREMENT INTEGER INT TEXT REAL BLOB ANY NUMERIC CONFLICT REPLACE
IGNORE ABORT FAIL ROLLBACK BEFORE AFTER INSTEAD OF INSERT new old WHEN LIKE GLOB IN BETWEEN ESCAPE
EXISTS DISTINCT ALL UNION EXCEPT INTERSECT LIMIT OFFSET ORDER BY GROUP HAVING LEFT RIGHT FULL JOIN
INNER OUTER CROSS NATURAL USING true false CURRENT_TIMESTAMP CURRENT_DATE CAST AS abs lower max
CASE THEN ELSE END ~ . ISNULL NOTNULL -> ->> << >> EACH ROW FOR FILTER OVER PARTITION ROWS RANGE
GROUPS RECURSIVE MATERIALIZED NULLS FIRST LAST INDEXED MATCH CONSTRAINT GENERATED ALWAYS FOREIGN
tokenize porter prefix columnsize detail content UNINDEXED order notindexed compress
""".split()  # noqa: SIM905 - SQL reads best as text
_PATIENCE = 60
_RULED = re.compile(
    r" DEFAULT NULL\b|(?<=PRIMARY KEY) UNIQUE\b| UNIQUE(?= PRIMARY KEY (?!\())", re.IGNORECASE
)
_UNPARSED = re.compile(r': syntax error$|^unrecognized token: "|^incomplete input$')
_QUOTES = ("'{}'", '"{}"', "[{}]", "`{}`", "{}")


@dataclass(frozen=True)
class Case:
    """A schema, and one of its statements with one word changed."""

    base: tuple[str, ...]
    position: int
    statement: str

    @property
    def changed(self) -> tuple[str, ...]:
        """The statements of the changed schema."""
        return (*self.base[: self.position], self.statement, *self.base[self.position + 1 :])

    def __str__(self) -> str:
        return f"{self.base[self.position]}\n    {self.statement}"


@dataclass
class SearchResult:
    """The figures and the cases of one search.

    ``confirmed`` is true if SQLite was also asked about the cases that were reported.
    """

    confirmed: bool = True
    tried: int = 0
    refused: int = 0
    reported: int = 0
    distinguished: int = 0
    ruled: list[Case] = field(default_factory=list)
    missed: list[Case] = field(default_factory=list)
    over_reported: list[Case] = field(default_factory=list)

    @property
    def faults(self) -> list[Case]:
        """The cases that show a fault of the comparison."""
        return self.missed

    @property
    def doubtful(self) -> list[Case]:
        """The cases that may be looked at; each must be a ruling."""
        return [*self.ruled, *self.over_reported]

    def __str__(self) -> str:
        same = self.tried - self.refused - self.distinguished
        return (
            f"SQLite {sqlite3.sqlite_version}: {self.tried} mutants, {self.refused} refused by"
            f" SQLite, {self.distinguished} distinguished, {len(self.ruled)} of them equal by a"
            f" ruling, {len(self.missed)} missed;"
            f" {same} the same to SQLite, {len(self.over_reported)} of them reported"
        )


def mutants(statement: str, chance: random.Random) -> Iterator[str]:
    """Yield the statement with one word changed, without end."""
    found = words(statement)
    while True:
        # CREATE TABLE stays; the last word is the semicolon.
        position = chance.randrange(2, len(found) - 1)
        changed = _changed(list(found), position, chance)
        if changed != found:
            text = " ".join(changed)
            # FTS4 takes no white space round the = of an option.
            yield text.replace(" = ", "=") if "VIRTUAL" in found else text


def _changed(found: list[str], position: int, chance: random.Random) -> list[str]:
    word = found[position]
    match chance.randrange(10):
        case 0 | 1:
            del found[position]
        case 2:
            found.insert(position, word)
        case 3:
            found[position : position + 2] = reversed(found[position : position + 2])
            if found[-1] != ";":
                found.append(";")
        case 4 | 5:
            found[position] = chance.choice(_POOL)
        case 6:
            found.insert(position, chance.choice(_POOL))
        case 7:
            found[position] = chance.choice(found)
        case 8:
            found[position] = _other_letter(word, chance)
        case _:
            found[position] = chance.choice(_QUOTES).format(word.strip("'\"`[]"))
    return found


def _other_letter(word: str, chance: random.Random) -> str:
    """Return a word with one letter changed, left out or said twice."""
    position = chance.randrange(len(word))
    letter = word[position]
    other = chance.choice(["", letter * 2, letter.swapcase(), chance.choice("aXz019 _.%é'-")])
    return word[:position] + other + word[position + 1 :]


def search(
    seed: int,
    count: int,
    bases: Sequence[tuple[str, ...]] = BASES,
    *,
    confirmed: bool = True,
) -> SearchResult:
    """Try ``count`` mutants that SQLite accepts, spread evenly over the schemas.

    To ask SQLite about each takes twice as long as to ask it only about those not reported, which
    misses no more but says neither how many SQLite distinguishes nor which are over-reported.
    """
    chance = random.Random(seed)
    result = SearchResult(confirmed)
    share, more = divmod(count, len(bases))
    with closing(sqlite3.connect(":memory:")) as parser:
        for number, base in enumerate(bases):
            _search_one(base, share + (number < more), chance, result, parser)
    return result


def _search_one(
    base: tuple[str, ...],
    count: int,
    chance: random.Random,
    result: SearchResult,
    parser: sqlite3.Connection,
) -> None:
    original = Oracle(base)
    try:
        schema = read_schema(original.conn)
        # Reading rows changes the database, so everything else is read before.
        _ = original.facts, original.bytecode, original.behaviour
        lengths = [len(statement) for statement in base]
        streams = [mutants(statement, chance) for statement in base]
        seen: set[tuple[int, str]] = set()
        accepted = 0
        for _ in range(_PATIENCE * count):
            if accepted == count:
                break
            position = chance.choices(range(len(base)), lengths)[0]
            statement = next(streams[position])
            if (position, statement) in seen:
                continue
            seen.add((position, statement))
            if _is_no_sql(statement, parser):
                result.tried += 1
                result.refused += 1
                continue
            accepted += _judge(Case(base, position, statement), original, schema, result)
    finally:
        original.close()


def _is_no_sql(statement: str, parser: sqlite3.Connection) -> bool:
    """Return whether SQLite's parser refuses a statement; in an empty database that takes least."""
    try:
        parser.execute(f"EXPLAIN {statement}")
    except (sqlite3.Error, sqlite3.Warning) as error:
        return _UNPARSED.search(str(error)) is not None
    return False


def _judge(case: Case, original: Oracle, schema: Schema, result: SearchResult) -> bool:
    """Count one case; return whether SQLite accepts it."""
    result.tried += 1
    try:
        changed = Oracle(case.changed)
    except (sqlite3.Error, sqlite3.Warning):
        result.refused += 1
        return False
    try:
        reported = bool(compare(read_schema(changed.conn), schema))
        result.reported += reported
        if reported and not result.confirmed:
            return True
        if changed.distinguishes(original):
            result.distinguished += 1
            if not reported:
                (result.ruled if _is_ruled(case) else result.missed).append(case)
        elif reported:
            result.over_reported.append(case)
    finally:
        changed.close()
    return True


def _is_ruled(case: Case) -> bool:
    """Return whether all that SQLite distinguishes is ruled to be the same.

    DEFAULT NULL makes another program, and a UNIQUE beside PRIMARY KEY another index, with the
    same rows.
    """
    pair = [_without_ruled(text) for text in (case.base[case.position], case.statement)]
    before, after = case.base[: case.position], case.base[case.position + 1 :]
    one, other = (Oracle((*before, text, *after)) for text in pair)
    try:
        return not one.distinguishes(other)
    finally:
        one.close()
        other.close()


def _without_ruled(statement: str) -> str:
    return _RULED.sub("", " ".join(words(statement)))
