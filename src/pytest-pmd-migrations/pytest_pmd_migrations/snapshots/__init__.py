"""Name, find, verify and write stored databases, their text twins and their lock file."""

from __future__ import annotations

from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version

__all__ = ["SnapshotFolder", "SnapshotName", "format_version"]
