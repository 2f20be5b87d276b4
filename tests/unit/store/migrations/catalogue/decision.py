"""One decision about what a step may do, and how the documents' table says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

FAILED = "migration 0002 (step 2) failed and was undone: "


@dataclass(frozen=True)
class Decision:
    """`body` is what a step does after it has written a row; `error` is None where it succeeds.

    `says` is the error's text after the step's name, up to where the statement is told. `finds`
    is a query that succeeds only after the step, with its rows. `what` and `instead` are the
    columns of the table in docs/MIGRATIONS.md. `connect` makes another connection than the
    usual one, `modes` are the databases it is tried on, `python` the version it needs.
    """

    id: str
    what: str
    body: str
    error: str | None = None
    says: str = ""
    instead: str = ""
    finds: tuple[str, list[tuple]] = ("SELECT 1", [(1,)])
    connect: Callable | None = None
    modes: tuple[str, ...] = ("memory", "delete", "wal")
    python: tuple[int, int] = (3, 11)
    script: bool = False
    constants: str = ""
    keeps_version: bool = field(default=False)

    @property
    def row(self) -> str:
        """The line of the table."""
        happens = f"`{self.error}`" if self.error else "new version"
        return f"| {self.id} | {self.what} | {happens} | {self.instead} |"


def table(decisions: list[Decision]) -> str:
    """Return the rows of these decisions as they stand in the documents."""
    return "\n".join(decision.row for decision in decisions)
