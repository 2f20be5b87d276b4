"""How tests run pytest and the command in processes of their own, and what a run ends with."""

from __future__ import annotations

import compileall
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.known_plugins import keep_what_plugins_have
from tests.warm_python import Run, WarmPython, can_run, keep_what_is_installed

_MEMORY = Path("/dev/shm")
_SOURCES = Path(__file__).parents[1] / "src"
_ROOM = 2**30
_MALLOC = {
    "MALLOC_TRIM_THRESHOLD_": 2**28,
    "MALLOC_TOP_PAD_": 2**23,
    "MALLOC_MMAP_THRESHOLD_": 2**26,
    "MALLOC_ARENA_MAX": 1,
}
"""Settings of the GNU C library: give no memory back to the system that is soon wanted again.

With more than one arena, a run that may take no more memory asks for new ones at each object.
"""
_MANY_OBJECTS = 20_000
_NEED_MORE = tuple(Path(__file__).parent / name for name in ("tools", "site", "browser"))
_KEPT_BEFORE = pytest.StashKey[str | None]()
_DECISION = re.compile(r"/test_decisions\.py::test_decision\[(?P<id>.+)\]$")


def pytest_configure(config: pytest.Config) -> None:
    """Put temporary folders in memory where it has room, unless TMPDIR says where to put them.

    None of them outlives a power cut, and on a disk syncing takes most of a test's time.

    Where the environment forbids Python to keep compiled modules beside the sources, keep those of
    the collection in pytest's cache: each process would rewrite every test module anew. The
    packages' own modules are compiled beside their sources once, for the processes that tests
    start: each would compile all that it imports.
    """
    if sys.dont_write_bytecode and hasattr(config, "cache"):
        if not hasattr(config, "workerinput"):
            compileall.compile_dir(_SOURCES, quiet=2)
        config.stash[_KEPT_BEFORE] = sys.pycache_prefix
        sys.pycache_prefix = str(config.cache.mkdir("compiled"))
        sys.dont_write_bytecode = False
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    # Read when a process starts: pytest-xdist's workers, and what they start.
    for name, size in _MALLOC.items():
        os.environ.setdefault(name, str(size))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs tools of others, unless it is named: projects, the site, a browser.

    `pytest tests/tools`, `tests/site` and `tests/browser` run them; what is not installed is
    skipped.
    """
    if collection_path not in _NEED_MORE:
        return None
    named = (Path(config.invocation_params.dir, one.partition("::")[0]) for one in config.args)
    return not any(path.resolve().is_relative_to(collection_path) for path in named) or None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was imported and collected out of every search for garbage from here on.

    Searches are few, as most of what tests leave goes by itself. What is installed is read once:
    each command of the plugin's that a test calls starts pytest, which asks all of it.
    """
    # This run itself has read them; those that tests start are no steps of a job.
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        os.environ.pop(name, None)
    if _KEPT_BEFORE in session.config.stash:
        # Tests write modules themselves, and one over another within one tick of the clock.
        sys.dont_write_bytecode = True
        sys.pycache_prefix = session.config.stash[_KEPT_BEFORE]
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, 20, 20)
    keep_what_is_installed()
    keep_what_plugins_have()


@pytest.fixture(scope="session")
def warm_python() -> Iterator[WarmPython]:
    """One process that has imported everything and forks for each command."""
    started = WarmPython()
    yield started
    started.close()


@pytest.fixture
def light_child_runs(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    warm_python: WarmPython,
) -> None:
    """Let pytester's child processes start as quickly as they can."""
    # Its plugin imports all of hypothesis at the end of every run.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    start_anew = pytester.popen

    def popen(command: Sequence[str], **options: Any) -> Run | subprocess.Popen[bytes]:
        if not can_run(command, os.environ["PATH"]):
            return start_anew(command, **options)
        python_path = [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]  # as pytester has it
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, python_path))}
        return warm_python.start(
            command,
            cwd=Path.cwd(),
            env=env,
            stdout=options["stdout"],
            stderr=options["stderr"],
        )

    monkeypatch.setattr(pytester, "popen", popen)


@pytest.fixture
def cold_child_runs(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, light_child_runs: None
) -> None:
    """Let them start anew after all: the test is about what is imported, and when."""
    monkeypatch.delattr(pytester, "popen")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of the documented decisions were checked.

    Counted from the reports, which under pytest-xdist come from the workers.
    """
    passed = (_DECISION.search(report.nodeid) for report in terminalreporter.getreports("passed"))
    ids = {found["id"] for found in passed if found}
    if ids:
        terminalreporter.write_line(f"decisions of docs/MIGRATIONS.md checked: {len(ids)}")
