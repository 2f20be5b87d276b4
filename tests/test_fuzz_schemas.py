"""Histories drawn by chance are green; ``python -m tests.fuzz_schemas`` tries many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz_schemas import find_red
from tests.random_histories.histories import random_history

HAS = ("fts5", "VIEW", "TRIGGER", "STORED", " WHERE ", "WITHOUT ROWID", "STRICT", "REFERENCES")


@pytest.mark.parametrize("seed", range(2))
def test_a_history_that_keeps_all_rows_is_green(tmp_path: Path, seed: int) -> None:
    scripts = random_history(seed)
    assert random_history(seed) == scripts
    assert find_red(tmp_path, scripts, without=["atomic"]) == []


def test_what_is_red_is_found(tmp_path: Path) -> None:
    scripts = ["CREATE TABLE t(a); CREATE TABLE u(a);", "DROP TABLE t;"]
    [found] = find_red(tmp_path, scripts, without=["atomic"])
    assert found.startswith("0001[data]\n0002_step.sql: table t is gone")


def test_the_histories_have_what_schemas_have() -> None:
    texts = ["\n".join(random_history(seed)) for seed in range(40)]
    assert [word for word in HAS if not any(word in text for text in texts)] == []
