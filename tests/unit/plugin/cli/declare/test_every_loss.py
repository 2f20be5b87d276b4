"""Whatever a step does to rows, it can be declared, and then nothing is found any more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.cli.declare.gathering import gather
from pytest_pmd_migrations.cli.declare.proposals import history_with
from pytest_pmd_migrations.cli.declare.rounds import propose
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.protocol import Location

from tests.every import for_every
from tests.unit.plugin.built_application import history_of
from tests.unit.plugin.rows.steps import Case
from tests.unit.plugin.rows.test_losses import LOSSES
from tests.unit.plugin.rows.test_planted_declarations import (
    KINDS,
    NOT_EXCUSED,
    OF_A_KIND,
    PAIRS,
    by_kind,
    to_keys_and_values,
)

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


MERGED = """
    CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y');
    CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT);
    INSERT INTO b VALUES (1, 'p'), (2, 'q'), (3, 'r');
"""


def merged(where: str = "1") -> str:
    """Return a step that makes one table of two, with new ids."""
    return (
        "CREATE TABLE m (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO m SELECT * FROM a;"
        f"INSERT INTO m(n) SELECT n FROM b WHERE {where}; DROP TABLE a; DROP TABLE b"
    )


NUMBERED = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 2);"
MOVING = {
    "keys and values": (
        Case(PAIRS, to_keys_and_values()),
        to_keys_and_values("size <> 3"),
        # By its rows the new table is the old one, without the column.
        {"MOVES settings.size": ("kv.v",)},
    ),
    "keys and values of a table without a key": (
        Case(PAIRS.replace(" PRIMARY KEY", ""), to_keys_and_values()),
        to_keys_and_values("size <> 3"),
        {"MOVES settings.size": ("kv.v",)},
    ),
    "keys and texts": (
        Case(PAIRS, to_keys_and_values(kind="TEXT")),
        to_keys_and_values("size <> 3", kind="TEXT"),
        {"MOVES settings.size": ("kv.v",)},
    ),
    "keys and values, the key in a text": (
        Case(PAIRS, to_keys_and_values().replace("SELECT id", "SELECT 'n' || id")),
        to_keys_and_values("size <> 3").replace("SELECT id", "SELECT 'n' || id"),
        {
            "DELETES settings.id": ("DROP",),
            "MOVES settings.color": ("kv.v",),
            "MOVES settings.size": ("kv.v",),
        },
    ),
    "two tables as one": (
        Case(MERGED, merged()),
        merged("n <> 'q'"),
        {"DELETES b.id": ("DROP",), "MOVES b.n": ("m.n",)},
    ),
    "a table for each kind": (
        Case(KINDS, by_kind()),
        by_kind("id <> 4"),
        {
            "DELETES item.kind": ("DROP",),
            **{f"MOVES {name}": into for name, into in OF_A_KIND.items()},
        },
    ),
    "a column to keys and values": (
        Case(
            PAIRS,
            "CREATE TABLE kv (sid, k, v); INSERT INTO kv SELECT id, 'size', size FROM settings;"
            "ALTER TABLE settings DROP COLUMN size",
        ),
        "CREATE TABLE kv (sid, k, v); INSERT INTO kv SELECT id, 'size', 1 FROM settings;"
        "ALTER TABLE settings DROP COLUMN size",
        {"MOVES settings.size": ("kv.v",)},
    ),
    "numbers that are there by chance": (
        Case(
            NUMBERED,
            "CREATE TABLE log (n INT, m INT); INSERT INTO log VALUES (1, 1), (2, 2); DROP TABLE t",
        ),
        "",
        {"DELETES t": ("DROP",)},
    ),
    "numbers of which one is there by chance": (
        Case(
            NUMBERED,
            "CREATE TABLE log (n INT); INSERT INTO log SELECT n FROM t WHERE id = 1;"
            "INSERT INTO log VALUES (2); DROP TABLE t",
        ),
        "",
        {"DELETES t": ("DROP",)},
    ),
    "ids in a log, and numbers by chance": (
        Case(
            NUMBERED,
            "CREATE TABLE log (t INT, n INT); INSERT INTO log SELECT id, 3 - id FROM t;"
            "DROP TABLE t",
        ),
        "",
        {"DELETES t": ("DROP",)},
    ),
}


@for_every("case, losing, expected", MOVING.values(), ids=MOVING)
def test_values_that_moved_are_declared_as_moved_and_lost_ones_are_found_then(
    tmp_path: Path, case: Case, losing: str, expected: dict[str, tuple[str, ...]]
) -> None:
    folder = tmp_path / str(len([*tmp_path.iterdir()]))
    found = propose(history(folder, case), [DATA])
    proposed = found.proposals.of_steps.values()
    assert {f"{one.kind} {one.name}": one.into or (one.target,) for one in proposed} == expected
    if losing:
        lossy = history(folder / "losing", replace(case, step=losing))
        left = gather(history_with(lossy, found.proposals), [DATA])
        assert left.proposals.of_steps


def test_every_loss_can_be_declared(tmp_path: Path) -> None:
    left = {}
    for number, case in enumerate(CASES):
        found = propose(history(tmp_path / str(number), case), [DATA])
        others = [one.headline for one in found.others if "no snapshot" not in one.headline]
        if not found.proposals or others:
            left[number] = (case.step, others)
    damaged = {n: o for n, (_, o) in left.items() if any(d in str(o) for d in DAMAGE)}
    assert {n: one for n, one in left.items() if n not in damaged} == {}
