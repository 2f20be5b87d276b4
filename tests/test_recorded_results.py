"""What `python -m tests.recorded_results` writes down, and what it leaves out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.recorded_results.project import SNAPSHOT, Project, Variant, steps
from tests.recorded_results.projects import all_projects
from tests.recorded_results.recording import ROOT, Recorder, masked
from tests.warm_python import WarmPython

LOSING = Project(
    "losing",
    (
        steps("CREATE TABLE t(a);"),
        SNAPSHOT,
        Variant("0001+rows", "DELETE FROM t; INSERT INTO t VALUES (1), (2);"),
        SNAPSHOT,
        steps("DELETE FROM t WHERE a = 1;", first=2),
    ),
    runs=(("--migration-matrix", "--migration-checks=data"),),
    commands=("check",),
)


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm_python: WarmPython) -> str:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    Recorder(warm_python, tmp_path, tmp_path).record(LOSING)
    return (tmp_path / "losing.txt").read_text(encoding="utf-8")


def test_every_cell_every_stored_byte_and_every_answer_is_recorded(recorded: str) -> None:
    assert "$ pmd-migrations snapshot\n" in recorded
    digests = [line for line in recorded.splitlines() if line.endswith("  0001+rows.db")]
    assert len(digests) == 1
    assert len(bytes.fromhex(digests[0].split()[0])) == hashlib.sha256().digest_size
    assert "## migrations::0001+rows..0002[data] failed\n0002_step.sql: t lost" in recorded
    assert '\n "status": "FAIL",\n' in recorded
    assert recorded.count("# exit code 1\n") == 2
    assert str(ROOT) not in recorded


def test_durations_and_folders_are_masked_and_nothing_else(tmp_path: Path) -> None:
    text = (
        f"rootdir: {tmp_path}\n{tmp_path}/a.sql: 3 rows\n{'=' * 9} 1 passed in 12.34s {'=' * 9}\n"
    )
    assert masked(text, tmp_path) == "FOLDER/a.sql: 3 rows\n== 1 passed in SECONDS =="


def test_each_project_has_a_name_of_its_own() -> None:
    names = [project.name for project in all_projects()]
    assert len(names) == len({*names})
    assert {name[5] for name in names if name.startswith("case-")} == {
        *"abcdefghijklmnopqrstuvwxyz"
    }
