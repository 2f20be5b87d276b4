"""Make the points that several kinds share: at statements, between them, inside them, at ticks."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.values import Point
from pytest_pmd_migrations.faults.watching.recording import spread

__all__ = ["STATEMENTS", "TICKS", "after_statements", "at_statements", "at_ticks", "inside"]

STATEMENTS = 64
"""Statements of one run that an error strikes at most."""

TICKS = 8
"""Ticks between them that an error strikes."""


def at_statements(case: Case, kind: str, words: str, *, limit: int = STATEMENTS) -> Iterator[Point]:
    """Yield a point at the beginning of each statement: ``words`` and its number say where."""
    recording = case.recording
    for index in recording.pick_statements(limit):
        statement = recording.statements[index]
        where = f"{words} {recording.in_words(statement)}"
        yield Point(kind, case.mode, "statement", index, where, statement.sql)


def at_ticks(case: Case, kind: str, words: str, *, limit: int = TICKS) -> Iterator[Point]:
    """Yield points at ticks that are evenly spread over the run."""
    recording = case.recording
    for tick in spread(recording.ticks, limit):
        statement = recording.running_at_tick(tick + 1)
        where = f"{words} {recording.in_words(statement)}"
        yield Point(kind, case.mode, "tick", tick, where, statement.sql)


def after_statements(case: Case, kind: str, words: str, *, limit: int) -> Iterator[Point]:
    """Yield a point between all statements, before the first and after the last."""
    recording = case.recording
    statements = recording.statements
    for index in recording.pick_statements(limit):
        statement = statements[index]
        if statement.number == 1:
            where = f"{words} before {recording.in_words(statement)}"
            yield Point(kind, case.mode, "statement", index, where, statement.sql)
            continue
        done = next(one for one in reversed(statements[:index]) if not one.nested)
        where = f"{words} after {recording.in_words(done)}"
        yield Point(kind, case.mode, "statement", index, where, done.sql)
    last = next(one for one in reversed(statements) if not one.nested)
    where = f"{words} after {recording.in_words(last)}"
    yield Point(kind, case.mode, "end", len(statements), where, last.sql)


def inside(case: Case, kind: str, words: str, *, limit: int) -> Iterator[Point]:
    """Yield a point at every statement that SQLite runs within another one, then at ticks."""
    recording = case.recording
    nested = [index for index, one in enumerate(recording.statements) if one.nested]
    for number in spread(len(nested), limit):
        statement = recording.statements[nested[number]]
        where = f"{words} inside {recording.in_words(statement)}"
        yield Point(kind, case.mode, "statement", nested[number], where, statement.sql)
    yield from at_ticks(case, kind, f"{words} inside", limit=limit)
