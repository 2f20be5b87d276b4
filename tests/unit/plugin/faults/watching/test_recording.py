"""Which statements of a run are struck: all of a short run, the telling ones of a long one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.faults.watching.recording import (
    RecordedStatement,
    Recorder,
    Recording,
    spread,
)

NUMBERS = st.integers(0, 300)


@given(NUMBERS, st.integers(1, 50))
def test_numbers_are_spread_without_repeats_and_within_bounds(number: int, limit: int) -> None:
    spread_out = list(spread(number, limit))
    assert len(spread_out) == min(number, limit)
    assert spread_out == sorted(set(spread_out))
    assert all(0 <= one < number for one in spread_out)


@given(st.lists(st.sampled_from("ab"), max_size=120), st.integers(1, 40))
def test_statements_that_are_picked_are_the_runners_own(kinds: list[str], limit: int) -> None:
    statements = tuple(
        RecordedStatement(f"INSERT INTO {kind} VALUES ({n})", n + 1, False, n, n)
        for n, kind in enumerate(kinds)
    )
    picked = Recording(statements, 0, 0, wrote=True).pick_statements(limit)
    assert len(picked) == min(len(statements), limit)
    assert list(picked) == sorted(set(picked))


def test_where_another_kind_of_statement_begins_comes_first() -> None:
    """The window between a long loop and the stamp after it is never missed."""
    loop = [f"INSERT INTO notes VALUES ({n}, 'x')" for n in range(500)]
    texts = ["BEGIN", *loop, "PRAGMA user_version = 2", "COMMIT"]
    statements = tuple(RecordedStatement(text, n + 1, False, n, n) for n, text in enumerate(texts))
    picked = Recording(statements, 0, 0, wrote=True).pick_statements(10)
    assert {0, 1, 501, 502} < set(picked)
    assert len(picked) == 10


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
    numbers = [(one.number, one.nested) for one in recorder.statements]
    assert numbers[0] == (1, False)
    assert (1, True) in numbers
    assert numbers.count((2, False)) == 1
    assert numbers.count((2, True)) > 5
    assert numbers[-1] == (3, False)
    assert recorder.recording().runner_statements == 3
