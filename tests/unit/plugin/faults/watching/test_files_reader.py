"""The files of a database at moments of a run are read where somebody wrote, and only there."""

from __future__ import annotations

import os
import time

from pytest_pmd_migrations.faults.database_files import DatabaseFiles, KeptFiles


def test_whatever_is_written_between_two_looks_is_seen_and_equal_files_are_one(tmp_path) -> None:
    path, journal = tmp_path / "app.db", tmp_path / "app.db-journal"
    files = KeptFiles(path)
    assert files.read() == DatabaseFiles(b"")
    # All within one tick of the clock.
    now = time.time_ns()
    for number in range(200):
        with path.open("wb") as file:
            file.write(b"%03d" % number)
        os.utime(path, ns=(now, now))
        first = files.read()
        assert first.database == b"%03d" % number
        assert files.read() is first
    journal.write_bytes(b"log")
    assert files.read() == DatabaseFiles(b"199", b"log")
    journal.unlink()
    assert files.read() == DatabaseFiles(b"199")
    before = files.read()
    path.write_bytes(b"199")
    assert files.read() is before
    beside = tmp_path / "new.db"
    beside.write_bytes(b"200")
    assert files.read() is before
    assert sorted(files.names) == ["app.db", "new.db"]
    os.utime(beside, ns=(0, 0))
    beside.replace(path)
    assert files.read() == DatabaseFiles(b"200")
    assert files.names == ["app.db"]
    database = files.read().database
    journal.write_bytes(b"log")
    assert files.read() == DatabaseFiles(b"200", b"log")
    assert files.read().database is database
    path.unlink()
    assert files.read() == DatabaseFiles(b"", b"log")
