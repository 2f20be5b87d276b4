"""Whole pytest runs on the small applications under fixtures/projects."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.warm_python import NOTHING_IS_LONG

PROJECTS = Path(__file__).parents[2] / "fixtures/projects"
SLOW = {
    # What only the full set of faults finds, seconds a step: of the step that matters.
    "read-before-begin": ("migrations::0002[atomic]",),
    "unsynced": ("migrations::0002[atomic]",),
}

WITHOUT_FAULTS = {
    "broken-statement",
    "column-order",
    "declared-deletion",
    "doubled-rows",
    "dropped-column",
    "edited-update",
    "leftover-index",
    "mislabelled-snapshot",
    "missing-snapshot",
    "renamed-table",
    "text-only-edit",
}
"""Applications whose fault is in rows, schemas or files: the others show what `atomic` finds."""
NO_FAULTS = "--migration-checks=schema,data,statements,again,frozen"
"""Every check but `atomic`, which looks at no schema and no row, and takes the longest."""

_DROPPED = re.compile(
    r"^(platform|rootdir|configfile|plugins|cachedir|testpaths)\b.*\n", re.MULTILINE
)
_CLOSING = re.compile(r"^=+ (.* in 0\.00s) =+$", re.MULTILINE)
_FAULTS = re.compile(r"^\d+ of \d+ faults: .*?\n\n", re.MULTILINE | re.DOTALL)
_REPLACED = [
    (re.compile(r"\b\d+\.\d\ds\b( \(\d+:\d\d:\d\d\))?"), "0.00s"),
    (re.compile(r"SQLite \d+\.\d+\.\d+"), "SQLite 3"),
    (re.compile(r" +$", re.MULTILINE), ""),
]


@dataclass(frozen=True)
class Application:
    """A private copy of one small application, in the folder the test runs in."""

    pytester: pytest.Pytester

    @property
    def path(self) -> Path:
        return self.pytester.path

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*arguments)

    def matrix(self, *arguments: str) -> pytest.RunResult:
        return self.run("--migration-matrix", *arguments)


@dataclass(frozen=True)
class Finished:
    """One run of an application's whole matrix, to be looked at only: several tests share it."""

    path: Path
    """The application's folder, as the run left it."""
    result: pytest.RunResult
    before: dict[Path, bytes]
    """Each file of the application and what it held before the run."""


def _closing_rule(found: re.Match[str]) -> str:
    """Return the last line as pytest fills it where the run took less than ten seconds."""
    fill = "=" * ((80 - len(found[1]) - 2) // 2)
    return f"{fill} {found[1]} {fill}".ljust(80, "=")


def _faults(found: re.Match[str]) -> str:
    """Return the counts of faults without their numbers: SQLite's versions tick differently."""
    return re.sub(r"\d+", "N", " ".join(found[0].split())) + "\n\n"


_LONG = r"\nmigrations::\S+ takes about [^\n]*\n"
_LONG_CELL = re.compile(_LONG)
_PROGRESS = re.compile(rf"(?m)^migrations [.FsxE]+(?:{_LONG}[.FsxE]+)+ +\[")
_WIDTH = 73


def _on_one_line(progress: re.Match[str]) -> str:
    """Return the outcomes of a run without the lines on cells that took long on this machine."""
    outcomes = _LONG_CELL.sub("", progress[0])
    if outcomes == progress[0]:
        return outcomes
    said, _, percent = outcomes.partition("[")
    return f"{said.rstrip():<{_WIDTH}}[{percent}"


def plain(result: pytest.RunResult) -> str:
    """What a run printed, without what differs from machine to machine."""
    text = _PROGRESS.sub(_on_one_line, result.stdout.str())
    text = _DROPPED.sub("", text)
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    text = _CLOSING.sub(_closing_rule, text)
    text = _FAULTS.sub(_faults, text)
    return text.strip() + "\n"


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch, light_child_runs: None) -> None:
    """Let a run print the same wherever it runs."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv(NOTHING_IS_LONG, "1")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)


@pytest.fixture
def application(pytester: pytest.Pytester, plain_environment: None) -> Callable[[str], Application]:
    """Copy the application of that name and return it."""

    def copy(case: str) -> Application:
        shutil.copytree(PROJECTS / case, pytester.path, dirs_exist_ok=True)
        return Application(pytester)

    return copy


@pytest.fixture(scope="session")
def finished_runs() -> dict[str, Finished]:
    """What `finished` has run in this session, by the name of the application."""
    return {}


@pytest.fixture
def finished(
    pytester: pytest.Pytester,
    plain_environment: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    finished_runs: dict[str, Finished],
) -> Callable[[str], Finished]:
    """Run the matrix of the application of that name, if no test has yet, and return the run."""

    def finish(case: str) -> Finished:
        if case not in finished_runs:
            folder = tmp_path_factory.mktemp(case)
            shutil.copytree(PROJECTS / case, folder, dirs_exist_ok=True)
            before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            usual = ("-m", "migration", *[NO_FAULTS] * (case in WITHOUT_FAULTS))
            arguments = SLOW.get(case, usual)
            with monkeypatch.context() as patch:
                patch.chdir(folder)
                result = pytester.runpytest_subprocess("--migration-matrix", *arguments)
            finished_runs[case] = Finished(folder, result, before)
        return finished_runs[case]

    return finish
