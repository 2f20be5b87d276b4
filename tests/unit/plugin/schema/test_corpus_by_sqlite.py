"""SQLite itself confirms each pair of the corpus, or a ruling says why it does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.every import holds_for_every
from tests.unit.plugin.schema.corpus import PAIRS, Pair
from tests.unit.plugin.schema.corpus.oracle import answers, pragmas, programs


@contextmanager
def both(pair: Pair) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    with closing(sqlite3.connect(":memory:")) as one, closing(sqlite3.connect(":memory:")) as other:
        for conn, script in ((one, pair.upgraded), (other, pair.fresh)):
            conn.executescript(script)
            conn.execute("PRAGMA foreign_keys=ON")
        yield one, other


def those(*verdicts: str) -> dict[str, Pair]:
    return {name: pair for name, pair in PAIRS.items() if pair.verdict in verdicts}


def is_equal_to_sqlite(pair: Pair) -> None:
    with both(pair) as (one, other):
        same = pragmas(one, loose=True) == pragmas(other, loose=True)
        same &= programs(one, loose=True) == programs(other, loose=True)
        assert same or pair.ruling


def is_different_to_sqlite(pair: Pair) -> None:
    with both(pair) as (one, other):
        assert (
            pragmas(one, loose=False) != pragmas(other, loose=False)
            or programs(one, loose=False) != programs(other, loose=False)
            or answers(one, pair.probe) != answers(other, pair.probe)
            or pair.ruling
        )


def has_two_texts(pair: Pair) -> None:
    assert pair.upgraded.strip() != pair.fresh.strip()


def test_equal_pairs_have_equal_pragmas_and_programs() -> None:
    holds_for_every(those("equal"), is_equal_to_sqlite)


def test_different_pairs_differ_in_a_pragma_a_program_or_an_answer() -> None:
    holds_for_every(those("different", "order"), is_different_to_sqlite)


def test_the_two_scripts_of_a_pair_are_not_the_same_text() -> None:
    holds_for_every(PAIRS, has_two_texts)
