"""What the terminal shows of a failing run: one line a failure, without colours, narrow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "fixtures/projects/edited-history"
ESCAPE = "\x1b["


@pytest.fixture
def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, light_child_runs: None
) -> pytest.Pytester:
    shutil.copytree(PROJECT, pytester.path, dirs_exist_ok=True)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    return pytester


def test_one_line_a_failure_and_words_that_need_no_colour(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = ("--migration-matrix", "--migration-checks=schema,frozen", "-q")
    lines = run.runpytest_subprocess(*matrix, "--tb=line").outlines
    assert "\n".join(lines).count(" was edited after release\n") == 1
    place = f"{run.path}/app/migrations/0001_initial_schema.py:7: "
    begin = lines.index(
        "=================================== FAILURES ==================================="
    )
    assert lines[begin + 1 : begin + 4] == [
        f"{place}0001 upgraded to 0002: 1 difference from fresh 0002",
        f"{place}0001_initial_schema.py was edited after release",
        "=============================== migration matrix ===============================",
    ]
    plain = run.runpytest_subprocess(*matrix, "--tb=no", "--color=no").stdout.str()
    assert "=== FAILURES ===" not in plain
    assert ESCAPE not in plain
    assert f"{ESCAPE}31m" in run.runpytest_subprocess(*matrix, "--color=yes").stdout.str()
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE not in run.runpytest_subprocess(*matrix).stdout.str()


def test_the_controllers_terminal_is_the_one_that_workers_write_for(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = run.runpytest_subprocess(
        "--migration-matrix", "--migration-checks=frozen", "-n", "1"
    ).outlines
    begin = lines.index("0001_initial_schema.py was edited after release")
    assert lines[begin + 1 : begin + 13] == [
        "",
        "  released; what it builds now differs from the stored 0001:",
        "  only in stored",
        "    table collections (2 columns)",
        "  only in stored",
        "    table path_contexts (5 columns, 1",
        "    index)",
        "  only in fresh now",
        "    table source_collections (2",
        "    columns)",
        "",
        "Undo the edit and put the change into a new migration:",
    ]
