"""Hear what a runner asks its file for, through the connections that it opens itself.

That is possible where all of them are of the class :class:`HeardConnection`. Whatever reaches the
file by another road (another driver, another process, its bytes) may have read all of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.connections.asked_tables import ask_for_everything, current_asked
from pytest_pmd_migrations.connections.asking_connection import AskingConnection, hearing
from pytest_pmd_migrations.connections.statement_record import StatementRecord
from pytest_pmd_migrations.processes.audit_hook import (
    STARTS_PROCESS,
    hear_of_connections,
    hear_of_events,
)

__all__ = ["HeardConnection", "heard_file", "is_heard"]


@dataclass
class _Block:
    """What is undone at the end of a block, and where its statements are recorded."""

    ends: ExitStack
    record: StatementRecord | None


_BLOCKS: list[_Block] = []
"""The innermost is the last."""


class HeardConnection(AskingConnection):
    """A connection that is heard from its beginning, if it is opened in a block."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        super().__init__(*arguments, **options)
        if _BLOCKS:
            self.record = _BLOCKS[-1].record
            _BLOCKS[-1].ends.enter_context(hearing(self))


def is_heard() -> bool:
    """Return whether connections of that class are heard at this moment."""
    return bool(_BLOCKS)


@contextmanager
def heard_file(
    path: Path, *, opens_heard: bool, record: StatementRecord | None = None
) -> Iterator[None]:
    """Hear in the block what is asked of the file at ``path``, where somebody gathers that.

    ``opens_heard`` says that the runner opens connections of that class, whose statements are
    recorded in ``record``. Where some go unheard, the record is not whole.
    """
    if current_asked() is None or not opens_heard:
        _go_unheard(record)
        yield
        return
    opened: list[object] = []

    def connected(conn: object, _database: object) -> None:
        opened.append(conn)
        if not isinstance(conn, HeardConnection):
            _go_unheard(record)

    def happened(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            if Path(os.fsdecode(arguments[0])).name == path.name:
                _go_unheard(record)
        elif event.startswith(STARTS_PROCESS):
            _go_unheard(record)

    with ExitStack() as stack:
        block = _Block(stack, record)
        _BLOCKS.append(block)
        stack.callback(_BLOCKS.remove, block)
        stack.enter_context(hear_of_connections(connected))
        stack.enter_context(hear_of_events(happened))
        yield
        if not opened:
            # Another driver did, or nobody.
            _go_unheard(record)


def _go_unheard(record: StatementRecord | None) -> None:
    """Say that what the runner does is not known from here."""
    ask_for_everything()
    if record is not None:
        record.is_whole = False
