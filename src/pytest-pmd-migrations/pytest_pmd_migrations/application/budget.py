"""What a step may take in a database of some size: the setting ``migration_budget``."""

from __future__ import annotations

import re
from typing import NamedTuple

from pytest_pmd_migrations.errors import SettingError

__all__ = ["Budget", "parse_budget", "parse_size"]

_BUDGET = re.compile(
    r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|min|h)\s+at\s+"
    r"(?:(?P<rows>[\d_,]*\d)\s+rows?|(?P<size>\S.*?))\s*"
)
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kMGT]?)i?B", re.IGNORECASE)
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_MOST_ROWS = 2**63 - 1
_MOST_BYTES = 281 * 10**12
"""Of a file: https://www.sqlite.org/limits.html"""


class Budget(NamedTuple):
    """The ``seconds`` that a step may take where each table has ``rows``, or a file has a size.

    ``text`` is the budget as it was written; one of ``rows`` and ``file_size`` is 0.
    """

    text: str
    seconds: float
    rows: int = 0
    file_size: int = 0


def parse_budget(text: str) -> Budget | None:
    """Return the budget that ``5s at 1000000 rows`` or ``2min at 10GB`` sets; None for no text.

    Raises SettingError for anything else.
    """
    if not text.strip():
        return None
    found = _BUDGET.fullmatch(text)
    seconds = float(found["number"]) * _SECONDS[found["unit"]] if found else 0.0
    rows = int(re.sub("[_,]", "", found["rows"])) if found and found["rows"] else 0
    file_size = _bytes(found["size"]) if found and found["size"] else 0
    if not seconds or not (0 < rows <= _MOST_ROWS or file_size):
        raise SettingError(
            f"migration_budget {text!r} is no budget; expected a time and a size, such as"
            ' "5s at 1000000 rows" or "2min at 10GB"'
        )
    return Budget(text.strip(), seconds, rows, file_size)


def parse_size(text: str) -> int:
    """Return the bytes that ``10GB`` or ``500 MB`` means; raises SettingError for anything else."""
    size = _bytes(text)
    if not size:
        raise SettingError(f"{text!r} is no size of a file; expected one such as 10GB or 500MB")
    return size


def _bytes(text: str) -> int:
    """Return the bytes that a size means, 0 where it is none that a file of SQLite can have."""
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found["number"]) * _BYTES[found["unit"].lower()]) if found else 0
    return size if size <= _MOST_BYTES else 0
