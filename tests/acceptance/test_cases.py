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
STRUCK = {"downstream", "fastmigrate-script"}
"""Where faults are tried too when it is the files that are looked at."""
CASES = sorted(path.name for path in PROJECTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES)
def test_the_matrix_prints_this(case: str, application: Callable[[str], Application]) -> None:
    result = application(case).matrix(*SLOW.get(case, ("-m", "migration")))
    assert result.ret == (0 if case in PASSING else 1)
    assert plain(result) == (EXPECTED / f"{case}.txt").read_text(encoding="utf-8")
    assert not result.stderr.str()


@pytest.mark.parametrize("case", CASES)
def test_what_is_printed_fits_eighty_columns(case: str) -> None:
    text = (EXPECTED / f"{case}.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("case", sorted({*CASES} - {*SLOW}))
def test_the_matrix_changes_no_byte_of_the_application(
    case: str, application: Callable[[str], Application]
) -> None:
    app = application(case)
    before = {path: path.read_bytes() for path in app.path.rglob("*") if path.is_file()}
    checks = "" if case in STRUCK else "schema,data,statements,again,frozen"
    app.matrix("-m", "migration", "-q", f"--migration-checks={checks}")
    assert {path: path.read_bytes() for path in before} == before
    stored = app.path / "fixtures/snapshots"
    assert {path for path in before if path.parent == stored} == set(stored.iterdir())
