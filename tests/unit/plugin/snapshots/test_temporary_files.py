"""What a killed run left is removed by the next one; what is alive, or not ours, stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.snapshots.temporary_files import owned_file, remove_dead_files
from pytest_pmd_migrations.snapshots.write import replace_file

HOLD = """
import sys
from pathlib import Path

from pytest_pmd_migrations.snapshots.temporary_files import owned_file

with owned_file(Path(sys.argv[1]) / "0001.db", b"half"):
    print("held", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_goes_and_what_a_living_one_holds_stays(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        (held,) = names(tmp_path)
        assert remove_dead_files(tmp_path) == []
        assert names(tmp_path) == [held]
        process.send_signal(signal.SIGKILL)
    assert names(tmp_path) == [held]
    assert remove_dead_files(tmp_path) == [held]
    assert names(tmp_path) == []


def test_files_of_others_stay(tmp_path: Path) -> None:
    """Those of an editor, of another program, of a run that is at work, and one's own."""
    mine = (".0001.db.original", "0001.db", ".pmd-migrations", ".x.pmd-migrations")
    for name in (".0001.db.swp", *mine):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".0001.db.abcdefgh.pmd-migrations").symlink_to(tmp_path / "0001.db")
    with owned_file(tmp_path / "0001.db", b""):
        before = names(tmp_path)
        assert remove_dead_files(tmp_path) == []
        assert names(tmp_path) == before


def test_a_file_is_replaced_whole_and_nothing_is_left(tmp_path: Path) -> None:
    replace_file(tmp_path / "0001.db", b"whole")
    assert (tmp_path / "0001.db").read_bytes() == b"whole"
    (tmp_path / "folder").mkdir()
    with pytest.raises(SnapshotError, match="cannot be written"):
        replace_file(tmp_path / "folder", b"whole")
    assert names(tmp_path) == ["0001.db", "folder"]
