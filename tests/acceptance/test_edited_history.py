"""A migration that was edited or removed after its release is one story, told at its own number."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.acceptance.histories import generate
from tests.acceptance.test_causes import failures

EDITED = """\
= FAILURES =
__________________________ migrations::0008[frozen]  ___________________________
0008_step.sql was edited after release

  the same at 0008..0012 (numbers of 0008)

  released; what it builds now differs from the stored 0008:
  different          column t6.c8
                     default    stored: none    fresh now: 'x'

Undo the edit and put the change into a new migration:
  pmd-migrations new "describe the change"

the whole SQL of both sides: -vv
"""


def command(pytester: pytest.Pytester, *arguments: str) -> None:
    done = pytester.run(Path(sys.executable).with_name("pmd-migrations"), *arguments)
    assert done.ret == 0, done.outlines


def edit(pytester: pytest.Pytester, version: int, old: str, new: str) -> None:
    path = pytester.path / f"db/sql/{version:04d}_step.sql"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_edit_that_changed_a_result_is_blamed_and_no_harmless_one(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    """A comment in 0003 and in 0010, another default in 0008."""
    generate(pytester, 12)
    command(pytester, "release")
    edit(pytester, 3, ";\n", ";\n-- a comment\n")
    edit(pytester, 8, "TEXT", "TEXT DEFAULT 'x'")
    edit(pytester, 10, ";\n", ";\n-- a comment\n")
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=frozen")
    result.assert_outcomes(failed=5, passed=7)
    told = failures(result)
    assert told.partition("copy of")[0].partition("again: ")[0] == EDITED
    assert (
        "  0003         note\n"
        "  0004..0007   ok        (4 rows alike)\n"
        "  0008         FAIL\n"
        "  0009..0012   FAIL      as 0008 (4 rows alike)\n"
        "\n"
        "note 0003: its text changed since release, what it does did not\n"
    ) in told


def test_one_edited_unreleased_step_is_one_note(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 6)
    edit(pytester, 3, "TEXT", "TEXT DEFAULT 'x'")
    arguments = ("--migration-matrix", "--migration-checks=frozen")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=6)
    assert [line for line in result.outlines if line.startswith("note") or "--rewrite" in line] == [
        "note 0003: changed since its snapshot was made",
        "  pmd-migrations snapshot --rewrite 0003",
    ]
    command(pytester, "snapshot", "--rewrite", "0003")
    again = pytester.runpytest_subprocess(*arguments)
    again.assert_outcomes(passed=6)
    again.stdout.no_fnmatch_line("note *")


REMOVED = """\
0012_step.sql was removed after release

frozen.toml has 0012 as released; the source has no such version. Databases
at it, or on the way to it, can no longer be upgraded as they were.

Restore 0012_step.sql under its old number:
  git checkout HEAD -- db/sql/0012_step.sql
"""


def test_a_removed_newest_migration_is_one_story_and_blocks_its_snapshots(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 12)
    command(pytester, "release")
    pytester.path.joinpath("db/sql/0012_step.sql").unlink()
    arguments = ("--migration-matrix", "--migration-checks=schema,data,frozen")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1, skipped=2, passed=33)
    told = failures(result)
    assert told.count("removed after release") == 2  # the story and pytest's short summary
    assert f"{' migrations::0012[frozen]  ':_^80}\n{REMOVED}\n  blocks 2 cells" in told
    assert "newer than" not in told
    # Without that cell the first one of its snapshot tells it.
    alone = pytester.runpytest_subprocess(*arguments[:1], "-k", "0012 and (schema or data)")
    alone.assert_outcomes(failed=1, skipped=1)
    assert f"{' migrations::0012..0011[schema]  ':_^80}\n{REMOVED}\n" in failures(alone)
