"""Name each thing of the page: the targets that links and addresses point to."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Targets"]

_BLANK = re.compile(r"\s")


@dataclass(frozen=True)
class Targets:
    """The ids of elements that belong to one application of one run.

    They hold no blank, as HTML wants it; that of a cell ends with the id that pytest takes.
    """

    run: int
    application: int

    @property
    def section(self) -> str:
        """Return the id of the application's section."""
        return f"{self.run}.{self.application}"

    def cell(self, cell_id: str) -> str:
        """Return the id of a cell: a link to it stays true in the next report of the same run."""
        return f"{self.run}:{_BLANK.sub('_', cell_id)}"

    def finding(self, number: int) -> str:
        """Return the id of a finding, by its place among those of the application."""
        return f"{self.section}-cause-{number + 1}"

    def version(self, version: int) -> str:
        """Return the id of a version's line in the timeline."""
        return f"{self.section}-version-{version}"

    @property
    def notes(self) -> str:
        """Return the id of the application's notes."""
        return f"{self.section}-notes"
