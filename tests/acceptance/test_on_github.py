"""A run on GitHub: the job's summary is written, and causes are pointed to in the log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "fixtures/projects/edited-history"
CAUSES = [
    "::error file=app/migrations/0001_initial_schema.py,line=7,"
    f"title=migrations%3A%3A0001{cell}::0001{headline}"
    for cell, headline in (
        ("..0002[schema]", " upgraded to 0002: 1 difference from fresh 0002"),
        ("[frozen]", "_initial_schema.py was edited after release"),
    )
]


@pytest.fixture
def on_github(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, light_child_runs: None
) -> Path:
    """A run in a job, whose step has written a line into its summary before."""
    shutil.copytree(PROJECT, pytester.path / "repository/part")
    shutil.move(pytester.path / "repository/part/app", pytester.path / "repository/app")
    settings = pytester.path / "repository/part/pyproject.toml"
    settings.write_text(settings.read_text() + 'pythonpath = [".."]\n')
    summary = pytester.path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path / "repository"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.chdir(pytester.path / "repository/part")
    return summary


def test_the_controller_appends_the_summary_once_and_points_to_causes(
    pytester: pytest.Pytester, on_github: Path
) -> None:
    run = pytester.runpytest_subprocess("--migration-matrix", "-q", "-n", "2")
    assert run.ret == 1
    assert [line for line in run.outlines if "::error" in line] == CAUSES
    text = on_github.read_text()
    assert text.startswith("before\n## Migration matrix\n\n2 failed, 8 ok in ")
    assert text.count("## Migration matrix") == 1
    assert "| <code>0001</code> | **FAIL** | ok |  |" in text
    assert "### 0001&#95;initial&#95;schema&#46;py was edited after release" in text
    assert '```mermaid\nerDiagram\n    "source_collections" {\n' in text


def test_a_summary_that_cannot_be_written_is_one_line_and_changes_nothing_else(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, on_github: Path
) -> None:
    matrix = ("--migration-matrix", "-q", "--tb=no", "--migration-checks=data")
    written = pytester.runpytest_subprocess(*matrix)
    for name, why in (("gone/a.md", "No such file or directory"), (".", "it is no file")):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", name)
        run = pytester.runpytest_subprocess(*matrix)
        assert run.ret == written.ret == 0
        warning = f"warning: no summary for GitHub: {name}: {why} (GITHUB_STEP_SUMMARY)"
        assert run.outlines.count(warning) == 1
        assert len(run.outlines) == len(written.outlines) + 1
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(on_github))
    on_github.write_text("x" * 2**20)
    pytester.runpytest_subprocess(*matrix)
    assert on_github.stat().st_size == 2**20
