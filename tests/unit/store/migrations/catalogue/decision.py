"""One decision about what a step may do, and the line about it in docs/MIGRATIONS.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ALL_MODES = ("memory", "delete", "wal")
ON_FILE = ("delete", "wal")


@dataclass(frozen=True)
class Decision:
    """Tells what a step does after it has written a row, and what then happens.

    `body` is the rest of its up(db). `error` is the name of the error, None where the step
    succeeds, and `says` its text between the step's name and the statement. After a step that
    succeeds `finds`, a query, gives its rows. `what` and `instead` are the document's words.
    `connect` makes another connection than the usual one; `modes` are the kinds of database it
    is tried on; `python` is the first version that can do it. A step that is not `atomic` has
    ATOMIC = False and writes no row. One `in_child` runs in a process of its own, whose exit
    code `says` tells.
    """

    id: str
    what: str
    body: str
    error: str | None = None
    says: str = ""
    instead: str = ""
    finds: tuple[str, list[tuple]] = ("SELECT 1", [(1,)])
    modes: tuple[str, ...] = ALL_MODES
    python: tuple[int, int] = (3, 11)
    script: str = ""
    connect: Callable | None = None
    atomic: bool = True
    in_child: bool = False

    @property
    def row(self) -> str:
        happens = f"`{self.error}`" if self.error else "new version"
        return f"| {self.id} | {self.what} | {happens} | {self.instead} |"


FAILED = "MigrationFailedError"


def works(id, what, body, instead="", **more):  # noqa: A002 - the word for it
    return Decision(id, what, body, instead=instead, **more)


def fails(id, what, body, says, instead="", error=FAILED, **more):  # noqa: A002 - likewise
    return Decision(id, what, body, error, says, instead, **more)
