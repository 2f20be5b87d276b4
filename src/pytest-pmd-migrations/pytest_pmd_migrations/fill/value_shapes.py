"""Values of the shapes that CHECKs of real schemas ask for, by no literal that could be copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_pmd_migrations.fill.candidate_values import HEX_DIGITS, JSON, UUIDS, Value

__all__ = ["MOMENTS", "shaped_values"]

MOMENTS: tuple[Value, ...] = (
    "2025-03-01 08:00:00",
    "2024-02-29 23:59:59",
    "2025-03-01",
    "2024-02-29",
    "08:00:00",
    "23:59:59",
    "2025-03-01T08:00:00Z",
    "2024-02-29T23:59:59Z",
    "2025-03-01T08:00:00.000Z",
    "2024-02-29T23:59:59.999Z",
    "2025-03-01T08:00:00+00:00",
    "2025-03-01T08:00:00",
    "2024-02-29T23:59:59",
    "2025-03-01 08:00:00.000",
    "2024-02-29 23:59:59.999",
    "2025-03-01T08:00:00.123456+00:00",
    "2025-03-01 08:00:00.123456",
    "2025-03-01T08:00:00.123456Z",
    "08:00",
    "23:59",
    "2025-03",
    "2024-02",
    "2025",
)
"""Moments, days and times as applications write them, those that SQLite writes itself first."""

_TEXTS: tuple[Value, ...] = (
    "plain",
    "Anna",
    "first-note",
    "second_note",
    "ann@example.org",
    "bob.lee@mail.example.com",
    "https://example.org/",
    "http://example.com/a?b=1",
    "#000000",
    "#a1b2c3",
    "#A1B2C3",
    "#fff",
    "#0a9",
    "AB",
    "CD",
    "USD",
    "EUR",
    "A1",
    "SKU-1001",
    "AB1234",
    "en",
    "en-GB",
    "de_DE",
    "7",
    "42",
    "12345",
    "3.50",
    "1.0.0",
    "2.13.4",
    "+493012345678",
    "+12025550123",
    "192.0.2.1",
    "2001:db8::1",
    "text/plain",
    "/srv/a.txt",
    "true",
    "[1]",
    '["a", "b"]',
    '{"a": 1}',
    '{"id": 1, "name": "a", "type": "b", "kind": "c", "version": 1}',
)
_WHOLE: tuple[Value, ...] = (
    *(1, 2, 3, 4, 7, 8, 10, 12, 16, 25, 50, 64, 100, 128, 256, 1000, 1024, 2025, 10_000, 65_536),
    *(-1, -7, -100, 1_000_003, 20_250_301, 1_740_816_000, 1_740_816_000_000),
)
_REAL: tuple[Value, ...] = (0.25, 0.5, 1.5, 50.5, 99.75, -0.25, -50.5, 1000.125)
_LENGTHS_OF_BLOBS = (8, 12, 16, 20, 24, 32, 48, 64)
_LETTERS = ("X", "x", "1", "0", "a", "F")
_LONGEST_FILLED = 128


def shaped_values(mentioned: Iterable[Value]) -> tuple[Value, ...]:
    """Return values to try in a column where none fits of those that are usual.

    ``mentioned`` are the ones that its CHECKs speak of: how long a text is to be is seen by them.
    """
    texts = (*_TEXTS, *MOMENTS, *JSON, *UUIDS, *_digests(), *_sized(mentioned))
    return (*texts, *_WHOLE, *_REAL, *(bytes(range(length)) for length in _LENGTHS_OF_BLOBS))


def _digests() -> Iterator[str]:
    for digits in map(str, HEX_DIGITS):
        yield from (digits, digits + digits[:8], digits * 2)
    yield str(HEX_DIGITS[0]).upper()


def _sized(mentioned: Iterable[Value]) -> Iterator[Value]:
    """Yield texts of the lengths that a rule speaks of: of one letter, and with each beginning."""
    texts = [text for text in mentioned if isinstance(text, str) and len(text) > 0]
    alike = sorted({len(text) for text in texts if len(set(text)) == 1})
    lengths = [length for length in alike if length <= _LONGEST_FILLED][:8]
    yield from (letter * length for length in lengths for letter in _LETTERS)
    begun = [text for text in texts if len(set(text)) > 1][:8]
    yield from (
        text + letter * (length - len(text))
        for length in lengths
        for text in begun
        for letter in _LETTERS[:3]
        if len(text) < length
    )
