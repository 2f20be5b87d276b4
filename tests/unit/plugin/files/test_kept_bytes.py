"""Bytes that are kept: whole while they are asked for, later in pieces that others have too."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.files import kept_bytes
from pytest_pmd_migrations.files.kept_bytes import (
    Split,
    content_of,
    keep,
    pages,
    paragraphs,
    put_aside,
)
from pytest_pmd_migrations.image import Image

ROWS = (
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
    " SELECT i + 1 FROM n WHERE i < 200) INSERT INTO t SELECT i, randomblob(1000) FROM n"
)


def changed_again(conn: sqlite3.Connection) -> Image:
    """Return the database after a change of one row."""
    conn.execute("UPDATE t SET b = randomblob(1000) WHERE a = abs(random()) % 200 + 1")
    conn.commit()
    return Image.of_connection(conn)


def test_the_memory_of_many_databases_grows_with_what_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(ROWS)
        size = len(conn.serialize())
        monkeypatch.setattr(kept_bytes, "_WHOLE", 3 * size)
        # What other tests still have is cut up by it, and not while memory is counted.
        assert changed_again(conn).size == size
        tracemalloc.start()
        try:
            images = [changed_again(conn) for _ in range(100)]
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert taken < 12 * size
        assert images[-1].content == conn.serialize()
        assert len({image.content for image in images}) == 100


def test_what_is_known_of_a_database_is_forgotten_with_its_bytes_and_found_again() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(ROWS)
        image = Image.of_connection(conn)
        first = known_layout(image, conn)
        assert first is not None
        assert known_layout(image, conn) is first
        image.put_aside()
        assert not image.known
        again = known_layout(image, conn)
        assert again is not None
        assert again is not first
        assert again.holdings == first.holdings


def test_databases_that_nobody_has_any_more_cut_no_other_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_bytes, "_WHOLE", 10_000)
    kept = Image(bytes(4000))
    kept.known["word"] = "found"
    for _ in range(50):
        Image(bytes(4000))
    assert kept.known == {"word": "found"}
    others = [Image(bytes(4000)), Image(bytes(4000))]
    assert not kept.known
    assert all(other == kept for other in others)


@given(
    st.lists(st.sampled_from([b"\n", b"a", b"\n\nCREATE", b"\x02\x00", bytes(700)])).map(b"".join),
    st.sampled_from([pages, paragraphs]),
)
def test_bytes_in_pieces_are_the_same_bytes(content: bytes, split: Split) -> None:
    assert b"".join(split(content)) == content
    kept = keep(content, split)
    for _ in range(2):
        put_aside(kept)
        assert content_of(kept) == content
        assert len(kept) == len(content)
