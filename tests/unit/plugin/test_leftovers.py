"""What a killed run left is removed by the next one; what is alive, or not ours, stays."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.leftovers import (
    ScratchFolder,
    owned_file,
    remove_dead_files,
    remove_dead_folders,
)

HOLD = """
import sys
from pathlib import Path

from pytest_pmd_migrations.leftovers import ScratchFolder, owned_file

folder = ScratchFolder()
(Path(folder.name) / "main.db").write_bytes(b"half")
with owned_file(Path(sys.argv[1]) / "0001.db", b"half"):
    print("held", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of TMPDIR, this process's own and that of its children."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def holder(tmp_path: Path, temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a scratch folder and a temporary file beside 0001.db."""
    (tmp_path / "snapshots").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "snapshots")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_what_a_killed_process_left_goes_and_what_a_living_one_holds_stays(
    tmp_path: Path, temporary: Path, holder: subprocess.Popen[str]
) -> None:
    snapshots = tmp_path / "snapshots"
    (held,) = names(snapshots)
    remove_dead_folders()
    assert remove_dead_files(snapshots) == []
    assert (len(names(temporary)), names(snapshots)) == (1, [held])
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (len(names(temporary)), names(snapshots)) == (1, [held])
    remove_dead_folders()
    assert remove_dead_files(snapshots) == [held]
    assert (names(temporary), names(snapshots)) == ([], [])


def test_files_of_others_stay(tmp_path: Path, temporary: Path) -> None:
    """Those of an editor, of another program, of a run that is at work, and one's own."""
    kept = (".0001.db.swp", ".0001.db.original", "0001.db", ".pmd-migrations", ".x.pmd-migrations")
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".0001.db.abcdefgh.pmd-migrations").symlink_to(tmp_path / "0001.db")
    (temporary / "pmd-migrations-mine").mkdir()
    with owned_file(tmp_path / "0001.db", b""), ScratchFolder() as scratch:
        before = names(tmp_path), names(temporary)
        assert remove_dead_files(tmp_path) == []
        remove_dead_folders()
        assert (names(tmp_path), names(temporary)) == before
        assert Path(scratch).is_dir()


def test_nothing_is_left_where_all_goes_well(tmp_path: Path, temporary: Path) -> None:
    with owned_file(tmp_path / "0001.db", b"whole") as path:
        path.replace(tmp_path / "0001.db")
    assert (tmp_path / "0001.db").read_bytes() == b"whole"
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f"CREATE TABLE t AS SELECT zeroblob({MEMORY_LIMIT}) AS content")
        large = Image.of_connection(conn)
    with closing(large.connect()):
        assert len(names(temporary)) == 1
    assert names(temporary) == []
    assert names(tmp_path) == ["0001.db", "temporary"]
