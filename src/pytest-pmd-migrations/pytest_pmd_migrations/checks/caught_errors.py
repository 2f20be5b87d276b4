"""Tell of statements that failed inside a step which succeeded: somebody caught the error.

Prevents the accident of ``except Exception: pass`` around an ALTER TABLE that never worked: fresh
and upgraded databases are alike, and both lack the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.connections.statement_record import FailedStatement, first_word

__all__ = ["tell_caught_errors"]

_SHOWN = 3
_LONGEST = 60
_READING = ("SELECT", "PRAGMA", "EXPLAIN", "VALUES")
_PROBING = "sqlite_utils"
"""The library that tries statements by itself: does SQLite have STRICT, is a column there?"""


def tell_caught_errors(
    history: History,
    row: MigrationRow,
    failed: Iterable[FailedStatement],
    elsewhere: Iterable[FailedStatement],
) -> Iterator[Note]:
    """Yield a note for each statement that failed in the step to a row's version, in any lineage.

    ``elsewhere`` are those that failed in other steps. Errors that the migration's own file caught
    are told, and others where the statement would write: a runner that reads what may not be there,
    or tries the same at each step, does so by habit.
    """
    habits = {(one.sql, one.error) for one in elsewhere}
    own = history.application.location(row.version).path.resolve()
    script = ""
    if own.suffix == ".sql":
        script = history.application.text(row.version).decode("utf-8-sig", "replace")
    told: dict[str, None] = {}
    for one in failed:
        if one.caught_by.partition(".")[0] == _PROBING:
            continue
        is_own = one.caught_in.resolve() == own or (bool(script) and one.sql.strip() in script)
        if is_own or not (first_word(one.sql) in _READING or (one.sql, one.error) in habits):
            told[f"{_shown(one.sql)} ({one.error})"] = None
    yield from _notes(row, list(told))


def _notes(row: MigrationRow, told: Sequence[str]) -> Iterator[Note]:
    for text in told[:_SHOWN]:
        yield Note(row, f"a statement failed and the step went on: {text}")
    if len(told) > _SHOWN:
        yield Note(row, f"{len(told) - _SHOWN} more statements failed, and the step went on")


def _shown(sql: str) -> str:
    """Return a statement in one line, cut."""
    line = " ".join(sql.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
