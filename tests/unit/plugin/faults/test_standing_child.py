"""A child that stays does one thing after the other, and ends with whoever asks it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from pytest_pmd_migrations.faults import struck_process
from pytest_pmd_migrations.faults.child_process import CAN_FORK, child_doing
from pytest_pmd_migrations.faults.database_files import DatabaseFiles
from pytest_pmd_migrations.faults.standing_child import StandingChild

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="no fork here")


class Thing:
    """An object that both processes know, and one that is copied."""

    def __init__(self, name: str) -> None:
        self.name = name


def answers(child: StandingChild) -> list[tuple[str, object]]:
    told = []
    while not told or told[-1][0] not in ("finished", "ended", "late"):
        told.append(child.read(10))
    return told


def test_it_does_what_it_is_asked_with_copies_and_with_what_is_known(tmp_path: Path) -> None:
    known, other, end = Thing("known"), Thing("other"), tmp_path / "end"

    def work(request: tuple[Thing, Thing], tell) -> None:
        tell("process", os.getpid())
        tell("same", [one is own for one, own in zip(request, (known, other), strict=True)])
        tell("names", [one.name for one in request])

    child = StandingChild(
        work, (known, other), known=(known,), at_end=lambda: end.write_text("last")
    )
    first = answers(child)
    other.name = "renamed since then"
    assert child.ask((known, other))
    second = answers(child)
    assert [word for word, _ in second] == ["process", "same", "names", "finished"]
    assert dict(first)["process"] == dict(second)["process"] != os.getpid()
    assert (dict(first)["same"], dict(second)["same"]) == ([True, True], [True, False])
    assert dict(second)["names"] == ["known", "renamed since then"]
    child.close()
    assert end.read_text() == "last"
    with pytest.raises(ProcessLookupError):
        os.kill(dict(first)["process"], 0)


def test_what_cannot_be_copied_is_refused_and_so_is_all_once_it_has_ended() -> None:
    child = StandingChild(lambda request, tell: tell("did", str(request)), "first")
    assert answers(child) == [("did", "first"), ("finished", None)]
    assert not child.ask(threading.Lock())
    assert child.ask("second")
    assert answers(child)[0] == ("did", "second")
    child.kill()
    dead = StandingChild(lambda _request, _tell: os._exit(0), "first")
    assert answers(dead) == [("ended", None)]
    assert not dead.ask("second")
    dead.close()


def test_a_fork_of_its_parent_neither_has_it_nor_ends_it() -> None:
    child = StandingChild(lambda request, tell: tell("did", request), "first", known=(Thing,))
    answers(child)
    assert child.has((Thing,))
    assert not child.has((Path,))

    def be_fork(tell) -> None:
        child.close()
        tell("has", child.has((Thing,)))

    with child_doing(be_fork) as fork:
        assert fork.read(10) == ("has", False)
    assert child.ask("second")
    assert answers(child)[0] == ("did", "second")
    child.close()


def test_both_ends_number_the_files_that_were_told_alike(monkeypatch) -> None:
    """Large ones are told each time: neither end keeps them."""
    monkeypatch.setattr(struck_process, "MEMORY_LIMIT", 3)
    start = DatabaseFiles(b"start")
    sent, heard = struck_process._KnownFiles(start), struck_process._KnownFiles(start)
    numbers = [b"%d" % number for number in range(20)]
    contents = [b"start", b"a", b"large", b"b", b"b", *numbers, b"19", b"large"]
    told = [sent.packed(DatabaseFiles(content)) for content in contents]
    assert [heard.unpacked(one).database for one in told] == contents
    numbered = [content for content, one in zip(contents, told, strict=True) if one in range(99)]
    assert numbered == [b"start", b"b", b"19"]
