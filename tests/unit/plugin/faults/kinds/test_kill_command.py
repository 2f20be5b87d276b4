"""A run in another process is killed at what is seen of it; where the signal came is told."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing

import pytest
from pytest_pmd_migrations.faults.kinds.kill_command import KillCommand

from tests.unit.plugin.faults.runners import TenLines, case, strike_all

pytestmark = pytest.mark.skipif(bool(KillCommand.lacking), reason=KillCommand.lacking or "has it")


class Outside(TenLines):
    """Writes in one transaction, and the version in another; it lets itself be watched.

    The signal comes at once, or ``late``: when the transaction that was seen is over, or in the
    ``next`` one.
    """

    in_process = False

    def __init__(self, signal):
        super().__init__()
        self.signal, self.kept = signal, []

    def upgrade_file(self, path, to):
        self.upgrade_until(path, to, lambda: False)

    def upgrade_until(self, path, to, stop):
        with ExitStack() as opened:
            conn = opened.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
            # The journal is one that SQLite would roll back from its first byte on.
            conn.execute("PRAGMA synchronous = OFF")
            for version in self.pending(conn, to):
                conn.execute("BEGIN IMMEDIATE")
                for statement in self.steps[version]:
                    conn.execute(statement)
                killed = stop()
                if killed and self.signal != "at once":
                    conn.execute("COMMIT")
                if killed and self.signal == "next":
                    conn.execute("BEGIN IMMEDIATE")
                    conn.execute(f"PRAGMA user_version = {version}")
                if killed:
                    # What holds the lock of a process that is gone.
                    self.kept.append(opened.pop_all())
                    return True
                conn.execute("COMMIT")
                if stop():
                    return True
                conn.execute(f"PRAGMA user_version = {version}")
                if stop():
                    return True
        return False


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ("at once", {"killed inside transaction 1 of 1 seen": "old"}),
        ("late", {"killed after transaction 1 of 1 seen": "wedged"}),
        ("next", {"killed after transaction 1 of 1 seen": "wedged"}),
    ],
)
def test_a_signal_that_comes_when_the_transaction_is_over_is_told_as_such(signal, told):
    source = Outside(signal)
    _, found = strike_all(KillCommand(), case(source))
    for opened in source.kept:
        opened.close()
    left = {one.point.where: one.left for one in found}
    assert left.items() >= told.items()
    assert left["killed after change 1 of 2 seen"] == "wedged"
