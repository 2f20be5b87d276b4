"""Find the tables whose generated rows a step cannot take, by taking it without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.application.generated_rows import failure_from, generated_tables
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.fill.emptied_table import without_rows
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import Start

__all__ = ["RowsAtFault", "find_rows_at_fault"]


@dataclass(frozen=True)
class RowsAtFault:
    """The tables whose generated rows a step cannot take, and the database without them.

    What refers to their rows refers to nothing in ``without``, or went with them.
    """

    tables: tuple[str, ...]
    without: Image


def find_rows_at_fault(
    history: History, start: Start, image: Image, failure: StepFailedError
) -> RowsAtFault | None:
    """Return the fewest tables that ``image`` must be without for the step that failed from it.

    Those that its error names are tried first, then each other one that has generated rows. Where
    without one of them another error comes, the next is sought without that one too. None where
    this leads nowhere: then it is not for the rows of single tables that the step fails.
    Raises MissingNameError where the step makes what needs a function that no connection has.
    """
    tables = generated_tables(history, start.version, image)
    found: list[str] = []
    while tables:
        tried = _try_without_each(history, start, image, failure, tables)
        if tried is None:
            return None
        table, image, left = tried
        found.append(table)
        if left is None:
            return RowsAtFault(tuple(found), image)
        failure, tables = left, tuple(one for one in tables if one != table)
    return None


def _try_without_each(
    history: History,
    start: Start,
    image: Image,
    failure: StepFailedError,
    tables: Sequence[str],
) -> tuple[str, Image, StepFailedError | None] | None:
    """Return the table without which the step can be taken, or else fails otherwise.

    With it comes the database without its rows, and what is raised then.
    """
    changed = None
    for table in _named_first(tables, failure):
        emptied = without_rows(image, table)
        if emptied is None:
            continue
        without = emptied.image
        left = failure_from(history, start, without, failure.version)
        if left is None:
            return table, without, None
        if changed is None and (left.version, left.story) != (failure.version, failure.story):
            changed = table, without, left
    return changed


def _named_first(tables: Sequence[str], failure: StepFailedError) -> list[str]:
    """Return the tables in the order in which they are tried, of those named longer names first."""
    said = f"{failure} {failure.headline}"
    return sorted(tables, key=lambda table: (table not in said, -len(table), table))
