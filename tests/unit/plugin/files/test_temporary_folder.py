"""Temporary folders: where they are made, and that none is left, whatever ends the process."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import TemporaryFolderError
from pytest_pmd_migrations.faults.child_process import child_doing
from pytest_pmd_migrations.files import temporary_folder
from pytest_pmd_migrations.files.temporary_folder import (
    PREFIX,
    TemporaryFolder,
    folders_within,
    told_full,
)
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image

from tests.full_disk import full_disk

FULL = Path("/dev/full")
NO_ROOM = (
    "the temporary folder {} cannot be written: {}; expected room for copies of the databases."
    " Make room there, or name another folder: TMPDIR=..."
)

LIVES = """
import signal, sys, time
# Under nohup it would be ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
kept = TemporaryFolder()
(kept.path / "large").write_bytes(bytes(1000))
print(kept.path, flush=True)
sys.stdin.read()
"""

OUTLIVED = """
import os
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that TMPDIR names, in which nothing was looked for yet."""
    folder = tmp_path / "there"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    monkeypatch.undo()
    temporary_folder._State.swept -= {folder}


def living(there: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that has a folder, and wait until it has."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIVES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def test_a_folder_is_made_where_tmpdir_says_and_goes_with_its_block(there: Path) -> None:
    for in_memory in (False, True):
        with TemporaryFolder(in_memory=in_memory) as folder:
            (folder / "file").write_text("")
            assert folder.parent == there
            assert folder.name.startswith(PREFIX)
        assert not list(there.iterdir())


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no files in memory here")
def test_one_in_memory_is_on_a_disk_where_memory_has_no_room(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR")
    with TemporaryFolder(in_memory=True) as folder:
        assert folder.parent == Path("/dev/shm")
    full = type(shutil.disk_usage("/"))(100, 100, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with TemporaryFolder(in_memory=True) as folder:
        assert folder.parent == Path(tempfile.gettempdir())


def test_a_folder_that_is_forgotten_goes(there: Path) -> None:
    kept = TemporaryFolder()
    assert list(there.iterdir()) == [kept.path]
    del kept
    assert not list(there.iterdir())


def test_a_child_does_not_remove_what_is_its_parents(there: Path) -> None:
    with TemporaryFolder() as folder:
        kept = [TemporaryFolder()]
        with child_doing(lambda tell: tell("dropped", kept.clear())) as child:
            assert child.read(10)[0] == "dropped"
        assert kept[0].path.is_dir()
        assert folder.is_dir()
        kept.clear()


def test_folders_are_made_within_another(there: Path) -> None:
    with TemporaryFolder() as outer, folders_within(outer):
        with TemporaryFolder(in_memory=True) as inner:
            assert inner.parent == outer
            (inner / "folder").mkdir()
            (inner / "folder" / "file").write_text("")
        assert not inner.exists()
        left = TemporaryFolder()
        assert left.path.parent == outer
        # A process of the same number was killed there.
        *_, number = left.path.name.split("-")
        taken = left.path.with_name(f"{os.getpid()}-{int(number) + 1}")
        taken.mkdir()
        with TemporaryFolder() as another:
            assert another not in (taken, left.path)
            assert another.parent == outer
    assert not list(there.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_process_leaves_none(there: Path, number: signal.Signals) -> None:
    process, folder = living(there)
    assert folder.is_dir()
    process.send_signal(number)
    assert end(process) == -number
    assert not list(there.iterdir())


def test_the_end_of_the_process_leaves_none(there: Path) -> None:
    process, folder = living(there)
    assert folder.is_dir()
    assert end(process) == 0
    assert not list(there.iterdir())


def test_what_a_killed_process_left_goes_with_the_next_folder(there: Path) -> None:
    dead, left = living(there)
    dead.kill()
    end(dead)
    alive, used = living(there)
    assert used.is_dir()
    assert not left.exists(), "the second process makes a folder, and removes that of the first"
    strange = there / f"{PREFIX}link"
    strange.symlink_to(used)
    (there / "of-somebody-else").mkdir()
    with TemporaryFolder():
        pass
    assert {path.name for path in there.iterdir()} == {used.name, strange.name, "of-somebody-else"}
    end(alive)
    assert not used.exists()


def test_a_folder_lives_as_long_as_a_child_that_has_it(there: Path) -> None:
    """A child that outlives its parent by a moment still writes into it."""
    code = LIVES.replace("sys.stdin.read()", OUTLIVED)
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    used = Path(parent.stdout.readline().strip())
    assert parent.wait() == -signal.SIGKILL
    with TemporaryFolder():
        pass
    assert used.is_dir()
    parent.communicate()
    temporary_folder._State.swept -= {there}
    with TemporaryFolder():
        assert not used.exists()


def test_a_handler_of_the_applications_is_left_alone(there: Path) -> None:
    def own(*_: object) -> None:
        return

    before = signal.signal(signal.SIGTERM, own)
    try:
        with TemporaryFolder():
            assert signal.getsignal(signal.SIGTERM) is own
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_folder_that_cannot_be_made_is_one_line_with_what_to_do(there: Path) -> None:
    TemporaryFolder().remove()
    there.rmdir()
    with pytest.raises(TemporaryFolderError) as caught:
        TemporaryFolder()
    assert str(caught.value) == NO_ROOM.format(there, "No such file or directory")


def test_a_copy_for_which_there_is_no_room_is_one_line_with_what_to_do(there: Path) -> None:
    image = Image(b"SQLite format 3\x00" + bytes(MEMORY_LIMIT))
    with full_disk(MEMORY_LIMIT // 2):
        with pytest.raises(TemporaryFolderError) as caught:
            image.connect()
        with (
            TemporaryFolder() as folder,
            pytest.raises(TemporaryFolderError) as by_sqlite,
            told_full(folder),
            closing(sqlite3.connect(folder / "a.db")) as conn,
        ):
            conn.execute("CREATE TABLE t AS SELECT zeroblob(?)", (MEMORY_LIMIT,))
    assert str(caught.value) == NO_ROOM.format(there, "File too large")
    assert str(by_sqlite.value) == NO_ROOM.format(there, "disk I/O error")
    assert [*there.iterdir()] == []


@pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")
def test_a_full_disk_is_named_as_that(there: Path) -> None:
    def write() -> object:
        return FULL.write_bytes(b"x")

    def insert() -> object:
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.execute("PRAGMA max_page_count = 2")
            return conn.execute("CREATE TABLE t AS SELECT zeroblob(99999)")

    begun = "the temporary folder {} cannot be written: {}"
    told = NO_ROOM.replace(begun, "the disk of {} is full")
    for fill in (write, insert):
        with (
            TemporaryFolder() as folder,
            pytest.raises(TemporaryFolderError) as caught,
            told_full(folder),
        ):
            fill()
        assert str(caught.value) == told.format(there)
    assert [*there.iterdir()] == []
