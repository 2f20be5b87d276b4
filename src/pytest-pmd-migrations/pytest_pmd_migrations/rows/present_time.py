"""Find the columns that show the time of today, which only a clock can have put there.

SQL's own clock stands in another year, so it was a clock of the application's. One that shows whole
seconds or days gives the same in two runs that follow each other, and other values tomorrow.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.digests import steady_columns
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.rows.varying import VaryingRows

__all__ = ["TimeSpan", "find_present_time"]

_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{10,19}(\.\d+)?", re.ASCII)
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
                shown = value[:19].replace("T", " ")
                return any(
                    least <= shown <= most for least, most in self._shown("%Y-%m-%d %H:%M:%S")
                )
            if _DATE.fullmatch(value):
                return any(least <= value <= most for least, most in self._shown("%Y-%m-%d"))
            return bool(_NUMBER.fullmatch(value)) and self.shows(float(value))
        if not isinstance(value, (int, float)):
            return False
        least, most = self._seconds
        return any(least <= value / unit <= most for unit in _UNITS)

    @cached_property
    def _seconds(self) -> tuple[float, float]:
        """Both ends in seconds since 1970."""
        return (self.since - _SLACK).timestamp(), (self.until + _SLACK).timestamp()

    def _shown(self, form: str) -> Iterator[tuple[str, str]]:
        """Yield how a clock shows both ends, in UTC and in the time zone of this machine."""
        ends = self.since - _SLACK, self.until + _SLACK
        for zone in (UTC, None):
            since, until = (end.astimezone(zone).strftime(form) for end in ends)
            yield since, until


def find_present_time(
    before: sqlite3.Connection,
    after: sqlite3.Connection,
    span: TimeSpan,
    *,
    written: bytes,
    changed: Collection[str] | None = None,
    volatile: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> VaryingRows:
    """Return the columns of ``after`` that show a time within ``span``.

    Values that ``before`` has somewhere, or that the text ``written`` spells out, tell of no clock.
    Tables that ``ignore`` (globs) names are left out, and columns that ``volatile`` names. Where
    ``changed`` is given, all other tables hold the same in both, and are not read for what they
    show.
    """
    shown: dict[str, set[object]] = {}
    for column, value in _values(after, volatile, ignore, changed):
        if span.shows(value) and str(value).encode(errors="surrogateescape") not in written:
            shown.setdefault(column, set()).add(value)
    known = {value for _, value in _values(before, (), ())} if shown else set()
    return VaryingRows(tuple(column for column, values in shown.items() if values - known))


def _values(
    conn: sqlite3.Connection,
    volatile: Sequence[str],
    ignore: Sequence[str],
    changed: Collection[str] | None = None,
) -> Iterator[tuple[str, object]]:
    cursor = conn.cursor()
    cursor.row_factory = None
    for table in list_tables(conn, ignore=ignore).values():
        # What a generated column or another's module shows is not in the file.
        same = changed is not None and table.name not in changed
        if same and not (table.generated or table.module):
            continue
        for column in steady_columns(table, volatile):
            name = quote(column)
            # The texts are read as blobs: they may be no UTF-8.
            sql = f"SELECT DISTINCT typeof({name}), CAST({name} AS BLOB), {name} + 0"
            for kind, content, number in cursor.execute(f"{sql} FROM {quote(table.name)}"):
                if kind == "text":
                    yield f"{table.name}.{column}", content.decode(errors="surrogateescape")
                elif kind in ("integer", "real"):
                    yield f"{table.name}.{column}", number
