"""Each small application, and the whole text that its matrix prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import PROJECTS, Finished, plain

EXPECTED = Path(__file__).parent / "expected"
PASSING = {
    "declared-deletion",
    "downstream",
    "file-runner",
    "own-functions",
    "renamed-table",
    "scripts",
    "text-only-edit",
}
CASES = sorted(path.name for path in PROJECTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES)
def test_the_matrix_prints_this_and_changes_no_byte_of_the_application(
    case: str, finished: Callable[[str], Finished]
) -> None:
    run = finished(case)
    result, before = run.result, run.before
    assert result.ret == (0 if case in PASSING else 1)
    assert plain(result) == (EXPECTED / f"{case}.txt").read_text(encoding="utf-8")
    assert not result.stderr.str()
    assert {path: path.read_bytes() for path in before} == before
    stored = run.path / "fixtures/snapshots"
    assert {path for path in before if path.parent == stored} == set(stored.iterdir())


def test_every_application_has_a_text_that_fits_eighty_columns() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in EXPECTED.glob("*.txt")}
    assert sorted(texts) == CASES
    assert not [line for text in texts.values() for line in text.splitlines() if len(line) > 80]
