"""Names of snapshots: a version, and where several shapes of it exist, a variant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_pmd_migrations.errors import SnapshotError

__all__ = ["SnapshotName", "format_version"]

_NAME = re.compile(r"(?P<version>\d{4,10})(?:\+(?P<variant>[A-Za-z0-9_.-]+))?")


def format_version(version: int) -> str:
    """Return a version as it stands in file names and ids: at least four digits."""
    return f"{version:04d}"


@dataclass(frozen=True, order=True)
class SnapshotName:
    """``0007``, or ``0000+u1``: the version a snapshot holds, and which shape of it.

    Names sort by version, the plain one before its variants.
    """

    version: int
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> SnapshotName:
        """Return the name that ``text`` spells (a file's stem).

        Raises SnapshotError when it is not ``NNNN`` or ``NNNN+variant``.
        """
        match = _NAME.fullmatch(text)
        name = cls(int(match["version"]), match["variant"] or "") if match else None
        if name is None or str(name) != text:
            raise SnapshotError(
                f"{text!r} is not the name of a snapshot; expected four digits and, for a variant,"
                " a plus sign and its name: 0007 or 0007+variant"
            )
        return name

    def __str__(self) -> str:
        return f"{self.version:04d}+{self.variant}" if self.variant else f"{self.version:04d}"
