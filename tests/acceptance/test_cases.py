"""Each small application, and the whole text that its matrix prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import PROJECTS, Application, plain

EXPECTED = Path(__file__).parent / "expected"
PASSING = {"declared-deletion", "downstream", "renamed-table", "scripts", "text-only-edit"}
SLOW = {
    # What only the full set of faults finds, seconds a step: of the step that matters.
    "read-before-begin": ("migrations::0002[atomic]",),
    "unsynced": ("migrations::0002[atomic]",),
}
CASES = sorted(path.name for path in PROJECTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES)
def test_the_matrix_prints_this_and_changes_no_byte_of_the_application(
    case: str, application: Callable[[str], Application]
) -> None:
    app = application(case)
    before = {path: path.read_bytes() for path in app.path.rglob("*") if path.is_file()}
    result = app.matrix(*SLOW.get(case, ("-m", "migration")))
    assert result.ret == (0 if case in PASSING else 1)
    assert plain(result) == (EXPECTED / f"{case}.txt").read_text(encoding="utf-8")
    assert not result.stderr.str()
    assert {path: path.read_bytes() for path in before} == before
    stored = app.path / "fixtures/snapshots"
    assert {path for path in before if path.parent == stored} == set(stored.iterdir())


def test_every_application_has_a_text_that_fits_eighty_columns() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in EXPECTED.glob("*.txt")}
    assert sorted(texts) == CASES
    assert not [line for text in texts.values() for line in text.splitlines() if len(line) > 80]
