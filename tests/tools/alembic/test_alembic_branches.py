"""Branches and a merge in Alembic, and a revision that is put into a branch after a release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools.alembic.branch import BRANCH, write
from tests.tools.tried_project import PRECIOUS, TriedProject

pytest.importorskip("alembic", reason="Alembic is not installed in this environment")

NOTES = Path(__file__).parent / "projects/notes"
NO_ATOMIC = "--migration-checks=schema,data,again,frozen"
ORDER = [
    "9c1f0a77b2d4",
    "4be2c19d0f63",
    "aa01",
    "d07a5e6613c8",
    "aa02",
    "1a88f2b94e07",
    "73d5cc0b8a1e",
    "e6f39042d7b5",
    "aa03",
]


def locked(project: TriedProject) -> list[str]:
    """Return the ids of the lock file in the order of their numbers."""
    text = (project.path / "fixtures/snapshots/frozen.toml").read_text("utf-8")
    return re.findall(r'^id = "(.*)"$', text, re.MULTILINE)


@pytest.fixture
def branched(tmp_path: Path) -> TriedProject:
    """The six steps and a branch beside them, merged; all released."""
    project = TriedProject(NOTES, tmp_path, files=(PRECIOUS, "notes.db"))
    for revision in BRANCH:
        write(project, *revision)
    return project.released()


def test_a_revision_put_into_an_older_branch_moves_no_released_one(branched: TriedProject) -> None:
    assert locked(branched) == ORDER
    good = branched.matrix(NO_ATOMIC)
    assert good.code == 0, good.text
    write(branched, "bb01", "'9c1f0a77b2d4'", None, "2024-01-15", 'op.execute("CREATE TABLE b(a)")')
    noted = branched.matrix(NO_ATOMIC)
    assert noted.code == 0, noted.text
    assert "note 0010 bb01: no snapshot yet" in noted.text
    stored = branched.run("pmd-migrations", "snapshot")
    assert stored.code == 0, stored.text
    assert locked(branched) == [*ORDER, "bb01"]
    # It has two heads now, and all of them are the target.
    good = branched.matrix(NO_ATOMIC)
    assert good.code == 0, good.text
    assert "10 snapshots, 10 migrations: 40 ok" in good.text


def test_a_revision_put_below_a_released_one_is_refused(branched: TriedProject) -> None:
    write(branched, "bb02", "'aa01'", None, "2024-02-25", "pass")
    branched.edit("alembic/versions/aa02.py", "down_revision = 'aa01'", "down_revision = 'bb02'")
    refused = branched.matrix(NO_ATOMIC)
    assert refused.code == 4
    assert (
        "bb02.py comes before aa02, which frozen.toml has as 0005: a database that has aa02 counts"
        " bb02 as applied and never runs it. Let it come after the released ones: down_revision ="
        " 'aa03'"
    ) in refused.text


def test_a_revision_that_is_gone_is_told_as_removed(branched: TriedProject) -> None:
    (branched.path / "alembic/versions/aa03.py").unlink()
    told = branched.matrix(NO_ATOMIC)
    assert told.code == 1, told.text
    assert "aa03" in told.text
    assert "KeyError" not in told.text
    assert "INTERNALERROR" not in told.text
