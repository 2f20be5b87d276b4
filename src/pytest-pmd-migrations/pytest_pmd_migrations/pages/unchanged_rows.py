"""See from a database file's pages alone that a step changed no row."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_pmd_migrations.files.file_content import Content
from pytest_pmd_migrations.pages.file_format import HEADER
from pytest_pmd_migrations.pages.layout import Layout

__all__ = ["same_content", "unchanged_rows"]

_PIECE = 1024 * 1024
_COUNTERS = (slice(24, 28), slice(40, 44), slice(92, 100))
_AFTER_COLUMNS = re.compile(r"\s*(\)|,\s*(UNIQUE|CHECK|FOREIGN|PRIMARY|CONSTRAINT)\b)", re.I)


def same_content(before: Content, after: Content) -> bool:
    """Return whether two files differ at most in how often they were written.

    The header counts that: change counter, schema cookie, and the library's version.
    """
    if len(before) != len(after):
        return False
    if isinstance(before, bytes) and isinstance(after, bytes):
        # One copy at most of what may be megabytes.
        if before == after:
            return True
        if not before.endswith(after[HEADER:]):
            return False
    elif any(
        before[start : start + _PIECE] != after[start : start + _PIECE]
        for start in range(HEADER, len(before), _PIECE)
    ):
        return False
    if before[:HEADER] == after[:HEADER]:
        return True
    one, other = bytearray(before[:HEADER]), bytearray(after[:HEADER])
    for counter in _COUNTERS:
        one[counter] = other[counter]
    return one == other


def unchanged_rows(
    before: Layout, after: Layout, *, besides: Callable[[str], bool] = lambda _: False
) -> bool:
    """Return True only if every row of ``before`` is in ``after``, unchanged.

    Each table must be there under its name, with the same in its tree, and with no more than a
    column added at its end; those aside that ``besides`` names. May return False when in doubt, and
    does for renames.
    """
    then, now = before.holdings, after.holdings
    for one in before.objects:
        if one.type != "table" or not one.root or then[one.name] == now.get(one.name):
            continue
        if besides(one.name):
            continue
        if one.name not in now or then[one.name][1:] != now[one.name][1:]:
            return False
        if not _has_column_more(str(then[one.name][0]), str(now[one.name][0])):
            return False
    return True


def _has_column_more(old: str, new: str) -> bool:
    """Return whether ``new`` is ``old`` with a column put in after the last one."""
    same = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    # The comma before a table constraint looks like the one before the column.
    for offset in (same, old.rfind(",", 0, same)):
        tail = old[max(offset, 0) :]
        if _AFTER_COLUMNS.match(tail) and new.endswith(tail):
            return new[offset : len(new) - len(tail)].lstrip().startswith(",")
    return False
