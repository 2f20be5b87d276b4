"""Which places of a run are struck: all of a short one, the telling ones of a long one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.faults.recording import Event, Recorder, Recording, spread

NUMBERS = st.integers(0, 300)


@given(NUMBERS, st.integers(1, 50))
def test_places_are_spread_without_repeats_and_within_bounds(number: int, limit: int) -> None:
    places = list(spread(number, limit))
    assert len(places) == min(number, limit)
    assert places == sorted(set(places))
    assert all(0 <= place < number for place in places)


@given(st.lists(st.sampled_from("ab"), max_size=120), st.integers(1, 40))
def test_what_is_chosen_are_statements_of_the_runner(kinds: list[str], limit: int) -> None:
    events = tuple(
        Event(f"INSERT INTO {kind} VALUES ({n})", n + 1, False, n, n)
        for n, kind in enumerate(kinds)
    )
    chosen = Recording(events, 0, 0, wrote=True).chosen(limit)
    assert len(chosen) == min(len(events), limit)
    assert list(chosen) == sorted(set(chosen))


def test_where_another_kind_of_statement_begins_comes_first() -> None:
    """The window between a long loop and the stamp after it is never missed."""
    loop = [f"INSERT INTO notes VALUES ({n}, 'x')" for n in range(500)]
    texts = ["BEGIN", *loop, "PRAGMA user_version = 2", "COMMIT"]
    events = tuple(Event(text, n + 1, False, n, n) for n, text in enumerate(texts))
    chosen = Recording(events, 0, 0, wrote=True).chosen(10)
    assert {0, 1, 501, 502} < set(chosen)
    assert len(chosen) == 10


def test_what_sqlite_runs_within_a_statement_has_its_number() -> None:
    recorder = Recorder()
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE notes(title);"
            "CREATE TRIGGER t AFTER INSERT ON notes BEGIN UPDATE notes SET title = 'x'; END"
        )
        conn.set_trace_callback(lambda sql: recorder.statement(conn, sql))
        conn.isolation_level = None
        conn.execute("-- a comment of one's own\nINSERT INTO notes VALUES ('a')")
        conn.execute("CREATE VIRTUAL TABLE search USING fts5(body)")
        conn.execute("SELECT 1")
    numbers = [(event.number, event.nested) for event in recorder.events]
    assert numbers[0] == (1, False)
    assert (1, True) in numbers
    assert numbers.count((2, False)) == 1
    assert numbers.count((2, True)) > 5
    assert numbers[-1] == (3, False)
    assert recorder.recording().statements == 3
