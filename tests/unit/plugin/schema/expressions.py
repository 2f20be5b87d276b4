"""Search for parentheses that mean something but that the comparison takes for redundant.

Random expressions over all of SQLite's operators get a pair of parentheses more or less; SQLite
says whether that is another program with other values.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from pytest_pmd_migrations.schema.reading.spelling import canonical
from pytest_pmd_migrations.schema.reading.tokens import tokenize

from tests.unit.plugin.schema.words import words

__all__ = ["Grouping", "regrouped", "search_parentheses", "statement"]

_LEAVES = (
    *(
        "a",
        "b",
        "c",
        "t.d",
        "1",
        "2",
        "0",
        "-1",
        "1.5",
        "'x'",
        "'X'",
        "''",
        "NULL",
        "x'78'",
        "true",
    ),
    *("rowid", "9223372036854775808", "CURRENT_DATE"),
)
_BINARY = (
    *(
        "OR",
        "AND",
        "=",
        "==",
        "<>",
        "!=",
        "IS",
        "IS NOT",
        "IS DISTINCT FROM",
        "IS NOT DISTINCT FROM",
    ),
    *("LIKE", "NOT LIKE", "GLOB", "NOT GLOB", "<", "<=", ">", ">=", "&", "|", "<<", ">>", "+", "-"),
    *("*", "/", "%", "||", "->", "->>"),
)
_SHAPES = (
    *("NOT {}", "NOT {}", "- {}", "+ {}", "~ {}", "{} COLLATE NOCASE", "{} COLLATE BINARY"),
    *("{} ISNULL", "{} NOTNULL", "{} NOT NULL", "{} BETWEEN {} AND {}", "{} NOT BETWEEN {} AND {}"),
    *("{} IN ({}, {})", "{} NOT IN ({})", "{} IN ({})", "{} IN (SELECT {} FROM u)", "{} IN u"),
    *("{} LIKE {} ESCAPE '!'", "{} NOT LIKE {} ESCAPE {}", "CASE {} WHEN {} THEN {} ELSE {} END"),
    *("CASE WHEN {} THEN {} END", "CAST({} AS TEXT)", "CAST({} AS INT)", "abs({})", "max({}, {})"),
    *("coalesce({}, {})", "like({}, {})", "glob({}, {})", "EXISTS (SELECT {} FROM u WHERE {})"),
    *("NOT EXISTS (SELECT 1 FROM u WHERE {})", "(SELECT {} FROM u WHERE {} ORDER BY {} LIMIT 1)"),
    *("({}, {}) = ({}, {})", "({}, {}) < ({}, {})", "({}, {}) IN (VALUES ({}, {}), (1, 2))"),
    *("({}, {}) IS (SELECT {}, {})", "({}, {}) BETWEEN ({}, 1) AND ({}, 2)", "iif({}, {}, {})"),
    *("(SELECT count(DISTINCT {}) FROM u)", "(SELECT sum(x) FILTER (WHERE {}) FROM u)"),
    *("sum({}) OVER (PARTITION BY {} ORDER BY {})", "lag({}, 1) OVER (ORDER BY {} DESC)"),
    "(SELECT group_concat({}, {}) FROM u)",
)
_STATEMENTS = (
    *("SELECT {} AS v FROM t",) * 6,
    "SELECT a FROM t WHERE {}",
    "SELECT a, {} AS v FROM t ORDER BY {}, {} DESC",
    "SELECT count(*), a FROM t GROUP BY {} HAVING {}",
    "SELECT t.a, u.x FROM t JOIN u ON {} WHERE {}",
    "SELECT t.a FROM t LEFT JOIN u ON {}",
    "SELECT DISTINCT {} AS v, {} AS w FROM t",
    "WITH s AS (SELECT {} AS v FROM t) SELECT v FROM s UNION ALL SELECT {} FROM t",
    "SELECT {} AS v FROM (SELECT * FROM t WHERE {}) AS t LIMIT 5 OFFSET 1",
)


@dataclass(frozen=True)
class Grouping:
    """Two statements that differ in one pair of parentheses."""

    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.one}\n    {self.other}"


@dataclass
class SearchResult:
    """The figures and the pairs of one search."""

    pairs: int = 0
    meaning: int = 0
    redundant: int = 0
    reassociated: int = 0
    missed: list[Grouping] = field(default_factory=list)
    kept: list[Grouping] = field(default_factory=list)

    @property
    def faults(self) -> list[Grouping]:
        """The cases that show a fault of the comparison."""
        return self.missed

    @property
    def doubtful(self) -> list[Grouping]:
        """The cases that are no fault but may be looked at."""
        return self.kept

    def __str__(self) -> str:
        return (
            f"SQLite {sqlite3.sqlite_version}: {self.pairs} pairs, {self.meaning} that mean"
            f" something else, {len(self.missed)} of them missed; {self.redundant} redundant,"
            f" {len(self.kept)} of them reported; {self.reassociated} chains of AND or OR"
        )


def statement(chance: random.Random) -> str:
    """Return a SELECT with random expressions in it."""
    template = chance.choice(_STATEMENTS)
    depth = 3 if template.count("{}") == 1 else 2
    parts = [_expression(chance, depth) for _ in range(template.count("{}"))]
    return template.format(*parts)


def _expression(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.1:
        return chance.choice(_LEAVES)
    if chance.random() < 0.6:
        operator = chance.choice(_BINARY)
        return f"{_part(chance, depth)} {operator} {_part(chance, depth)}"
    shape = chance.choice(_SHAPES)
    return shape.format(*(_part(chance, depth) for _ in range(shape.count("{}"))))


def _part(chance: random.Random, depth: int) -> str:
    inner = _expression(chance, depth - 1)
    return f"({inner})" if chance.random() < 0.35 else inner


def regrouped(sql: str, chance: random.Random) -> Iterator[str]:
    """Yield the statement without each pair of its parentheses, and with some more pairs."""
    found = words(sql)
    opened: list[int] = []
    for position, word in enumerate(found):
        if word == "(":
            opened.append(position)
        elif word == ")":
            start = opened.pop()
            yield " ".join((*found[:start], *found[start + 1 : position], *found[position + 1 :]))
    for _ in range(len(found)):
        start, end = sorted(chance.choices(range(1, len(found) + 1), k=2))
        if start < end:
            yield " ".join((*found[:start], "(", *found[start:end], ")", *found[end:]))


def search_parentheses(seed: int, count: int) -> SearchResult:
    """Try ``count`` statements that SQLite accepts, each against all its regroupings."""
    chance = random.Random(seed)
    result = SearchResult()
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE t(a INT, b TEXT COLLATE NOCASE, c REAL, d); CREATE TABLE u(x);"
            "INSERT INTO u VALUES (1), ('x'), (NULL);"
            "INSERT INTO t VALUES (1, 'x', 1.5, x'78'), (0, 'X', 0, 'x'), (NULL, '', -2, '1'),"
            " (-2, NULL, NULL, 0), (2, '2', 2, NULL), (3, 'xy', 3.5, 'X'), (1, '0', -1, 1)"
        )
        accepted = 0
        while accepted < count:
            sql = statement(chance)
            program = _program(conn, sql)
            if program is None:
                continue
            accepted += 1
            spelled = canonical(tokenize(sql))
            for other in dict.fromkeys(regrouped(sql, chance)):
                _judge(conn, Grouping(sql, other), program, spelled, result)
    return result


def _judge(
    conn: sqlite3.Connection,
    pair: Grouping,
    program: list[tuple[object, ...]],
    spelled: str,
    result: SearchResult,
) -> None:
    other = _program(conn, pair.other)
    if other is None:
        return
    result.pairs += 1
    called_equal = canonical(tokenize(pair.other)) == spelled
    if other == program:
        result.redundant += 1
        if not called_equal:
            result.kept.append(pair)
    elif not called_equal:
        result.meaning += 1
    elif _is_chain(pair) and _values(conn, pair.one) == _values(conn, pair.other):
        result.reassociated += 1
    else:
        result.meaning += 1
        result.missed.append(pair)


def _is_chain(pair: Grouping) -> bool:
    """Return whether AND or OR may have been grouped anew, which is another program."""
    return any(word in ("AND", "OR") for word in words(pair.one))


def _program(conn: sqlite3.Connection, sql: str) -> list[tuple[object, ...]] | None:
    try:
        return [row[:7] for row in conn.execute(f"EXPLAIN {sql}")]
    except sqlite3.Error:
        return None


def _values(conn: sqlite3.Connection, sql: str) -> object:
    try:
        return conn.execute(sql).fetchall()
    except sqlite3.Error as error:
        return str(error)
