"""Ids of cells among the arguments of a run, however pytest printed them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.pytest_side.cell_arguments import split_arguments

from tests.every import for_every

ID = "migrations::0001..0002[schema]"


@for_every("way", ["", "./", "../", "par/", "par/sub/../", "C:\\par\\", "/abs/"])
def test_an_id_may_have_the_way_to_the_root_folder_before_it(tmp_path: Path, way: str) -> None:
    found = split_arguments(["tests", way + ID], here=tmp_path / "x", root=tmp_path)
    assert found == ([ID], ["tests"])


@pytest.mark.parametrize(
    "argument",
    ["tests/test_x.py::test[migrations::0001]", "tests/test_x.py::test[a/migrations::0001]", "x"],
)
def test_the_id_of_a_test_is_none_of_a_cell(tmp_path: Path, argument: str) -> None:
    assert split_arguments([argument], here=tmp_path, root=tmp_path) == ([], [argument])


def test_the_id_of_another_project_names_the_command_that_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my par").mkdir()
    (tmp_path / "my par/pytest.ini").write_text("[pytest]\n")
    with pytest.raises(pytest.UsageError) as refused:
        split_arguments([f"my par/{ID}"], here=tmp_path, root=tmp_path)
    assert str(refused.value) == (
        f"my par/{ID} is a cell of the project in my par, whose settings this run has not read."
        f" Run: pytest -c 'my par/pytest.ini' 'my par/{ID}'"
    )
    root = tmp_path / "my par"
    assert split_arguments([f"my par/{ID}"], here=tmp_path, root=root) == ([ID], [])
