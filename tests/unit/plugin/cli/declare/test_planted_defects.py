"""A history that is what it is goes green by one command, and needs each thing that it declares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.checks.atomic import ATOMIC
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.cli.declare.gathering import gather
from pytest_pmd_migrations.cli.declare.proposals import Proposals, history_with
from pytest_pmd_migrations.cli.declare.rounds import propose
from pytest_pmd_migrations.cli.project import load_declaring
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder

from tests.unit.plugin.cli.conftest import Project
from tests.unit.plugin.cli.declare.defects import (
    DEFECTS,
    store_variants,
    write_history,
)

PYTEST = "from pytest import console_main; console_main()"
CHECKS = [check for check in all_checks() if check is not ATOMIC]


@pytest.fixture
def planted(project: Callable[..., Project]) -> Project:
    """The project with the planted defects, released, and the stored databases that show them."""
    made = project()
    write_history(made.path)
    for command in ("snapshot", "release"):
        code, text = made.run(command)
        assert code == 0, text
    store_variants(made.snapshots)
    return made


def named(proposals: Proposals) -> set[tuple[int, str]]:
    steps = {(p.version, f"{p.kind} {p.name}".rstrip()) for p in proposals.of_steps.values()}
    stored = {(s.snapshot.version, s.what) for s in proposals.of_snapshots.values()}
    return steps | stored


def without(proposals: Proposals, one: object) -> Proposals:
    steps = {key: found for key, found in proposals.of_steps.items() if found != one}
    snapshots = {key: found for key, found in proposals.of_snapshots.items() if found != one}
    return replace(proposals, of_steps=steps, of_snapshots=snapshots)


def of_variants(history: History, folder: Path) -> History:
    """The history with no stored databases but the variants: they show every defect, and sooner."""
    folder.mkdir()
    for file in history.store.folder.path.iterdir():
        if "+" in file.name or file.suffix == ".toml":
            (folder / file.name).write_bytes(file.read_bytes())
    store = Store(SnapshotFolder(folder), history.application)
    return History(history.application, store, history.rules)


def test_everything_planted_is_proposed_and_each_proposal_is_needed(
    planted: Project, tmp_path: Path
) -> None:
    [history], _ = load_declaring("")
    found = propose(history, CHECKS)
    assert (named(found.proposals), found.others, found.declared) == (DEFECTS, (), ())
    lean = of_variants(history, tmp_path / "variants")
    for one in found.proposals.of_steps.values():
        left = without(found.proposals, one)
        readers = [check for check in CHECKS if one.kind in check.reads]
        again = gather(history_with(lean, left), readers)
        assert named(again.proposals) == named(found.proposals) - named(left)
    for said in found.proposals.of_snapshots.values():
        left = without(found.proposals, said)
        again = gather(history_with(lean, left), [DATA])
        assert named(again.proposals) == named(found.proposals) - named(left)


def test_one_command_makes_the_matrix_green(planted: Project) -> None:
    before = planted.all_files()
    code, text, errors = planted.run_apart("declare", "--write")
    assert (code, errors) == (0, "")
    assert text == (
        "wrote    library/0002_tidy.py  3 declarations\n"
        "wrote    library/0004_rebuild.py  3 declarations\n"
        "wrote    rows.toml  8 declarations\n"
        "released 0002, 0004: frozen notes that the text changed since release, what\n"
        "  it does did not; check says nothing of it\n"
    )
    changed = {path for path, _ in planted.all_files() - before}
    assert {path.name for path in changed} == {"0002_tidy.py", "0004_rebuild.py", "rows.toml"}
    arguments = ("--migration-matrix", f"--migration-checks={','.join(one.name for one in CHECKS)}")
    run = planted.python.run(sys.executable, "-c", PYTEST, *arguments, cwd=planted.path)
    assert run.returncode == 0, run.stdout
    section = run.stdout.partition("= migration matrix =")[2].splitlines()[1:-1]
    assert [re.sub(r" in [\d.]+s", "", line) for line in section] == [
        "note 0001+rows, +stale: its file is not in frozen.toml yet",
        "  pmd-migrations snapshot",
        "note 0002, 0004: its text changed since release, what it does did not",
        "9 snapshots, 6 migrations: 28 ok, 2 none",
    ]
