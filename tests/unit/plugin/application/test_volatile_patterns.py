"""A pattern of `migration_volatile` names a column of some database, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.application.volatile_patterns import refuse_idle_volatile
from pytest_pmd_migrations.errors import SettingError

from tests.unit.plugin.built_application import application, store

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, short AS (substr(title, 1, 9)))"


def history(root: Path, *patterns: str, two: str = "DROP TABLE notes") -> History:
    steps = {1: f"{ONE}; CREATE VIRTUAL TABLE words USING fts5(body)", 2: two}
    found = application(root, steps, volatile_patterns=patterns)
    store(found, "0001+old", f"{ONE}; CREATE TABLE gone(at)")
    return found


def check(*found: History) -> None:
    refuse_idle_volatile(Project(found[0].rules, found))


def test_without_the_setting_nothing_is_read(tmp_path: Path) -> None:
    found = history(tmp_path)
    check(found)
    assert "fresh" not in vars(found)


def test_a_column_of_any_version_and_of_what_is_stored_will_do(tmp_path: Path) -> None:
    patterns = "notes.title", "NOTES.short", "words.body", "gone.at", "*.title", "n*.*"
    check(history(tmp_path, *patterns))


def test_one_that_names_none_is_refused_with_what_is_close(tmp_path: Path) -> None:
    found = history(tmp_path, "notes.title", "notes.titel")
    with pytest.raises(SettingError) as caught:
        check(found)
    assert str(caught.value) == (
        "migration_volatile 'notes.titel' names no column, neither in a stored snapshot nor in a"
        " fresh database; expected globs on \"table.column\". Did you mean 'notes.title'?"
    )


def test_where_a_database_cannot_be_built_no_pattern_is_judged(tmp_path: Path) -> None:
    check(history(tmp_path, "no.such", two="SELECT missing"))
