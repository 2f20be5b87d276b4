"""Walks: what ends one is remembered, and a check that cannot watch stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Check, Verdict
from pytest_pmd_migrations.checks.schema import SCHEMA
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import error_text, shown_path
from pytest_pmd_migrations.snapshots.names import FRESH

from tests.unit.plugin.built_application import application

STEPS = {1: "CREATE TABLE notes(a)", 2: "CREATE TABLE tags(a)"}


def test_whatever_ends_a_walk_is_raised_again_without_another_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def no_room(_conn: object) -> Image:
        taken.append(1)
        raise MemoryError("no room")

    monkeypatch.setattr(Image, "of_connection", no_room)
    walks = Walks(application(tmp_path, STEPS), [])
    for _ in range(3):
        with pytest.raises(MemoryError, match="no room"):
            walks.lineage(FRESH)
    assert taken == [1]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (LookupError("gone"), "gone"),
        (pytest.skip.Exception("not here"), "the check own raised Skipped: not here"),
        (GeneratorExit(), "the check own raised GeneratorExit"),
    ],
)
@pytest.mark.parametrize("when", ["it begins", "a step"])
def test_a_check_that_cannot_watch_sees_nothing_and_stops_no_other(
    tmp_path: Path, raised: BaseException, told: str, when: str
) -> None:
    def fail(_: object) -> None:
        raise raised

    def watch(history: History) -> object:
        return fail(history) if when == "it begins" else fail

    own = Check("own", "snapshot", watch, lambda *_: Verdict())
    walk = Walks(application(tmp_path, STEPS), [own, SCHEMA]).lineage(FRESH)
    assert walk.failure is None
    assert walk.reached == [1, 2]
    assert list(walk.unseen) == [own]
    assert (walk.unseen[own].version, str(walk.unseen[own].error)) == (0, told)
    assert walk.record(SCHEMA).seen.keys() == {0, 1, 2}


def test_an_interrupt_of_a_check_ends_the_walk(tmp_path: Path) -> None:
    def watch(_: History) -> object:
        raise KeyboardInterrupt

    own = Check("own", "snapshot", watch, lambda *_: Verdict())
    with pytest.raises(KeyboardInterrupt):
        Walks(application(tmp_path, STEPS), [own]).lineage(FRESH)


@pytest.mark.parametrize("raised", [RuntimeError("no"), pytest.skip.Exception("no")])
def test_a_check_that_cannot_say_whether_it_applies_is_an_error_of_the_setup(
    tmp_path: Path, raised: BaseException
) -> None:
    def applies(_: History) -> bool:
        raise raised

    own = Check("own", "snapshot", None, lambda *_: Verdict(), applies=applies)
    with pytest.raises(SettingError) as caught:
        list_cells(application(tmp_path, STEPS), [SCHEMA, own])
    line = applies.__code__.co_firstlineno + 1
    assert str(caught.value) == (
        f"the check own: applies(history) raised {error_text(raised)}"
        f" ({shown_path(Path(__file__))}:{line})"
    )
