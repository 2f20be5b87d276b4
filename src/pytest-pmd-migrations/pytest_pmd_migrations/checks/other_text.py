"""Tell of a stored database that had a migration with another text than it has now.

The lock file knows of no edit: the database was made elsewhere, by a runner that keeps checksums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Finding, Row
from pytest_pmd_migrations.checks.moved_migration import changes_of
from pytest_pmd_migrations.checks.reached import LineageRecords
from pytest_pmd_migrations.checks.result_and_culprit import Lineages
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.snapshots.names import Start

__all__ = ["other_text"]


def other_text(history: History, row: Row, lineages: Lineages) -> Finding | None:
    """Return the finding on a version that stored databases had with another text, if any."""
    version, application = row.version, history.application
    altered = LineageRecords.of(lineages).once(_altered).get(version)
    if not altered:
        return None
    said = {application.start_title(start): what for start, what in altered}
    name = application.step_name(version)
    names, (what, *_) = ", ".join(said), said.values()
    told = wrap_text(
        f"The runner's own table in {names} has another checksum for it than its file: {what}."
    )
    mend = wrap_text("Restore the text that these databases ran, or store databases of this one.")
    head = headline(f"{name} is another than stored databases had")
    things = changes_of(version)
    return Finding(head, (*told, "", *mend), version, things=things).showing_no_rows()


def _altered(lineages: Lineages) -> Mapping[int, Sequence[tuple[Start, str]]]:
    """Return of each version in which lineages began with another text of it, and what is said."""
    found: dict[int, list[tuple[Start, str]]] = {}
    for record in lineages:
        # The first database of a lineage alone is asked.
        seen = next(iter(record.seen.values()), None)
        for version, what in seen.altered.items() if seen is not None else ():
            found.setdefault(version, []).append((record.start, what))
    return found
