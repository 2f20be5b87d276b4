"""What a kind's module overrides to strike a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_pmd_migrations.faults.injector import Injector

__all__ = ["Fault"]


class Fault:
    """What strikes a run. This one never does; each kind overrides what it needs.

    ``ticks`` and ``authorizes`` say whether it wants to be asked at every jump of SQLite's
    virtual machine, and whenever a statement is prepared. ``timeout`` replaces the seconds a
    connection waits for a lock. ``syncs`` leaves ``PRAGMA synchronous`` as it is; without, files
    are never flushed, which nothing but a loss of power could tell. ``struck`` is set when the
    fault came to pass; ``injector`` is the one that is entered.
    """

    injector: Injector

    ticks = False
    authorizes = False
    syncs = False
    timeout: float | None = None
    struck = False

    def opened(self, conn: Any) -> None:  # noqa: ANN401 - a connection of either driver
        """Be told of a connection to the file, before the runner has it."""

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401 - likewise
        """Be told that a statement begins; ``sql`` has its values filled in."""

    def tick(self) -> bool:
        """Return whether SQLite shall interrupt the statement."""
        return False

    def denies(
        self,
        action: int,  # noqa: ARG002 - what a kind may ask for
        first: str | None,  # noqa: ARG002 - likewise
        second: str | None,  # noqa: ARG002 - likewise
    ) -> bool:
        """Return whether the statement that is being prepared shall be denied."""
        return False

    def returned(self, error: BaseException | None) -> None:
        """Be told that the runner is done, while its connections are still open."""
