"""A run on GitHub: the job's summary is written, and causes are pointed to in the log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_pmd_migrations.cli import main

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


def test_of_twelve_causes_nine_are_pointed_to_and_the_tenth_line_says_where_the_rest_is(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, on_github: Path
) -> None:
    project = pytester.path / "many"
    (project / "sql").mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmigration_source = "sql"\nmigration_snapshots = "stored"\n'
    )
    tables = [f"t{number}" for number in range(2, 14)]
    (project / "sql/0001_tables.sql").write_text(
        "".join(f"CREATE TABLE {name}(a);\nINSERT INTO {name} VALUES (1);\n" for name in tables)
    )
    for number, name in enumerate(tables, 2):
        (project / f"sql/{number:04}_empty.sql").write_text(f"DELETE FROM {name};\n")
    monkeypatch.chdir(project)
    assert CliRunner().invoke(main, ["snapshot"]).exit_code == 0
    matrix = ("--migration-matrix", "-q", "--tb=no", "--migration-checks=data")

    def pointed(summary: Path | str) -> list[str]:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        run = pytester.runpytest_subprocess(*matrix)
        return [line for line in run.outlines if "::error" in line]

    causes = pointed(on_github)
    assert len(causes) == 10
    assert [line.rpartition("::")[2] for line in causes[:2]] == [
        "0002_empty.sql: t2 lost 1 of 1 row",
        "0003_empty.sql: t3 lost 1 of 1 row",
    ]
    assert causes[-1] == "::error title=migrations::3 more: see the summary of this job"
    assert "### 0013&#95;empty&#46;sql&#58; t13 lost 1 of 1 row" in on_github.read_text()
    (last,) = pointed("gone/a.md")[-1:]
    assert last == "::error title=migrations::3 more: see the log of this step"
