"""Whoever asks for fewer searches for garbage meanwhile finds the collector as it was."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_pmd_migrations.pytest_side.paused_collector import (
    SeldomCollector,
    paused_collector,
)


class Circle:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[None]:
    """Give a process with nothing frozen, and freeze again what was: it takes a search of all."""
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count() > 10_000
    gc.unfreeze()
    with warnings.catch_warnings():
        # What other tests left is theirs.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    yield
    gc.unfreeze()
    if was_frozen:
        gc.freeze()
    (gc.enable if was_enabled else gc.disable)()


def test_the_collector_rests_meanwhile_and_what_was_made_is_old_and_not_lost(
    collector: None,
) -> None:
    gc.enable()
    with paused_collector():
        assert not gc.isenabled()
        circle = weakref.ref(Circle())
    assert gc.isenabled()
    gc.collect(1)
    assert circle() is not None
    gc.collect()
    assert circle() is None


def test_one_that_rests_already_stays_at_rest() -> None:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with paused_collector():
            pass
        assert not gc.isenabled()
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_what_somebody_has_frozen_stays_frozen(collector: None) -> None:
    gc.enable()
    gc.freeze()
    frozen = gc.get_freeze_count()
    with paused_collector():
        pass
    # Objects that nobody holds any more go meanwhile; one unfreeze would let go of all.
    assert gc.get_freeze_count() > 0.9 * frozen > 0


@pytest.mark.parametrize("before", [(700, 10, 10), (0, 10, 10), (50_000, 5, 5)])
def test_whoever_asks_for_few_searches_finds_the_thresholds_as_they_were(
    before: tuple[int, int, int],
) -> None:
    kept = gc.get_threshold()
    gc.set_threshold(*before)
    try:
        seldom = SeldomCollector()
        seldom.end()
        seldom.begin()
        seldom.begin()
        meanwhile = gc.get_threshold()
        seldom.end()
        assert gc.get_threshold() == before
        seldom.end()
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*kept)
    assert meanwhile == ((10_000, 10, 10) if before[0] == 700 else before)


CONFTEST = """
import gc


def pytest_sessionstart(session):
    print("kept", gc.get_freeze_count() > 10_000, gc.isenabled())
"""
SCRIPTS = Path(__file__).parents[4] / "fixtures/projects/scripts"
PROGRAM = str(Path(sys.executable).with_name("pytest"))
# Its plugin imports all of hypothesis at the end of every run.
PLAIN = ("-s", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
RUN = (*PLAIN, "--migration-matrix", "--migration-checks=schema")
CALLED = f"import pytest; pytest.main({list(RUN)})"
NESTED = f"""
import pytest


def test_another_run():
    assert pytest.main({[*RUN, "inner"]}) == 0
"""


def printed(folder: Path, *command: str) -> str:
    """Return what a command prints in a folder that has a history of scripts."""
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    (folder / "inner").mkdir()
    (folder / "inner/conftest.py").write_text(CONFTEST)
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("command", [(PROGRAM,), (sys.executable, "-m", "pytest")])
def test_a_process_that_ends_with_the_run_keeps_all_modules(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert "kept True True" in printed(tmp_path, *command, *RUN, "inner")


def test_a_process_that_goes_on_after_the_run_keeps_nothing(tmp_path: Path) -> None:
    called = CALLED.replace("]", ", 'inner']")
    assert "kept False True" in printed(tmp_path, sys.executable, "-c", called)


def test_a_run_within_another_one_keeps_nothing(tmp_path: Path) -> None:
    test = tmp_path / "test_nested.py"
    test.write_text(NESTED)
    command = (sys.executable, "-m", "pytest", *PLAIN, str(test))
    assert "kept False True" in printed(tmp_path, *command)


def test_a_run_without_the_matrix_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_nothing(): pass")
    command = (sys.executable, "-m", "pytest", *PLAIN)
    assert "kept False True" in printed(tmp_path, *command, "inner", "test_one.py")
