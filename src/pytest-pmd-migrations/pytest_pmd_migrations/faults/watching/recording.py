"""Record the statements of a run without a fault, and pick those at which a fault shall strike."""

from __future__ import annotations

import re
import sqlite3
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, repeat
from operator import length_hint
from typing import Any, NamedTuple

from pytest_pmd_migrations.faults.watching.events import RunObserver

__all__ = ["RecordedStatement", "Recorder", "Recording", "spread"]

_READING = frozenset(
    {
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_LITERAL = re.compile(r"x?'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\bNULL\b", re.IGNORECASE)
_NESTED = "-- "


class RecordedStatement(NamedTuple):
    """A statement that began, with how many ticks and calls of the authorizer came before it.

    ``number`` counts from 1 the statements that the runner itself runs; one that SQLite runs
    within it (of a trigger, of a full-text table) has its number and is ``nested``.
    """

    sql: str
    number: int
    nested: bool
    ticks: int
    calls: int


@dataclass(frozen=True)
class Recording:
    """The statements of a run without a fault, and how many ticks and authorizer calls it had.

    ``wrote`` is whether a watched connection prepared a statement that writes.
    """

    statements: tuple[RecordedStatement, ...]
    ticks: int
    calls: int
    wrote: bool

    @cached_property
    def runner_statements(self) -> int:
        """How many statements the runner itself ran."""
        return self.statements[-1].number if self.statements else 0

    @cached_property
    def _ticks(self) -> tuple[int, ...]:
        return tuple(statement.ticks for statement in self.statements)

    @cached_property
    def _calls(self) -> tuple[int, ...]:
        return tuple(statement.calls for statement in self.statements)

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The indexes of the statements that the runner itself ran, ascending."""
        return tuple(index for index, one in enumerate(self.statements) if not one.nested)

    @cached_property
    def _begun(self) -> tuple[int, ...]:
        """The indexes of those that surely began there, ascending.

        One of the same text as the one before may be a trigger of that, which runs already.
        """
        pairs = zip((None, *self.own), self.own, strict=False)
        texts = (
            (None if before is None else self.statements[before].sql, index)
            for before, index in pairs
        )
        return tuple(index for text, index in texts if text != self.statements[index].sql)

    def begun_before_tick(self, tick: int) -> int:
        """Return the index of the last statement that surely began before a tick (from 0).

        It is -1 where none did.
        """
        ticks = [self._ticks[index] for index in self._begun]
        return (-1, *self._begun)[bisect_right(ticks, tick)]

    def next_own(self, index: int) -> int:
        """Return the index of the statement that the runner runs after the one at ``index``."""
        return (*self.own, len(self.statements))[bisect_right(self.own, index)]

    def running_at_tick(self, tick: int) -> RecordedStatement:
        """Return the statement that was running at a tick (counted from 1)."""
        return self.statements[max(bisect_right(self._ticks, tick - 1) - 1, 0)]

    def prepared_at_call(self, call: int) -> RecordedStatement:
        """Return the statement that a call of the authorizer (counted from 1) was about."""
        index = bisect_right(self._calls, call - 1)
        return self.statements[min(index, len(self.statements) - 1)]

    def in_words(self, statement: RecordedStatement) -> str:
        """Return ``"statement 3 of 7"``."""
        return f"statement {statement.number} of {self.runner_statements}"

    def pick_statements(self, limit: int) -> tuple[int, ...]:
        """Return the indexes of up to ``limit`` of the runner's own statements, ascending.

        All of them, if they are few; else those where another kind of statement begins come first
        (narrow windows lie there), and the rest are spread evenly.
        """
        own = self.own
        if len(own) <= limit:
            return own
        changes = [own[0]]
        changes.extend(
            here
            for before, here in pairwise(own)
            if _shape(self.statements[before].sql) != _shape(self.statements[here].sql)
        )
        changes = [changes[n] for n in spread(len(changes), limit)]
        chosen = set(changes)
        others = [index for index in own if index not in chosen]
        rest = [others[n] for n in spread(len(others), limit - len(changes))]
        return tuple(sorted((*changes, *rest)))


def spread(number: int, limit: int) -> Sequence[int]:
    """Return up to ``limit`` of the numbers below ``number``, evenly spread, ascending."""
    if number <= limit:
        return range(number)
    return [(2 * n + 1) * number // (2 * limit) for n in range(limit)]


def _shape(sql: str) -> str:
    return _LITERAL.sub("?", sql)


@dataclass
class Recorder(RunObserver):
    """Records each statement of a run, and counts the ticks and the calls of the authorizer."""

    statements: list[RecordedStatement] = field(default_factory=list)
    calls: int = 0
    wrote: bool = False
    wants_ticks = True
    wants_authorizations = True

    def __post_init__(self) -> None:
        """Begin to count ticks, each of which takes one of many equal answers."""
        self._left = repeat(False, sys.maxsize)

    @property
    def ticks(self) -> int:
        """How many ticks there were so far."""
        return sys.maxsize - length_hint(self._left)

    def answers(self) -> Iterator[object]:
        """Count each tick, and let the statement go on."""
        return self._left

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        """Record a statement."""
        number = self.statements[-1].number if self.statements else 0
        text, nested = _one_line(sql)
        # A trigger's is the text of the statement that fires it, once more.
        nested = nested or (bool(self.statements) and text == self.statements[-1].sql)
        number = max(number, 1) if nested else number + 1
        self.statements.append(RecordedStatement(text, number, nested, self.ticks, self.calls))

    def authorize(self, action: int, first: str | None, second: str | None) -> bool:  # noqa: ARG002
        """Count a call, note whether it is about a write, and allow it."""
        self.calls += 1
        if action == sqlite3.SQLITE_PRAGMA:
            self.wrote = self.wrote or second is not None
        elif action not in _READING:
            self.wrote = True
        return True

    def recording(self) -> Recording:
        """Return what was recorded."""
        return Recording(tuple(self.statements), self.ticks, self.calls, self.wrote)


def _one_line(sql: str) -> tuple[str, bool]:
    """Return a statement in one line, and whether SQLite says that it runs it within another.

    Each line of such a text begins as a comment does
    (https://www.sqlite.org/c3ref/expanded_sql.html).
    """
    lines = sql.splitlines()
    nested = all(line.startswith(_NESTED) for line in lines)
    if nested:
        lines = [line.removeprefix(_NESTED) for line in lines]
    return " ".join(" ".join(lines).split()), nested
