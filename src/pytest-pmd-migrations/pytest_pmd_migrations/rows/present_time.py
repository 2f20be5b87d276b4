"""Find the columns that show the time of today, which only a clock can have put there.

SQL's own clock stands in another year, so it was a clock of the application's. One that shows whole
seconds or days gives the same in two runs that follow each other, and other values tomorrow.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.digests import steady_columns
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.rows.varying import VaryingRows

__all__ = ["TimeSpan", "find_present_time"]

_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"\d{10,19}(\.\d+)?")
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
_SLACK = timedelta(seconds=1)


@dataclass(frozen=True)
class TimeSpan:
    """The time that a run took, from ``since`` to ``until``, both with their time zone."""

    since: datetime
    until: datetime

    def shows(self, value: object) -> bool:
        """Return whether a stored value is a time within the span: as text, or since 1970."""
        if isinstance(value, str):
            if _TIME.match(value):
                shown = datetime.fromisoformat(value[:19])
                return any(self._holds(shown.replace(tzinfo=zone)) for zone in self._zones())
            if _DATE.fullmatch(value):
                days = {self.until.astimezone(zone).date().isoformat() for zone in self._zones()}
                return value in days
            return bool(_NUMBER.fullmatch(value)) and self.shows(float(value))
        if not isinstance(value, (int, float)):
            return False
        least, most = self.since - _SLACK, self.until + _SLACK
        return any(least.timestamp() <= value / unit <= most.timestamp() for unit in _UNITS)

    def _zones(self) -> tuple[tzinfo | None, ...]:
        return UTC, self.until.astimezone().tzinfo

    def _holds(self, time: datetime) -> bool:
        return self.since - _SLACK <= time <= self.until + _SLACK


def find_present_time(
    before: sqlite3.Connection,
    after: sqlite3.Connection,
    span: TimeSpan,
    *,
    written: bytes,
    volatile: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> VaryingRows:
    """Return the columns of ``after`` that show a time within ``span``.

    Values that ``before`` has somewhere, or that the text ``written`` spells out, tell of no clock.
    Tables that ``ignore`` (globs) names are left out, and columns that ``volatile`` names.
    """
    shown: dict[str, set[object]] = {}
    for column, value in _values(after, volatile, ignore):
        if span.shows(value) and str(value).encode() not in written:
            shown.setdefault(column, set()).add(value)
    known = {value for _, value in _values(before, (), ())} if shown else set()
    return VaryingRows(tuple(column for column, values in shown.items() if values - known))


def _values(
    conn: sqlite3.Connection, volatile: Sequence[str], ignore: Sequence[str]
) -> Iterator[tuple[str, object]]:
    cursor = conn.cursor()
    cursor.row_factory = None
    for table in list_tables(conn, ignore=ignore).values():
        for column in steady_columns(table, volatile):
            name = quote(column)
            # The texts are read as blobs: they may be no UTF-8.
            sql = f"SELECT DISTINCT typeof({name}), CAST({name} AS BLOB), {name} + 0"
            for kind, content, number in cursor.execute(f"{sql} FROM {quote(table.name)}"):
                if kind == "text":
                    yield f"{table.name}.{column}", content.decode(errors="surrogateescape")
                elif kind in ("integer", "real"):
                    yield f"{table.name}.{column}", number
