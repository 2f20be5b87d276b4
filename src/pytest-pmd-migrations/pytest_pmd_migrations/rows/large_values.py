"""Write rows with values of many megabytes without several copies of each in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.rows.matching.exact_rows import Value

__all__ = ["row_text"]

_LARGE = 64 * 1024


def row_text(row: Sequence[Value], *, size: int = _LARGE) -> Iterator[str]:
    """Yield ``repr`` of a row, a tuple of exact values, with ``size`` bytes of a value at once."""
    before = "("
    for value in row:
        yield before
        before = ", "
        if isinstance(value, tuple) and isinstance(value[1], bytes):
            yield f"({value[0]!r}, "
            yield from _bytes_text(value[1], size)
            yield ")"
        elif isinstance(value, bytes):
            yield from _bytes_text(value, size)
        else:
            yield repr(value)
    yield ",)" if len(row) == 1 else ")"


def _bytes_text(value: bytes, size: int) -> Iterator[str]:
    """Yield ``repr`` of bytes: in double quotes where they have single ones alone."""
    quotes, other = ('"', b"'") if b"'" in value and b'"' not in value else ("'", b'"')
    yield f"b{quotes}"
    for start in range(0, len(value), size):
        # With the other kind of quotes at its end, each piece is written as the whole would be.
        yield repr(value[start : start + size] + other)[2:-2]
    yield quotes
