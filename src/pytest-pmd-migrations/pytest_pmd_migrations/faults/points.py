"""Points at statements and ticks of a run, worded alike for every kind."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.recording import spread
from pytest_pmd_migrations.faults.values import Point

__all__ = ["STATEMENTS", "TICKS", "after_statements", "at_statements", "at_ticks", "inside"]

STATEMENTS = 64
"""Statements of one run that an error strikes at most."""

TICKS = 8
"""Ticks between them that an error strikes."""


def at_statements(case: Case, kind: str, words: str, *, limit: int = STATEMENTS) -> Iterator[Point]:
    """Yield a point at the beginning of each statement: ``words`` and its place."""
    recording = case.recording
    for place in recording.chosen(limit):
        event = recording.events[place]
        text = f"{words} {recording.where(event)}"
        yield Point(kind, case.mode, "statement", place, text, event.sql)


def at_ticks(case: Case, kind: str, words: str, *, limit: int = TICKS) -> Iterator[Point]:
    """Yield points at ticks that are evenly spread over the run."""
    for tick in spread(case.recording.ticks, limit):
        event = case.recording.at_tick(tick + 1)
        text = f"{words} {case.recording.where(event)}"
        yield Point(kind, case.mode, "tick", tick, text, event.sql)


def after_statements(case: Case, kind: str, words: str, *, limit: int) -> Iterator[Point]:
    """Yield a point between all statements, before the first and after the last."""
    recording = case.recording
    for place in recording.chosen(limit):
        event = recording.events[place]
        if event.number == 1:
            before = f"{words} before {recording.where(event)}"
            yield Point(kind, case.mode, "statement", place, before, event.sql)
            continue
        done = next(e for e in reversed(recording.events[:place]) if not e.nested)
        after = f"{words} after {recording.where(done)}"
        yield Point(kind, case.mode, "statement", place, after, done.sql)
    last = next(e for e in reversed(recording.events) if not e.nested)
    text = f"{words} after {recording.where(last)}"
    yield Point(kind, case.mode, "end", len(recording.events), text, last.sql)


def inside(case: Case, kind: str, words: str, *, limit: int) -> Iterator[Point]:
    """Yield a point at every statement that SQLite runs within another one, and at ticks."""
    recording = case.recording
    nested = [place for place, event in enumerate(recording.events) if event.nested]
    for number in spread(len(nested), limit):
        event = recording.events[nested[number]]
        text = f"{words} inside {recording.where(event)}"
        yield Point(kind, case.mode, "statement", nested[number], text, event.sql)
    for tick in spread(recording.ticks, limit):
        event = recording.at_tick(tick + 1)
        text = f"{words} inside {recording.where(event)}"
        yield Point(kind, case.mode, "tick", tick, text, event.sql)
