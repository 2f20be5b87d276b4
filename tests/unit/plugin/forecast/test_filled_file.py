"""The copy of a filled file, on which an upgrade is measured."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytest_pmd_migrations.forecast.filled_file import copied_file


def test_a_large_copy_is_given_once_the_disk_rests_and_a_small_one_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    path = tmp_path / "filled.db"
    for size, expected in ((16_000_000, []), (16_000_001, [0.05])):
        path.write_bytes(b"x" * size)
        with copied_file(path) as copy:
            assert copy.read_bytes() == path.read_bytes()
            assert rests == expected
            copy.with_name(f"{copy.name}-wal").touch()
        assert [one.name for one in tmp_path.iterdir()] == ["filled.db"]
