"""What the project's own code raises, a migration or a check: one story, never a skip or green."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import plain
from tests.acceptance.histories import generate
from tests.acceptance.test_causes import failures

CHECKS = ("--migration-matrix", "--migration-checks=schema,data,again,frozen")
MIGRATION = 'import asyncio, sys\nimport pytest\nVERSION = 3\nDESCRIPTION = "last"\n'
HEADING = f"= FAILURES =\n{' migrations::0003[again]  ':_^80}\n"
CHECK = """\
import pytest
from pytest_pmd_migrations.checks.model import Check, Verdict
from pytest_pmd_migrations.checks.registry import register


def look():
    {raising}


def watch(history):
    def observe(step):
        look()

    return observe


register(Check("own", "snapshot", watch, lambda history, row, lineages: Verdict()))
"""


def with_migration(pytester: pytest.Pytester, text: str) -> None:
    generate(pytester, 2)
    pytester.path.joinpath("db/sql/0003_last.py").write_text(f"{MIGRATION}{text}")


def story(pytester: pytest.Pytester) -> str:
    """Return what the only failure tells of the step: all other cells of it are blocked."""
    result = pytester.runpytest_subprocess(*CHECKS)
    result.assert_outcomes(failed=1, skipped=7, passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(result.outlines) < 40
    return failures(result).removeprefix(HEADING).partition("\n\n  blocks 7 cells")[0]


@pytest.mark.parametrize(
    ("raising", "raised"),
    [
        ("raise asyncio.CancelledError()", "CancelledError"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("pytest.skip('not here')", "Skipped: not here"),
        ("pytest.fail('not so')", "Failed: not so"),
        ("sys.exit(0)", "SystemExit: 0"),
    ],
)
def test_a_step_that_ends_in_no_ordinary_exception_has_failed(
    pytester: pytest.Pytester, plain_environment: None, raising: str, raised: str
) -> None:
    with_migration(pytester, f"\n\ndef up(db):\n    {raising}\n")
    assert story(pytester) == (
        f"0003_last.py failed\n\nthe step to 0003 raised {raised}\n"
        f"  db/sql/0003_last.py:8, in up\n    {raising}"
    )


def test_exceptions_that_come_from_each_other_are_told_once(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    circle = "first, second = ValueError('egg'), KeyError('hen')"
    with_migration(
        pytester,
        f"\n\ndef up(db):\n    {circle}\n"
        "    first.__cause__ = first.__context__ = second\n"
        "    second.__cause__ = second.__context__ = first\n"
        "    raise first\n",
    )
    assert story(pytester) == (
        "0003_last.py failed\n\n"
        "the step to 0003 raised MigrationFailedError: migration 0003 (last) failed\n"
        "and was undone: ValueError: egg\n"
        "  KeyError: 'hen'\n"
        "  db/sql/0003_last.py:11, in up\n    raise first"
    )


def test_pytest_exit_in_a_step_does_not_end_the_run(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    with_migration(pytester, "\n\ndef up(db):\n    pytest.exit('enough', returncode=0)\n")
    assert story(pytester) == (
        "0003_last.py failed\n\n"
        "the step to 0003 raised MigrationFailedError: migration 0003 (last) failed\n"
        "and was undone: Exit: enough\n"
        "  db/sql/0003_last.py:8, in up\n    pytest.exit('enough', returncode=0)"
    )


def test_importorskip_at_the_top_of_a_migration_fails_its_step(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    with_migration(pytester, "pytest.importorskip('numpyx')\n\n\ndef up(db):\n    pass\n")
    assert story(pytester) == (
        "0003_last.py cannot be imported: line 5: Skipped: could n...\n\n"
        "0003_last.py cannot be imported: line 5: Skipped: could not import 'numpyx':\n"
        "No module named 'numpyx'\n\n"
        "  db/sql/0003_last.py:5, in <module>\n    pytest.importorskip('numpyx')"
    )


@pytest.mark.parametrize(
    ("raising", "raised"),
    [
        ("sys.exit(0)", "SystemExit: 0"),
        ("pytest.skip('not here')", "Skipped: not here"),
        ("raise asyncio.CancelledError", "CancelledError"),
    ],
)
def test_a_verify_that_ends_in_no_ordinary_exception_has_found_something(
    pytester: pytest.Pytester, plain_environment: None, raising: str, raised: str
) -> None:
    up = "\n\ndef up(db):\n    db['t1'].insert({'id': 3})\n"
    with_migration(pytester, f"{up}\n\ndef verify(before, after):\n    {raising}\n")
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=data")
    result.assert_outcomes(failed=2, passed=1)
    told = failures(result)
    assert "0003_last.py: verify(before, after) raised\n" in told
    assert f"\n    {raised}\n" in told


def test_a_check_that_raises_shows_the_project_s_own_frames_once_a_cell(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 2)
    pytester.makeconftest(CHECK.format(raising="raise RuntimeError('no lock')"))
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=schema,own")
    cell = (
        "conftest.py:12: in observe\n"
        "    look()\n"
        "conftest.py:7: in look\n"
        "    raise RuntimeError('no lock')\n"
        "E   RuntimeError: no lock\n"
    )
    assert failures(result) == (
        "= FAILURES =\n"
        "_________________________ migrations::0001..0002[own]  _________________________\n"
        f"{cell}"
        "_________________________ migrations::0002..0002[own]  _________________________\n"
        f"{cell}"
        "= migration matrix =\n"
        "  snapshots   schema    own\n"
        "  0001        ok        FAIL\n"
        "  0002        ok        FAIL\n"
        "\n"
        "2 failed, 2 ok in 0.00s\n"
        "= short test summary info =\n"
        "FAILED migrations::0001..0002[own] - RuntimeError: no lock\n"
        "FAILED migrations::0002..0002[own] - RuntimeError: no lock\n"
        "= 2 failed, 2 passed in 0.00s =\n"
    )
    whole = pytester.runpytest_subprocess("migrations::0001..0002[own]", "--full-trace")
    assert "grid/walk.py" in whole.stdout.str()


def test_an_interrupt_in_a_check_ends_the_run(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 1)
    pytester.makeconftest(CHECK.format(raising="raise KeyboardInterrupt"))
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=own")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in plain(result)


def test_a_check_that_would_skip_has_failed(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 1)
    pytester.makeconftest(CHECK.format(raising="pytest.skip('not here')"))
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=schema,own")
    result.assert_outcomes(failed=1, passed=1)
    assert "FAILED migrations::0001..0001[own] - the check own raised Skipped: not here" in plain(
        result
    )
