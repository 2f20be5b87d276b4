"""How tests run pytest and the command in processes of their own, and what a run ends with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.warm_python import Run, WarmPython, can_run

_DECISION = re.compile(r"/test_decisions\.py::test_decision\[(?P<id>.+)\]$")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the test modules compiled, also where the environment forbids it.

    pytest rewrites their asserts, which takes half of the collection, in each worker again.
    """
    forbidden = sys.dont_write_bytecode
    sys.dont_write_bytecode = False
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = forbidden


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
            command, env=env, stdout=options["stdout"], stderr=options["stderr"]
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
