"""List the rows and cells of the matrix, and name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import (
    AnyCheck,
    MigrationRow,
    Row,
    SnapshotRow,
)
from pytest_pmd_migrations.errors import (
    SettingError,
    SnapshotError,
)
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only

__all__ = [
    "PREFIX",
    "Cell",
    "CellKey",
    "applicable",
    "list_cells",
    "migration_rows",
    "parse_cell_id",
    "snapshot_rows",
]

PREFIX = "migrations::"
_ID = re.compile(
    r"migrations::(?:(?P<source>.+)::)?(?P<row>[^:\[]+?)(?P<latest>\.\.\d+)?\[(?P<check>[^\]]+)\]"
)


class CellKey(NamedTuple):
    """Identifies a cell, as its id does. ``source`` is empty where there is one."""

    source: str
    row: Row
    check: str

    def id(self, latest: int) -> str:
        """Return the pytest id: ``migrations::0003..0012[schema]``, ``migrations::0008[again]``."""
        lineage = f"{self.row}..{format_version(latest)}"
        name = str(self.row) if isinstance(self.row, MigrationRow) else lineage
        return f"{PREFIX}{self.source and f'{self.source}::'}{name}[{self.check}]"


@dataclass(frozen=True, eq=False)
class Cell:
    """One row of the grid under one check: one pytest item."""

    history: History
    row: Row
    check: AnyCheck

    @property
    def key(self) -> CellKey:
        """The cell as a plain value, which a report can carry to another process."""
        return CellKey(self.history.application.name, self.row, self.check.name)

    @property
    def name(self) -> str:
        """The id without the part that all cells of one source share."""
        return f"{self._lineage}[{self.check.name}]"

    @property
    def database_name(self) -> str:
        """The name of the file that a failing cell's last database is kept under."""
        source = self.history.application.name
        return f"{source}-{self._lineage}.db" if source else f"{self._lineage}.db"

    @property
    def _lineage(self) -> str:
        if isinstance(self.row, MigrationRow):
            return str(self.row)
        return f"{self.row}..{format_version(self.history.application.latest)}"

    @property
    def id(self) -> str:
        """The pytest id."""
        return self.key.id(self.history.application.latest)

    @property
    def keywords(self) -> frozenset[str]:
        """The words by which ``-k`` finds the cell, besides its id."""
        return frozenset({self.history.application.name, self.row.label} - {""})


def parse_cell_id(text: str) -> CellKey | None:
    """Return what an id names, None when it is no cell's."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    try:
        name = SnapshotName.parse(match["row"])
    except SnapshotError:
        return None
    if match["latest"]:
        return CellKey(match["source"] or "", SnapshotRow(name), match["check"])
    if name.variant:
        return None
    return CellKey(match["source"] or "", MigrationRow(name.version), match["check"])


def snapshot_rows(history: History) -> tuple[SnapshotRow, ...]:
    """Return a row for each snapshot that is stored, recorded or expected."""
    names = {*history.store.names, *history.store.lock_file.snapshots}
    names.update(SnapshotName(version) for version in history.application.versions)
    return tuple(SnapshotRow(name, _label(history, name.version)) for name in sorted(names))


def migration_rows(history: History) -> tuple[MigrationRow, ...]:
    """Return a row for each migration there is, and for each that was released."""
    lines = history.store.lock_file.versions
    versions = {*history.application.versions}
    if not goes_to_latest_only(history.application.source):
        versions.update(version for version, line in lines.items() if line.released)
    return tuple(MigrationRow(version, _label(history, version)) for version in sorted(versions))


def _label(history: History, version: int) -> str:
    """Return a version's label; that of a removed version is in the lock file."""
    line = history.store.lock_file.versions.get(version)
    return history.application.label(version) or (line.label if line else "")


def list_cells(history: History, checks: Sequence[AnyCheck]) -> tuple[Cell, ...]:
    """Return every cell of one history, row by row, in the grid's order."""
    return tuple(_list_cells(history, applicable(history, checks)))


def applicable(history: History, checks: Sequence[AnyCheck]) -> list[AnyCheck]:
    """Return the checks whose question can be asked of the history.

    Raises SettingError where one cannot say whether it can.
    """
    found = []
    for check in checks:
        try:
            if check.applies(history):
                found.append(check)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            what = f"the check {check.name}: applies(history)"
            raise SettingError(f"{what} raised {raised_where(error)}") from error
    return found


def _list_cells(history: History, checks: Sequence[AnyCheck]) -> Iterator[Cell]:
    for snapshot_row in snapshot_rows(history):
        for check in checks:
            if check.of == "snapshot":
                yield Cell(history, snapshot_row, check)
    for row in migration_rows(history):
        removed = row.version not in history.application.versions
        for check in checks:
            if check.of == "migration" and (check.asks_removed or not removed):
                yield Cell(history, row, check)
