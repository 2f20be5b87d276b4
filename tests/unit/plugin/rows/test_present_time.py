"""Values that are the time of today tell of a clock that is not SQL's."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from pytest_pmd_migrations.rows.present_time import TimeSpan, find_present_time

SINCE = datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC)
SPAN = TimeSpan(SINCE, SINCE + timedelta(seconds=20))
MADE = "CREATE TABLE t(id INTEGER PRIMARY KEY, at)"


@pytest.fixture(autouse=True)
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def found(value: object, *, before: object = None, written: bytes = b"") -> tuple[str, ...]:
    with (
        closing(sqlite3.connect(":memory:")) as old,
        closing(sqlite3.connect(":memory:")) as new,
    ):
        for conn, shown in ((old, before), (new, value)):
            conn.execute(MADE)
            conn.execute("INSERT INTO t(at) VALUES (?)", [shown])
        return find_present_time(old, new, SPAN, written=written).columns


def test_a_time_of_the_run_is_found_in_utc_and_in_the_zone_of_the_machine() -> None:
    values = [
        "2026-03-01 23:59:59",
        "2026-03-01T23:59:59.123456+00:00",
        "2026-03-02 09:00:03",
        "2026-03-01",
        "2026-03-02",
        1772409595,
        1772409595.25,
        1772409595_123,
        1772409595_123456,
        1772409595_123456789,
        "1772409595",
        "1772409595.5",
    ]
    assert [value for value in values if found(value) != ("t.at",)] == []


def test_another_time_is_none() -> None:
    values = [
        None,
        "2026-03-01 23:59:00",
        "2026-02-28",
        "2033-05-18 03:33:20",
        "2026-13-45 99:99:99",
        "2026-03-02 is the day",
        1772409000,
        177240959,
        3.5,
        b"2026-03-02",
        "",
    ]
    assert [value for value in values if found(value)] == []


def test_what_was_there_before_or_stands_in_the_text_tells_of_no_clock() -> None:
    assert found("2026-03-02", before="2026-03-02") == ()
    assert found("2026-03-02", written=b"SET at = '2026-03-02'") == ()
    assert found(1772409595, written=b"SET at = 1772409595") == ()
