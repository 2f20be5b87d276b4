"""A row with large values has the same digest, written a piece of a value at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.rows import digest_tables, digests, large_values
from pytest_pmd_migrations.rows.exact_texts import exact_texts
from pytest_pmd_migrations.rows.large_values import row_text
from pytest_pmd_migrations.rows.matching.exact_rows import exact_rows

BYTES = st.lists(st.sampled_from([b"'", b'"', b"\\", b"\n", b"a", b"\x00", b"\xff"])).map(b"".join)
VALUES = st.one_of(
    st.none(),
    st.integers(),
    BYTES,
    st.tuples(st.just("text"), BYTES),
    st.tuples(st.just("real"), st.floats()),
)


@given(st.lists(VALUES, min_size=1).map(tuple), st.integers(1, 4))
def test_the_pieces_are_what_repr_writes(row: tuple[large_values.Value, ...], size: int) -> None:
    assert "".join(row_text(row, size=size)) == repr(row)


@given(
    st.lists(st.tuples(VALUES, VALUES), max_size=6),
    st.integers(1, 4),
    st.sampled_from([b"bytearray(b", b"bytearray(b'x'), bytearray(b", b"\n", b"'"]),
)
def test_many_rows_are_written_as_one_by_one(
    rows: list[tuple[large_values.Value, ...]], at_once: int, word: bytes
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE t(a, b)")
        for row in [*rows, (("text", word), word)]:
            kinds = ("CAST(? AS TEXT)" if _is_text(value) else "?" for value in row)
            conn.execute(f"INSERT INTO t VALUES ({', '.join(kinds)})", tuple(map(_plain, row)))
        sql = "SELECT a, b FROM t ORDER BY rowid"
        texts = [text for some in exact_texts(conn, sql, at_once=at_once) for text in some]
        assert texts == [repr(row).encode() for row in exact_rows(conn, sql)]


def _is_text(value: large_values.Value) -> bool:
    return isinstance(value, tuple) and value[0] == "text"


def _plain(value: large_values.Value) -> object:
    """Return what is bound for a value; SQLite's integers have 64 bits."""
    if isinstance(value, tuple):
        return value[1]
    return value % 2**63 if isinstance(value, int) else value


def test_the_digest_of_a_large_value_is_that_of_a_small_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE t(a, b);"
            "INSERT INTO t VALUES (randomblob(70000), 1), (hex(zeroblob(40000)), 'it''s'), (1, 2.5)"
        )
        written: list[object] = []
        before = digest_tables(conn)
        monkeypatch.setattr("pytest_pmd_migrations.connections.rows_at_once._BYTES", 512)
        monkeypatch.setattr(digests, "row_text", lambda row: written.append(row) or row_text(row))
        assert digest_tables(conn) == before
        assert len(written) == 3
        conn.execute("DELETE FROM t WHERE length(a) > 1")
        digest_tables(conn)
        assert len(written) == 3
