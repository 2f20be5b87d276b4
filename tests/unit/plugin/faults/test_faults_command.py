"""`python -m pytest_pmd_migrations.faults`, as it is run in an application's folder."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parents[4] / "fixtures/projects"


@pytest.fixture
def run(tmp_path, warm_python):
    def command(case, *arguments):
        shutil.copytree(PROJECTS / case, tmp_path, dirs_exist_ok=True)
        module = ("-m", "pytest_pmd_migrations.faults")
        return warm_python.run(sys.executable, *module, *arguments, cwd=tmp_path)

    return command


def test_counts_by_kind_the_agreement_of_kills_and_a_digest(run):
    done = run("downstream", "app.migrations", "fixtures/snapshots", "--kinds", "crash,kill")
    assert done.returncode == 0, done.stderr
    crash, kill, total = (
        re.search(rf"^{name} +(\d+)  ", done.stdout, re.MULTILINE)
        for name in ("crash", "kill", "all")
    )
    assert int(crash[1]) > 0
    assert int(total[1]) == int(crash[1]) + int(kill[1])
    assert f"{kill[1]} of {kill[1]} real kills agree" in done.stdout
    assert re.search(r"digest of all points and verdicts: [0-9a-f]{16}$", done.stdout, re.MULTILINE)


def test_lists_every_point_of_one_snapshot(run):
    chosen = ("--kinds", "deny", "--only", "0001", "--list")
    done = run("downstream", "app.migrations", "fixtures/snapshots", *chosen)
    listed = [line for line in done.stdout.splitlines() if line.startswith("0001 ")]
    assert f"all         {len(listed):>7}  0 broken" in done.stdout
    assert {line.split()[1] for line in listed} == {"rollback", "wal"}


def test_tells_what_is_broken_and_exits_1(run):
    done = run("plan-runner", "app.source:Notes", "fixtures/snapshots", "--kinds", "crash")
    assert done.returncode == 1, done.stderr
    assert re.search(r"^(torn|wedged|wrong|lost) by crash$", done.stdout, re.MULTILINE)
    assert re.search(r"^all +\d+  [1-9]\d* broken$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["app.migrations", "fixtures/snapshots", "--kinds", "crush"],
            "--kinds: there is no 'crush'",
        ),
        (["app.migrations", "fixtures/snapshots", "--only", "0099"], "--only: there is no '0099'"),
        (["app.migrations", "fixtures/snapshots", "--only", "0003"], "is at the latest version"),
        (["app.migrations", "nowhere"], "no snapshot in nowhere"),
        (["app.migration", "fixtures/snapshots"], "app.migration"),
    ],
)
def test_never_good_for_nothing_tried(run, arguments, says):
    done = run("downstream", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
