"""The processes of one run walk each lineage once between them, and judge as one alone does."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.model import AnyCheck, Check, Verdict
from pytest_pmd_migrations.checks.schema import SCHEMA
from pytest_pmd_migrations.grid import walks
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.exchange import walk_exchange
from pytest_pmd_migrations.grid.exchange.pickled_walks import WalkReader, WalkWriter
from pytest_pmd_migrations.grid.exchange.walk_exchange import SharedFolder, WalkExchange
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.every import for_every
from tests.unit.plugin.both_ways import CHECKS, verdicts
from tests.unit.plugin.built_application import again, history_of, lock
from tests.unit.plugin.grid.test_sharing import (
    NEEDS,
    REPOSITORY,
    STEPS,
    built,
    needing_what_was_left,
)


def walks_of(
    history: History, checks: tuple[AnyCheck, ...], folder: Path, part: int = 0, parts: int = 2
) -> Walks:
    """The walks of one of several processes, each with a history of its own."""
    shared = SharedFolder(folder, f"gw{part}", part, parts)
    return Walks(again(history), checks, fresh_first=True, shared=shared)


def judged(walks: Walks, checks: tuple[AnyCheck, ...]) -> dict[str, Verdict]:
    cells = list_cells(walks.history, checks)
    return {cell.id: replace(judge_cell(walks, cell), image=None) for cell in cells}


def walked_here(walks: Walks) -> list[str]:
    """The lineages that these walks take themselves, from now on."""
    names: list[str] = []
    original = walks._walk_here

    def walk_here(start):
        names.append(str(start))
        return original(start)

    walks._walk_here = walk_here  # type: ignore[method-assign]
    return names


def read_by_another(
    history: History, folder: Path, checks: tuple[AnyCheck, ...] = CHECKS
) -> dict[str, Verdict]:
    """The verdicts of a process that reads what another one walked: those of one alone."""
    folder.mkdir()
    first = walks_of(history, checks, folder)
    alone = verdicts(again(history), checks)
    assert judged(first, checks) == alone
    second = walks_of(history, checks, folder, part=1)
    own = walked_here(second)
    assert judged(second, checks) == alone
    assert own == [str(FRESH)]
    for start, walk in first.taken.items():
        assert second.lineage(start).last == walk.last
    return alone


def test_a_history_whose_steps_lose_rows_or_run_twice(tmp_path: Path) -> None:
    found = read_by_another(lock(built(tmp_path)), tmp_path / "walks")
    assert any(verdict.findings for verdict in found.values())


def test_pmd(tmp_path: Path) -> None:
    source = resolve_source("pmd.store.migrations.versions", root=REPOSITORY)
    stored = tmp_path / "stored"
    stored.mkdir()
    for name in ("0000+u1", "0001+adopted", "0008"):
        shutil.copy(REPOSITORY / f"fixtures/snapshots/{name}.db", stored)
    history = history_of(source, SnapshotFolder(stored))
    read_by_another(history, tmp_path / "walks", (SCHEMA, DATA))


def failing(conn: sqlite3.Connection) -> None:
    try:
        conn.execute("SELECT no_such_column FROM people")
    except sqlite3.Error as error:
        raise ValueError("no") from error


def test_a_step_that_fails_is_told_with_all_that_its_error_came_from(tmp_path: Path) -> None:
    history = built(tmp_path, {**STEPS, 8: failing})
    found = read_by_another(history, tmp_path / "walks")
    assert any(verdict.cause for verdict in found.values())


class AskedForMoreError(Exception):
    def __init__(self, one: int, *, other: int) -> None:
        super().__init__(one)
        self.other = other


def test_an_error_that_would_say_something_else_is_told_by_whoever_walks(tmp_path: Path) -> None:
    def fail(conn: sqlite3.Connection) -> None:
        raise AskedForMoreError(1, other=2)

    history, folder = built(tmp_path, {**STEPS, 8: fail}), tmp_path / "walks"
    folder.mkdir()
    first, second = (walks_of(history, CHECKS, folder, part) for part in (0, 1))
    own = walked_here(second)
    assert judged(first, CHECKS) == judged(second, CHECKS) == verdicts(history, CHECKS)
    assert {*own} == {str(start) for start in first.taken}


class Unreadable:
    def __reduce__(self):
        return int, ("no number",)


@for_every("seen", [lambda: None, Unreadable()], ids=["written", "read"])
def test_what_a_check_sees_and_cannot_be_written_or_read_is_seen_again(
    tmp_path: Path, seen: object
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walks, "is_own", lambda _: True)
        judge_in_turn(tmp_path, seen)


def judge_in_turn(tmp_path: Path, seen: object) -> None:
    own_check = Check("own", "snapshot", lambda _: lambda _: seen, lambda *_: Verdict())
    history, folder = lock(built(tmp_path)), tmp_path / "walks"
    folder.mkdir()
    checks = (SCHEMA, own_check)
    judged(walks_of(history, checks, folder), checks)
    second = walks_of(history, checks, folder, part=1)
    own = walked_here(second)
    judged(second, checks)
    assert len(own) == len(second.taken)


def test_pages_that_databases_have_in_common_are_written_once(tmp_path: Path) -> None:
    writer = WalkWriter(tmp_path / "gw0.walks", {})
    images, sizes = [], []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.execute(
            "CREATE TABLE t AS WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
            " LIMIT 500) SELECT i, hex(randomblob(1000)) AS text FROM n"
        )
        for number in (1, 2):
            conn.execute("UPDATE t SET text = 'changed' WHERE i = 300")
            images.append(Image.of_connection(conn))
            writer.add(Walk(SnapshotName(number), last=images[-1]))
            sizes.append(writer.size)
    assert sizes[0] > 1_000_000
    assert sizes[1] - sizes[0] < 20_000
    reader = WalkReader(tmp_path / "gw0.walks", {})
    assert [reader.walk(number).last for number in (0, 1)] == images


def test_with_a_check_of_the_projects_each_process_walks_all(tmp_path: Path) -> None:
    """Read again, a value may be another one: the same object no more, or without some of it."""
    marks: dict[int, object] = {}

    def observe(step):
        return marks.setdefault(step.version, object())

    def judge(_history, row, lineages):
        found = [one.seen[row.version] for one in lineages if one.reaches(row.version)]
        assert all(one is marks[row.version] for one in found)
        return Verdict()

    own_check = Check("own", "migration", lambda _: observe, judge)
    history, folder = lock(built(tmp_path)), tmp_path / "walks"
    folder.mkdir()
    first, second = (walks_of(history, (SCHEMA, own_check), folder, part) for part in (0, 1))
    own = walked_here(second)
    assert judged(first, (SCHEMA, own_check)) == judged(second, (SCHEMA, own_check))
    assert len(own) == len(first.taken)


def test_a_process_writes_no_more_for_the_others_than_there_may_be_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_exchange, "_MOST", 1)
    history, folder = lock(built(tmp_path)), tmp_path / "walks"
    folder.mkdir()
    first, second = (walks_of(history, CHECKS, folder, part) for part in (0, 1))
    alone, own = judged(first, CHECKS), walked_here(second)
    assert judged(second, CHECKS) == alone
    # One was written, and each process walks the fresh one.
    assert len(own) == len(second.taken) - 1


def test_what_one_process_distrusts_all_distrust(tmp_path: Path) -> None:
    history, folder = lock(built(tmp_path)), tmp_path / "walks"
    folder.mkdir()
    first, second = (walks_of(history, CHECKS, folder, part) for part in (0, 1))
    for version in (1, 2, 3):
        second.lineage(SnapshotName(version))
    assert any(walk.has_repeated for walk in second.taken.values())
    first._distrust()
    assert not any(walk.has_repeated for walk in second.every().walks)


@for_every("what", NEEDS)
def test_what_is_left_on_a_connection_makes_each_process_walk_alone(
    tmp_path: Path, what: str
) -> None:
    history, folder = needing_what_was_left(tmp_path, what), tmp_path / "walks"
    folder.mkdir()
    checks = (SCHEMA, DATA)
    alone = verdicts(again(history), checks)
    first, second = (walks_of(history, checks, folder, part) for part in (0, 1))
    second.lineage(SnapshotName(1))
    assert judged(first, checks) == alone
    assert judged(second, checks) == alone


@contextmanager
def another_process(do: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """A child that has done something, and ends when it is told to."""
    done, told = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.close(told[1])
        do()
        os.write(done[1], b".")
        os.read(told[0], 1)
        os._exit(0)
    ended = False

    def end() -> None:
        nonlocal ended
        if not ended:
            ended = True
            os.close(told[1])
            os.waitpid(child, 0)

    try:
        os.read(done[0], 1)
        yield end
    finally:
        end()
        for one in (*done, told[0]):
            os.close(one)


def test_who_dies_at_a_lineage_leaves_it_to_the_others(tmp_path: Path) -> None:
    history, folder = lock(built(tmp_path)), tmp_path / "walks"
    folder.mkdir()
    name = SnapshotName(1)
    exchange = WalkExchange(SharedFolder(folder, "gw0", 0, 2), history, CHECKS)
    own = Walks(again(history), CHECKS).lineage(name)

    def claim() -> None:
        (folder / "migrations").mkdir()
        file = os.open(folder / f"migrations/{name}.claim", os.O_RDWR | os.O_CREAT)
        fcntl.lockf(file, fcntl.LOCK_EX)

    with another_process(claim) as end:
        assert exchange.walk(name, lambda: own, waits=False) is None
        end()
        assert exchange.walk(name, lambda: own, waits=False) is own


@given(st.integers(0, 40), st.integers(1, 9), st.data())
def test_each_process_begins_with_its_own_part_and_comes_to_all(
    count: int, parts: int, data: st.DataObject
) -> None:
    starts = [SnapshotName(number) for number in range(1, count + 1)]
    part = data.draw(st.integers(0, parts - 1))
    order = [*SharedFolder(Path(), "gw0", part, parts).in_order(starts)]
    assert sorted(order) == starts
    begins, ends = count * part // parts, count * (part + 1) // parts
    assert order[: ends - begins] == starts[begins:ends]
    if part == parts - 1 and begins:
        assert order[ends - begins] == starts[count // parts - 1] or count < parts


@pytest.mark.parametrize("share", [True, False])
def test_no_walk_is_left_to_others_where_lineages_share_nothing(
    tmp_path: Path, share: bool
) -> None:
    history, folder = lock(built(tmp_path)), tmp_path / "walks"
    folder.mkdir()
    rules = history.rules._replace(share=share)
    walks_of(History(history.application, history.store, rules), CHECKS, folder).every()
    assert bool(list(folder.iterdir())) is share
