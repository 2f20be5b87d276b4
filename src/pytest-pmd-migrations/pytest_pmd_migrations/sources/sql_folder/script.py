"""One migration of a tool, as its script says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Script"]


@dataclass(frozen=True)
class Script:
    """One migration: what is run, where it is written, and what the tool calls it.

    ``label`` is the tool's id for people to read, ``mark`` the same as its table has it. ``up`` is
    the SQL of the step, ``line`` where that begins in the file. ``own_text`` is the part of the
    file that is this step's, None for all of it; ``whole`` is the file's text, which checksums are
    of. ``description`` is what the tool's table has as its name. ``down`` is the
    SQL that takes the step back, empty without one.
    """

    label: str
    mark: int | str
    path: Path
    up: str
    whole: str
    line: int = 1
    own_text: str | None = None
    in_transaction: bool = True
    down_in_transaction: bool = True
    description: str = ""
    down: str = ""
