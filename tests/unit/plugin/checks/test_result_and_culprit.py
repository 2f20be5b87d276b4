"""The migration that changed results are due to: itself, or the first earlier one of effect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.grid.cells import migration_rows

from tests.unit.plugin.built_application import Up, told, verdict
from tests.unit.plugin.checks.test_frozen import ONE, TRIM, changed, released

PINNED = "ALTER TABLE notes ADD COLUMN pinned INTEGER"
TAGS = "CREATE TABLE tags(a)"
FOUR: Mapping[int, Up] = {1: ONE, 2: TRIM, 3: PINNED, 4: TAGS}


def blamed(history: History) -> dict[str, str]:
    """Return the headline at each failing version."""
    rows = [str(row) for row in migration_rows(history)]
    told_at = {row: told(history, row, "frozen").partition("\n")[0] for row in rows}
    return {row: headline for row, headline in told_at.items() if headline}


def things(history: History) -> set[frozenset[tuple[str, ...]]]:
    rows = [str(row) for row in migration_rows(history)]
    found = [one for row in rows for one in verdict(history, row, "frozen").findings]
    return {finding.things for finding in found}


def test_an_earlier_edit_that_changed_no_result_is_not_blamed(tmp_path: Path) -> None:
    steps = {**FOUR, 2: f"{TRIM} WHERE 1", 3: f"{PINNED} DEFAULT 1"}
    history = changed(released(tmp_path, FOUR, versions=(1, 2, 3, 4)), steps)
    assert blamed(history) == {
        "0003": "0003_step.py was edited after release",
        "0004": "0004_step.py builds on an edited 0003",
    }
    assert things(history) == {frozenset({("changed", "0003")})}


def test_a_harmless_edit_after_the_one_that_changed_a_result_builds_on_it(tmp_path: Path) -> None:
    steps = {**FOUR, 2: f"{TRIM} WHERE 1", 3: f"{PINNED} DEFAULT 1", 4: "CREATE TABLE  tags(a)"}
    history = changed(released(tmp_path, FOUR, versions=(1, 2, 3, 4)), steps)
    assert told(history, "0004", "frozen") == (
        "0004_step.py builds on an edited 0003\n"
        "  its text was edited too, but what differs is what differed before it:\n"
        "  different          column notes.pinned\n"
        "                     default    stored: none    fresh now: 1\n"
        "\n"
        "Mend 0003_step.py first:\n"
        "  pytest --migration-matrix -k 0003"
    )


@pytest.mark.parametrize(
    "four", ["CREATE TABLE tags(a, b)", f"{TAGS}; UPDATE notes SET title = 'lost'"]
)
def test_two_edits_that_change_a_result_each_are_two_stories(tmp_path: Path, four: str) -> None:
    steps = {**FOUR, 3: f"{PINNED} DEFAULT 1", 4: four}
    history = changed(released(tmp_path, FOUR, versions=(1, 2, 3, 4)), steps)
    assert blamed(history) == {
        "0003": "0003_step.py was edited after release",
        "0004": "0004_step.py was edited after release",
    }
    assert things(history) == {frozenset({("changed", number)}) for number in ("0003", "0004")}


def test_versions_after_a_removed_one_build_on_it(tmp_path: Path) -> None:
    history = released(tmp_path, FOUR, versions=(1, 2, 3, 4))
    history = changed(history, {1: ONE, 2: TRIM, 4: TAGS})
    assert blamed(history) == {
        "0003": "0003_step.py was removed after release",
        "0004": "0004_step.py builds on the removed 0003",
    }
    assert told(history, "0004", "frozen").endswith(
        "\nMend 0003_step.py first:\n  pytest --migration-matrix -k 0003"
    )
    assert things(history) == {frozenset({("changed", "0003")})}


def test_versions_after_an_inserted_one_build_on_it(tmp_path: Path) -> None:
    history = released(tmp_path, {1: ONE, 2: TRIM, 4: TAGS}, versions=(1, 2, 4))
    history = changed(history, FOUR)
    assert blamed(history) == {
        "0003": "0003_step.py was inserted before a release",
        "0004": "0004_step.py builds on an inserted 0003",
    }
    assert things(history) == {frozenset({("changed", "0003")})}


def test_a_removed_step_that_changed_nothing_is_not_why_a_later_one_differs(tmp_path: Path) -> None:
    before = {1: ONE, 2: "SELECT 1", 3: PINNED, 4: TAGS}
    history = released(tmp_path, before, versions=(1, 2, 3, 4))
    history = changed(history, {1: ONE, 3: PINNED, 4: "CREATE TABLE tags(a, b)"})
    assert blamed(history) == {
        "0002": "0002_step.py was removed after release",
        "0004": "0004_step.py was edited after release",
    }


def test_only_the_first_changed_unreleased_version_has_a_note(tmp_path: Path) -> None:
    history = released(tmp_path, FOUR, versions=(1,))
    history = changed(history, {**FOUR, 2: TRIM.replace("trim", "upper"), 4: f"{TAGS}; {PINNED}2"})
    notes = [verdict(history, row, "frozen").notes for row in ("0001", "0002", "0003", "0004")]
    command = "pmd-migrations snapshot --rewrite 0002"
    note = Note(MigrationRow(2), "changed since its snapshot was made", command)
    assert notes == [(), (note,), (), ()]
