"""Objects that `migration_ignore` hides are counted; a pattern that hides nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.application.ignore_patterns import count_hidden
from pytest_pmd_migrations.checks.model import Note
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.report.plan import plan_of

from tests.unit.plugin.built_application import application, store

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT UNIQUE)"
LOG = "CREATE TABLE log(a, CHECK (a)); CREATE INDEX log_a ON log(a); CREATE VIEW logged AS SELECT 1"


def history(root: Path, *ignore: str, one: str = ONE, stored: str = ONE) -> History:
    found = application(root, {1: one}, ignore_patterns=ignore)
    store(found, "0001", stored)
    return found


def project(*found: History) -> Project:
    return Project(found[0].rules, found)


def text(found: History) -> str:
    (note,) = plan_of(found, all_checks(), ignored=count_hidden(project(found))[found]).notes
    return note.text


def error(*found: History) -> str:
    with pytest.raises(SettingError) as caught:
        count_hidden(project(*found))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_the_setting_nothing_is_read_and_nothing_said(tmp_path: Path) -> None:
    found = history(tmp_path)
    assert count_hidden(project(found)) == {}
    assert "fresh" not in vars(found)


def test_objects_in_a_snapshot_are_counted_each_once(tmp_path: Path) -> None:
    found = history(tmp_path, "log*", stored=f"{ONE}; {LOG}")
    store(found, "0001+other", f"{ONE}; CREATE TABLE LOG(a, b)")
    assert text(found) == "3 objects hidden from every check"


def test_what_belongs_to_a_hidden_table_is_hidden_with_it(tmp_path: Path) -> None:
    assert text(history(tmp_path, "LOG", stored=f"{ONE}; {LOG}")) == (
        "2 objects hidden from every check"
    )


def test_objects_in_fresh_alone_are_counted_too(tmp_path: Path) -> None:
    found = history(tmp_path, "log", one="CREATE TABLE log(a)", stored="")
    assert text(found) == "1 object hidden from every check"


def test_what_is_there_for_a_while_only_may_be_hidden(tmp_path: Path) -> None:
    steps = {1: f"{ONE}; CREATE TABLE log(a)", 2: "DROP TABLE log"}
    found = application(tmp_path, steps, ignore_patterns=("log",))
    assert count_hidden(project(found)) == {}


def test_a_column_can_be_hidden(tmp_path: Path) -> None:
    found = history(tmp_path, "notes.title")
    assert text(found) == "1 object hidden from every check"


def test_the_plan_tells_it(tmp_path: Path) -> None:
    found = history(tmp_path, "log*", stored=f"{ONE}; {LOG}")
    note = Note("migration_ignore", "2 objects hidden from every check")
    assert plan_of(found, all_checks(), ignored=2).notes == (note,)
    assert plan_of(found, all_checks()).notes == ()


def test_a_pattern_that_hides_nothing_is_named_with_what_is_close(tmp_path: Path) -> None:
    assert error(history(tmp_path, "log*", "loged*", stored=f"{ONE}; {LOG}")) == (
        "migration_ignore 'loged*' hides nothing, neither in a stored snapshot nor in a fresh"
        " database; expected a glob on names of tables, indexes, views or triggers. Did you mean"
        " 'logged' or 'log' or 'log_a'?"
    )


@pytest.mark.parametrize(
    ("pattern", "close"),
    [("lgo*", "'log'"), ("*_aa", "'log_a'"), ("LOGGEED", "'logged'"), ("nots", "'notes'")],
)
def test_a_slip_of_the_pen_is_guessed_at_the_open_side(
    tmp_path: Path, pattern: str, close: str
) -> None:
    assert f"Did you mean {close}" in error(history(tmp_path, pattern, stored=f"{ONE}; {LOG}"))


def test_a_pattern_that_is_close_to_nothing_is_named_alone(tmp_path: Path) -> None:
    assert error(history(tmp_path, "zzz")).endswith("indexes, views or triggers.")


@pytest.mark.parametrize("pattern", ["sqlite_*", "other.notes", ""])
def test_what_no_check_looks_at_cannot_be_hidden(tmp_path: Path, pattern: str) -> None:
    assert error(history(tmp_path, pattern)).startswith(f"migration_ignore {pattern!r} hides")


def test_of_several_sources_one_is_enough(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first = history(one, "log*", "notes")
    second = application(two, {1: LOG}, ignore_patterns=("log*", "notes"), name="second")
    assert count_hidden(project(first, second)) == {
        first: 1,
        second: 3,
    }


def test_where_a_snapshot_cannot_be_read_no_pattern_is_judged(tmp_path: Path) -> None:
    found = history(tmp_path, "nothing")
    (found.store.folder.path / "0001+torn.db").write_bytes(b"no database at all")
    assert count_hidden(project(found)) == {}


def test_where_fresh_cannot_be_built_no_pattern_is_judged(tmp_path: Path) -> None:
    assert count_hidden(project(history(tmp_path, "nothing", one="CREATE nonsense"))) == {}
