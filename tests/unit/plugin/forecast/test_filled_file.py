"""The copy of a filled file, on which an upgrade is measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_pmd_migrations.forecast.filled_file import copied_file


def test_a_copy_is_given_whole_on_a_disk_that_was_just_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "filled.db"
    path.write_bytes(b"x" * 100_000)
    written: list[str] = []
    fsync = os.fsync

    def note(file: int) -> None:
        number = os.fstat(file).st_ino
        written.extend(one.name for one in tmp_path.iterdir() if one.stat().st_ino == number)
        fsync(file)

    monkeypatch.setattr(os, "fsync", note)
    with copied_file(path) as copy:
        assert copy.read_bytes() == path.read_bytes()
        assert written == [copy.name, *["awake"] * 10]
        assert sorted(one.name for one in tmp_path.iterdir()) == sorted([copy.name, path.name])
        copy.with_name(f"{copy.name}-wal").touch()
    assert [one.name for one in tmp_path.iterdir()] == ["filled.db"]
