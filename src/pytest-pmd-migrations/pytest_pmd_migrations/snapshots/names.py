"""Name versions, snapshots, and the database that a lineage starts from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_pmd_migrations.errors import SnapshotError

__all__ = [
    "FRESH",
    "Fresh",
    "SnapshotName",
    "Start",
    "format_version",
    "labelled",
    "parse_start",
    "version_title",
]

_NAME = re.compile(r"(?P<version>\d{4,10})(?:\+(?P<variant>[A-Za-z0-9_.-]+))?")

_HASH = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{8,}")
"""Digits alone are a number or a moment, of which the first ones tell little."""
_READ = 7


def format_version(version: int) -> str:
    """Return a version as it stands in file names and ids: at least four digits."""
    return f"{version:04d}"


def labelled(name: str, version: int, label: str) -> str:
    """Return a name of a version with its label behind it, where it has one that says more.

    People read of a hash the first digits, of a file not its ``.py``.
    """
    if not label or (label.isdecimal() and int(label) == version):
        return name
    shown = label[:_READ] if _HASH.fullmatch(label) else label.removesuffix(".py")
    return f"{name} {shown}"


def version_title(version: int, label: str = "") -> str:
    """Return a version for people to read: ``0007``, or with its label ``0007 9c1f0a7``."""
    return labelled(format_version(version), version, label)


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

    @classmethod
    def typed(cls, text: str) -> SnapshotName:
        """Return the name that a person typed, who may leave out the zeros: ``7``, ``7+variant``.

        Raises SnapshotError when it is none.
        """
        version, plus, variant = text.partition("+")
        return cls.parse((version.zfill(4) if version.isdecimal() else version) + plus + variant)

    def __str__(self) -> str:
        number = format_version(self.version)
        return f"{number}+{self.variant}" if self.variant else number


@dataclass(frozen=True)
class Fresh:
    """The database that does not exist yet: it has no tables, and so version 0."""

    @property
    def version(self) -> int:
        """The version that the lineage starts at."""
        return 0

    @property
    def variant(self) -> str:
        """Which shape of the version: there is one."""
        return ""

    def __str__(self) -> str:
        return "fresh"


FRESH = Fresh()

Start = SnapshotName | Fresh
"""The start of a lineage. As text, in lock lines: the snapshot's name, or ``fresh``."""


def parse_start(text: str) -> Start:
    """Return the start that ``text`` spells; raises SnapshotError when it spells none."""
    return FRESH if text == str(FRESH) else SnapshotName.parse(text)
