"""The search for garbage at the end of a run finds what there is, and goes through it once."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_pmd_migrations.pytest_side.settled_collector import SettledCollector

TEST = """
class Circle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        raise ValueError("told at the end")

def test_it():
    Circle()
"""
RUN = """
import gc, sys, pytest
code = pytest.main(sys.argv[1:])
print("left", gc.callbacks, gc.get_freeze_count(), int(code))
"""


class Circle:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def ended() -> Iterator[tuple[SettledCollector, list[Callable[[], object]]]]:
    """The plugin of a run that has come to its end, and the cleanups of the run."""
    cleanups: list[Callable[[], object]] = []
    config: Any = SimpleNamespace(add_cleanup=cleanups.append)
    callbacks = list(gc.callbacks)
    gc.unfreeze()
    plugin = SettledCollector(config)
    yield plugin, cleanups
    gc.callbacks[:] = callbacks
    gc.unfreeze()


def test_only_what_is_new_is_searched_after_all_was_searched_once(
    ended: tuple[SettledCollector, list[Callable[[], object]]],
) -> None:
    plugin, cleanups = ended
    plugin.pytest_unconfigure()
    before = weakref.ref(Circle())
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert before() is None
    searched_once = gc.get_freeze_count()
    after = weakref.ref(Circle())
    gc.collect()
    assert after() is None
    assert searched_once > 1000
    for cleanup in cleanups:
        cleanup()
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert gc.get_freeze_count() == 0


def test_what_somebody_has_frozen_stays_so(
    ended: tuple[SettledCollector, list[Callable[[], object]]],
) -> None:
    plugin, cleanups = ended
    gc.freeze()
    plugin.pytest_unconfigure()
    for cleanup in cleanups:
        cleanup()
    assert gc.get_freeze_count() > 0


def test_garbage_that_a_test_left_is_told_and_the_program_goes_on_as_before(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "migrations"')
    pytester.mkdir("migrations").joinpath("0001_a.sql").write_text("CREATE TABLE t(a);")
    assert pytester.run(Path(sys.executable).with_name("pmd-migrations"), "snapshot").ret == 0
    script = pytester.makepyfile(run=RUN)
    pytester.makepyfile(test_app=TEST)
    checks = ("--migration-matrix", "--migration-checks=schema")
    result = pytester.run(sys.executable, script, *checks, "-Werror", "test_app.py")
    told = [*result.outlines, *result.errlines]
    assert any("told at the end" in line for line in told), told
    assert any(line.startswith("left [] 0 ") for line in result.outlines), told
