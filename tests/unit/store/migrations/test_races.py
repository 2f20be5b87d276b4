"""Several openers of one file at once: each step is applied once, and all reach the end."""

from __future__ import annotations

import pytest

from tests.races import (
    BEGINNINGS,
    LATEST,
    OPENERS,
    prepare,
    race_processes,
    race_threads,
    waiting_processes,
)


@pytest.fixture(scope="module")
def pipes():
    with waiting_processes() as pipes:
        yield pipes


@pytest.mark.parametrize(("mode", "backup"), [("delete", False), ("wal", True)])
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_processes_at_once_apply_each_step_once(pipes, tmp_path, beginning, mode, backup):
    path = tmp_path / "raced.db"
    prepare(path, beginning, mode)
    result = race_processes(pipes, path, beginning, backup=backup)
    assert result.troubles == []
    assert result.ends == [str(LATEST)] * OPENERS


@pytest.mark.parametrize(("mode", "backup"), [("delete", False), ("wal", True)])
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_threads_at_once_apply_each_step_once(tmp_path, beginning, mode, backup):
    path = tmp_path / "raced.db"
    prepare(path, beginning, mode)
    result = race_threads(path, beginning, backup=backup)
    assert result.troubles == []
    assert result.ends == [str(LATEST)] * OPENERS
