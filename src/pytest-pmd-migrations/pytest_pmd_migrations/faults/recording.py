"""What a plain run does, in order: the places where a fault can strike."""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from pytest_pmd_migrations.faults.fault import Fault

__all__ = ["Event", "Recorder", "Recording", "spread"]

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


@dataclass(frozen=True)
class Event:
    """A statement begins: how many ticks and calls of the authorizer there were before it.

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
    """A plain run: its events, and how often SQLite asked for an interrupt or a denial.

    ``wrote`` is whether a watched connection prepared a statement that writes.
    """

    events: tuple[Event, ...]
    ticks: int
    calls: int
    wrote: bool

    @cached_property
    def statements(self) -> int:
        """How many statements the runner itself ran."""
        return self.events[-1].number if self.events else 0

    @cached_property
    def _ticks(self) -> tuple[int, ...]:
        return tuple(event.ticks for event in self.events)

    @cached_property
    def _calls(self) -> tuple[int, ...]:
        return tuple(event.calls for event in self.events)

    def at_tick(self, tick: int) -> Event:
        """Return the event whose statement was running at a tick (from 1)."""
        return self.events[max(bisect_right(self._ticks, tick - 1) - 1, 0)]

    def at_call(self, call: int) -> Event:
        """Return the event that follows a call (from 1) of the authorizer: what it was about."""
        place = bisect_right(self._calls, call - 1)
        return self.events[min(place, len(self.events) - 1)]

    def where(self, event: Event) -> str:
        """Return ``"statement 3 of 7"``."""
        return f"statement {event.number} of {self.statements}"

    def chosen(self, limit: int) -> tuple[int, ...]:
        """Return up to ``limit`` places in ``events``, ascending.

        Every statement the runner runs, if they are few; else those where another kind of
        statement begins come first (narrow windows lie there), and the rest are spread evenly.
        """
        own = [place for place, event in enumerate(self.events) if not event.nested]
        if len(own) <= limit:
            return tuple(own)
        turns = [own[0]]
        turns.extend(
            here
            for before, here in pairwise(own)
            if _shape(self.events[before].sql) != _shape(self.events[here].sql)
        )
        turns = [turns[n] for n in spread(len(turns), limit)]
        left = [place for place in own if place not in set(turns)]
        rest = [left[n] for n in spread(len(left), limit - len(turns))]
        return tuple(sorted((*turns, *rest)))


def spread(number: int, limit: int) -> Sequence[int]:
    """Return up to ``limit`` of the numbers below ``number``, evenly spread, ascending."""
    if number <= limit:
        return range(number)
    return [(2 * place + 1) * number // (2 * limit) for place in range(limit)]


def _shape(sql: str) -> str:
    return _LITERAL.sub("?", sql)


@dataclass
class Recorder(Fault):
    """Strikes nothing and counts everything."""

    events: list[Event] = field(default_factory=list)
    seen_ticks: int = 0
    seen_calls: int = 0
    wrote: bool = False
    ticks = True
    authorizes = True

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the protocol's
        """Count a statement."""
        number = self.events[-1].number if self.events else 0
        text, nested = _read(sql)
        # A trigger's is the text of the statement that fires it, once more.
        nested = nested or (bool(self.events) and text == self.events[-1].sql)
        self.events.append(
            Event(
                text,
                max(number, 1) if nested else number + 1,
                nested,
                self.seen_ticks,
                self.seen_calls,
            )
        )

    def tick(self) -> bool:
        """Count a tick."""
        self.seen_ticks += 1
        return False

    def denies(self, action: int, first: str | None, second: str | None) -> bool:  # noqa: ARG002
        """Count a call."""
        self.seen_calls += 1
        if action == sqlite3.SQLITE_PRAGMA:
            self.wrote = self.wrote or second is not None
        elif action not in _READING:
            self.wrote = True
        return False

    def recording(self) -> Recording:
        """Return what was counted."""
        return Recording(tuple(self.events), self.seen_ticks, self.seen_calls, self.wrote)


def _read(sql: str) -> tuple[str, bool]:
    """Return a statement in one line, and whether SQLite says that it runs it within another.

    Each line of such a text begins as a comment does
    (https://www.sqlite.org/c3ref/expanded_sql.html).
    """
    lines = sql.splitlines()
    nested = all(line.startswith(_NESTED) for line in lines)
    if nested:
        lines = [line.removeprefix(_NESTED) for line in lines]
    return " ".join(" ".join(lines).split()), nested
