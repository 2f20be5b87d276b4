"""Where a fault strikes a run, and what it leaves there, as values."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = [
    "GOOD_WORDS",
    "LEFT_WORDS",
    "MODES",
    "NEVER_BACK",
    "Left",
    "Mode",
    "Point",
    "StruckPoint",
    "TriedFaults",
    "Unit",
]

Left = Literal[
    "old", "mid", "new", "torn", "wedged", "wrong", "lost", "corrupt", "lied", "hung", "missed"
]
"""The database that a fault left, in one word.

- ``old``: the version before, as it was; ``mid``: a version on the way, complete; ``new``: the
  version asked for, complete; a plain retry reaches the end in each. These are good.
- ``torn``: tables or rows that are not those of the stamped version; a retry mends it.
- ``wedged``: a plain retry raises, or does not come back.
- ``wrong``: a retry reports success, and the result is another one.
- ``lost``: likewise, and values are gone.
- ``corrupt``: SQLite finds the file broken.
- ``lied``: the run reported success, and the result was not there.
- ``hung``: the run itself did not come back.
- ``missed``: there is nothing to hit at that point; the run went its way. It counts for nothing.
"""

LEFT_WORDS: tuple[Left, ...] = (
    "old",
    "mid",
    "new",
    "torn",
    "wedged",
    "wrong",
    "lost",
    "corrupt",
    "lied",
    "hung",
    "missed",
)
"""Every word, in the order in which they are counted."""

GOOD_WORDS: frozenset[Left] = frozenset({"old", "mid", "new"})
"""The words for a database that is as it should be."""

NEVER_BACK = "does not come back"
"""What is said of a retry that goes on for ever."""

Mode = Literal["rollback", "wal"]
"""How the database keeps what is not committed: in a rollback journal or a write-ahead log."""

MODES: tuple[Mode, ...] = ("rollback", "wal")
"""Both journal modes."""


Unit = Literal["statement", "tick", "call", "page", "end", "part", "write", "transaction", "change"]
"""The unit in which a kind counts its points: beginnings of statements, jumps of SQLite's virtual
machine, calls of its authorizer, pages of the database, the runner's return, parts of the memory a
run needs, writes to the files; of a run in another process its transactions, by their journals,
and the changes of its files that no journal would take back."""


class Point(NamedTuple):
    """Where one fault strikes: at the ``at``-th ``unit`` of a run, from 0.

    ``where`` says it in words ("killed after statement 3 of 7"), ``sql`` is the statement it is
    about, if any. ``variant`` tells apart what a kind does at one and the same ``at``.
    """

    kind: str
    mode: Mode
    unit: Unit
    at: int
    where: str
    sql: str = ""
    variant: str = ""


class StruckPoint(NamedTuple):
    """A point at which a fault struck, and what was left of the database.

    ``version`` is the one that the reopened database has, None where it could not be read;
    ``said`` what the run said ("raised ...", "reported success"), empty where it was killed;
    ``differences`` are lines that tell how the database differs from a sound one at that version;
    ``retry`` tells how a plain retry failed, empty where it reached the end.
    """

    point: Point
    left: Left
    version: int | None = None
    said: str = ""
    differences: tuple[str, ...] = ()
    retry: str = ""

    @property
    def broken(self) -> bool:
        """Whether the fault left anything but the old or a complete later version."""
        return self.left not in GOOD_WORDS and self.left != "missed"

    @property
    def hung(self) -> bool:
        """Whether the run, or the retry after it, did not come back."""
        return self.left == "hung" or self.retry == NEVER_BACK


class TriedFaults(NamedTuple):
    """All points that were struck, in order, and how many were ``untried`` since too many hung."""

    struck: tuple[StruckPoint, ...]
    untried: int = 0
