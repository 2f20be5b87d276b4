"""Judge a stored database that the application says it no longer upgrades."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.checks.model import EVERY_CHECK, Finding, Note, SnapshotRow, Verdict
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.grid.blocked import stopped_lineage
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.schema import read_schema
from pytest_pmd_migrations.sources.declared.written_declarations import in_quotes

__all__ = ["judge_unsupported"]


def judge_unsupported(walks: Walks, row: SnapshotRow, reason: str) -> Verdict:
    """Return the verdict that nothing is asked of it, or the finding that it does upgrade.

    It upgrades where it arrives at latest with the schema of a fresh database. A file that cannot
    be read is still at fault.
    """
    history, walk = walks.history, walks.lineage(row.snapshot)
    unasked = Verdict(unasked=Note(row, f"unsupported: {reason}").showing_no_rows())
    if isinstance(walk.failure, SnapshotError):
        return stopped_lineage(history, walk) or unasked
    if walk.failure is not None or walk.last is None:
        return unasked
    latest = history.application.latest
    with closing(walk.last.connect()) as conn:
        if history.difference(read_schema(conn), latest):
            return unasked
    title = history.application.title(latest)
    among = history.application.stored[str(row.snapshot)].among
    what = f"{row.snapshot} (the others may stay)" if among else "this"
    lines = (
        *wrap_text(
            f"{row} arrives at {title} with the schema of a fresh database, so it is supported"
            " after all."
        ),
        "",
        *wrap_text(f"Take {what} out of the file of migration_rows, so that it is checked again:"),
        f"  [{history.application.stored_table(among or row.snapshot)}]",
        f"  unsupported = {in_quotes(reason)}",
    )
    things = frozenset({(EVERY_CHECK, "unsupported", str(row))})
    head = headline(f"{row} is said to be unsupported, but it upgrades")
    finding = Finding(head, lines, things=things).showing_no_rows()
    return Verdict((finding,), image=walk.last)
