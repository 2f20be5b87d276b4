"""A snapshot that is older than its migration is blamed, and not the step that it meets next."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History

from tests.unit.plugin.built_application import Up, application, lock, store, told

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN pinned INTEGER"
THREE = "CREATE INDEX by_pinned ON notes(pinned)"
STEPS: dict[int, Up] = {1: ONE, 2: TWO}
STALE = (
    "0002.db was built by another 0002\n"
    "0002_step.py was changed after 0002.db was built, so that this database is\n"
    "not what an upgrade makes now. It is not released.\n"
    "\n"
    "Build it anew, and those after it:\n"
    "  pmd-migrations snapshot --rewrite 2"
)


def built(root: Path, steps: dict[int, Up] = STEPS, *, released: tuple[int, ...] = ()) -> None:
    history = application(root, steps)
    for version in steps:
        made = "; ".join(str(step) for v, step in steps.items() if v <= version)
        store(history, f"{version:04d}", f"{made}; INSERT INTO notes(title) VALUES ('a')")
    lock(history, released=released)


def edited(root: Path, steps: dict[int, Up]) -> History:
    return application(root, steps)


LATER = {1: ONE, 2: TWO.replace("pinned", "starred"), 3: THREE.replace("pinned", "starred")}


@pytest.mark.parametrize("check", ["schema", "data", "statements"])
def test_the_next_step_is_not_blamed(tmp_path: Path, check: str) -> None:
    built(tmp_path)
    history = application(tmp_path, LATER, statements={"all": "SELECT * FROM notes"})
    assert told(history, "0002", check) == STALE
    assert told(history, "0001", check) == ""


def test_another_schema_than_fresh_is_the_stale_snapshot_s(tmp_path: Path) -> None:
    built(tmp_path)
    assert told(edited(tmp_path, {1: ONE, 2: f"{TWO} DEFAULT 0"}), "0002", "schema") == STALE


def test_a_snapshot_built_from_a_stale_one_blames_the_first(tmp_path: Path) -> None:
    built(tmp_path, {**STEPS, 3: "CREATE TABLE tags(a)"})
    history = edited(tmp_path, {1: ONE, 2: f"{TWO} DEFAULT 0", 3: "CREATE TABLE tags(a)"})
    assert told(history, "0003", "schema") == STALE


def test_rows_that_a_later_step_relies_on(tmp_path: Path) -> None:
    seed = "INSERT INTO notes VALUES (7, 'seed')"
    built(tmp_path, {1: ONE, 2: "SELECT 1"})
    need = (
        "INSERT INTO notes SELECT 8, CASE count(*) WHEN 0 THEN json('') END FROM notes WHERE id = 7"
    )
    assert told(edited(tmp_path, {1: ONE, 2: seed, 3: need}), "0002", "schema") == STALE


def test_a_step_that_fails_for_everyone_is_blamed_itself(tmp_path: Path) -> None:
    built(tmp_path)
    history = edited(tmp_path, {**LATER, 3: "DROP TABLE gone"})
    assert told(history, "0002", "schema") == (
        "0003_step.py failed\nthe step to 0003 raised OperationalError: no such table: gone"
    )


def test_text_alone_makes_no_snapshot_stale(tmp_path: Path) -> None:
    built(tmp_path)
    bites = "INSERT INTO notes(id) SELECT id FROM notes"
    history = edited(tmp_path, {1: ONE, 2: f"{TWO} ", 3: bites})
    assert told(history, "0002", "schema").startswith("0003_step.py failed\n")


def test_what_a_later_step_loses_is_still_said(tmp_path: Path) -> None:
    built(tmp_path)
    lost = told(
        edited(tmp_path, {1: ONE, 2: f"{TWO} DEFAULT 0", 3: "DELETE FROM notes"}), "0002", "data"
    )
    assert lost.startswith("0003_step.py: notes lost 1 of 1 row\n")


def test_a_released_version_is_never_called_stale(tmp_path: Path) -> None:
    built(tmp_path, released=(1, 2))
    history = edited(tmp_path, LATER)
    assert told(history, "0002", "schema").startswith("0003_step.py failed\n")
    assert told(history, "0002", "frozen").startswith("0002_step.py was edited after release\n")


def test_a_variant_that_a_person_stored_is_not_called_stale(tmp_path: Path) -> None:
    built(tmp_path)
    history = edited(tmp_path, LATER)
    store(history, "0002+real", f"{ONE}; {TWO}")
    assert told(history, "0002+real", "schema").startswith("0003_step.py failed\n")
