"""Differences that an edit of a released migration makes: undo the edit, whatever SQL would do."""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.sources import Location

from tests.unit.plugin.built_application import again, lock, store, told
from tests.unit.plugin.checks.test_frozen import ONE, STEPS, changed, released

EDITED = {**STEPS, 1: ONE.replace("title TEXT", "title TEXT NOT NULL")}
BECAUSE = (
    "  first differs: stored {0}, before any step\n"
    "  because 0001_step.py was edited after release\n"
    "\n"
    "  different          column notes.title\n"
    "                     NOT NULL    upgraded: no    fresh: yes\n"
)
UNDO = (
    "\n"
    "Undo the edit and put the change into a new migration:\n"
    "  in the application's own way, after 0002_step.py: describe the change"
)


def test_what_an_edit_after_release_makes_differ_asks_for_the_edit_to_be_undone(
    tmp_path: Path,
) -> None:
    history = changed(released(tmp_path), EDITED)
    assert told(history, "0001", "schema") == (
        "0001 upgraded to 0002: 1 difference from fresh 0002\n" + BECAUSE.format("0001") + UNDO
    )


def test_the_edited_migration_is_named_where_a_later_snapshot_differs(tmp_path: Path) -> None:
    history = changed(released(tmp_path), EDITED)
    assert told(history, "0002", "schema") == (
        "stored 0002: 1 difference from fresh 0002\n" + BECAUSE.format("0002") + UNDO
    )


def test_what_a_stored_database_has_of_its_own_keeps_its_mend_beside_an_edit(
    tmp_path: Path,
) -> None:
    history = released(tmp_path)
    store(history, "0001+beta", f"{ONE}; CREATE TABLE leftover(a)")
    history = changed(lock(history, released=(1, 2)), EDITED)
    assert told(history, "0001+beta", "schema") == (
        "0001+beta upgraded to 0002: 2 differences from fresh 0002\n"
        + BECAUSE.format("0001+beta")
        + "\n"
        "  first differs: stored 0001+beta, before any step\n"
        "\n"
        "  only in upgraded   table leftover (1 column)\n"
        "                     mend: DROP TABLE leftover;\n" + UNDO
    )


def test_a_migration_that_is_not_released_may_be_edited(tmp_path: Path) -> None:
    history = released(tmp_path, versions=())
    store(history, "0001+beta", ONE)
    history = changed(lock(history), EDITED)
    text = told(history, "0001+beta", "schema")
    assert "edited" not in text
    assert text.endswith("mend: needs a table rebuild")


def test_an_edit_that_changes_no_result_explains_no_difference(tmp_path: Path) -> None:
    history = released(tmp_path)
    store(history, "0001+beta", f"{ONE}; CREATE TABLE leftover(a)")
    history = changed(lock(history, released=(1, 2)), {**STEPS, 1: ONE.replace("(", " (", 1)})
    text = told(history, "0001+beta", "schema")
    assert "edited" not in text
    assert text.endswith("mend: DROP TABLE leftover;")


def test_a_column_renamed_since_is_still_known_as_made_by_the_edit(tmp_path: Path) -> None:
    rename = "ALTER TABLE notes RENAME TO pages"
    history = changed(released(tmp_path), {**EDITED, 3: rename})
    text = told(history, "0001", "schema")
    assert "because 0001_step.py was edited after release" in text
    assert "different          column pages.title" in text
    assert "mend:" not in text


def test_without_the_migration_that_was_removed_it_asks_to_restore_it(tmp_path: Path) -> None:
    steps = {**STEPS, 3: "CREATE TABLE tags(a)", 4: "CREATE TABLE later(a)"}
    history = released(tmp_path, steps, versions=(1, 2, 3, 4))
    history = changed(history, {version: steps[version] for version in (1, 2, 4)})
    text = told(history, "0004", "schema")
    assert "  because 0003_step.py was removed after release\n" in text
    assert "  only in upgraded   table tags (1 column)\n" in text
    assert "\n\nRestore 0003_step.py under its old number:\n  git checkout HEAD -- " in text


def test_for_a_migration_in_the_place_of_another_it_asks_to_put_that_one_back(
    tmp_path: Path,
) -> None:
    history = changed(released(tmp_path), EDITED)
    own = history.application.source.folder
    (own / "0001_step.py").rename(own / "0001_other.py")
    history.application.source.location = lambda version: Location(
        own / ("0001_other.py" if version == 1 else f"{version:04d}_step.py"), 3
    )
    text = told(again(history), "0001", "schema")
    assert "  because 0001_step.py was replaced by 0001_other.py\n" in text
    assert "\n\nGive 0001_other.py the next free number.\nPut the released one back: " in text


def test_for_a_migration_inserted_before_a_release_it_asks_for_another_number(
    tmp_path: Path,
) -> None:
    steps = {1: ONE, 3: "CREATE TABLE tags(a)"}
    history = released(tmp_path, steps, versions=(1, 3))
    history = changed(history, {**steps, 2: "CREATE TABLE boxes(a)"})
    text = told(history, "0003", "schema")
    assert "  because 0002_step.py was inserted before a release\n" in text
    assert text.endswith("\n\nGive 0002_step.py the next free number.")
