"""Whatever a step does to rows, it can be declared, and then nothing is found any more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.cli.declare.rounds import propose
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.protocol import Location

from tests.unit.plugin.built_application import history_of
from tests.unit.plugin.rows.steps import Case
from tests.unit.plugin.rows.test_losses import LOSSES
from tests.unit.plugin.rows.test_planted_declarations import NOT_EXCUSED

CASES = [*LOSSES.values(), *(case for case, _ in NOT_EXCUSED.values())]
DAMAGE = ("file broken", "the full-text index")
"""What a step leaves damaged is mended, not declared."""


class Steps:
    """A source whose first migration makes a database, and whose second is one step."""

    name = "steps"

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder, self.case = folder, case

    def versions(self) -> list[int]:
        return [1, 2]

    def location(self, version: int) -> Location:
        return Location(self.folder / f"{version:04d}_step.sql")

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        if self.at(conn) < 1:
            conn.executescript(f"{self.case.before}; PRAGMA user_version = 1;")
        if self.at(conn) < to:
            if isinstance(self.case.step, str):
                conn.executescript(self.case.step)
            else:
                self.case.step(conn)
            conn.commit()
            conn.execute("PRAGMA user_version = 2")

    def at(self, conn: sqlite3.Connection) -> int:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])


def history(folder: Path, case: Case) -> History:
    folder.mkdir()
    source = Steps(folder, case)
    with closing(sqlite3.connect(folder / "0001.db")) as conn:
        source.upgrade(conn, 1)
    return history_of(source, SnapshotFolder(folder))


def test_every_loss_can_be_declared(tmp_path: Path) -> None:
    left = {}
    for number, case in enumerate(CASES):
        found = propose(history(tmp_path / str(number), case), [DATA])
        others = [one.headline for one in found.others if "no snapshot" not in one.headline]
        if not found.proposals or others:
            left[number] = (case.step, others)
    damaged = {n: o for n, (_, o) in left.items() if any(d in str(o) for d in DAMAGE)}
    assert {n: one for n, one in left.items() if n not in damaged} == {}
