"""What whole sessions say of schemas: with more -v, and under the settings that look away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.conftest import NO_FAULTS, Application, plain

App = Callable[[str], Application]

SQL = """\
table notes
  upgraded:
    > CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL,
    >   state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft',
    >   'done')), pinned INTEGER NOT NULL DEFAULT 0)
  fresh:
    > CREATE TABLE notes(
    >     id INTEGER PRIMARY KEY,
    >     title TEXT NOT NULL,
    >     state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft',
    >       'done', 'kept'))
    > , pinned INTEGER NOT NULL DEFAULT 0)
trigger note_changed
  upgraded:
    > CREATE TRIGGER note_changed AFTER UPDATE ON notes BEGIN INSERT
    >   INTO changes(note_id, what) VALUES (old.id, 'now ' || new.state);
    >   END
  fresh:
    > CREATE TRIGGER note_changed AFTER UPDATE ON notes BEGIN
    >     INSERT INTO changes(note_id, what) VALUES (new.id, 'now ' ||
    >       new.state);
    > END
"""


def settings(app: Application, *lines: str) -> None:
    path = app.path / "pyproject.toml"
    path.write_text(path.read_text() + "".join(f"{line}\n" for line in lines))


def closing_lines(result: pytest.RunResult) -> list[str]:
    text = plain(result)
    return text[text.index("= migration matrix") :].splitlines()[1:-1]


def test_the_whole_sql_of_both_sides_is_printed_when_asked_for(application: App) -> None:
    app = application("changed-check")
    shown = app.matrix(NO_FAULTS, "-vv")
    assert f"\n\n{SQL}\ncopy of the database: " in plain(shown)
    assert "the whole SQL" not in plain(shown)
    assert max(map(len, SQL.splitlines())) <= 76
    assert "> CREATE" not in plain(app.matrix(NO_FAULTS, "-v"))


def test_the_order_of_columns_can_be_ignored(application: App) -> None:
    app = application("column-order")
    settings(app, 'migration_column_order = "ignore"')
    app.matrix(NO_FAULTS).assert_outcomes(passed=10)


def test_another_word_for_the_order_is_one_line(application: App) -> None:
    app = application("column-order")
    settings(app, 'migration_column_order = "off"')
    result = app.matrix()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        'ERROR: migration_column_order \'off\' is unknown; expected "fail" or "ignore"'
        " (pyproject.toml)"
    )


def test_another_word_for_the_faults_is_one_line(application: App) -> None:
    app = application("column-order")
    settings(app, 'migration_faults = "all"')
    result = app.matrix()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        'ERROR: migration_faults \'all\' is unknown; expected "default" or "full" (pyproject.toml)'
    )


def test_the_summary_says_how_many_objects_are_hidden(application: App) -> None:
    app = application("leftover-index")
    settings(app, 'migration_ignore = ["title_*"]')
    result = app.matrix(NO_FAULTS)
    result.assert_outcomes(passed=10)
    [hidden, closing] = closing_lines(result)
    assert hidden == "note migration_ignore: 1 object hidden from every check"
    assert closing.startswith("3 snapshots, 2 migrations: 10 ok in")


def test_a_pattern_that_hides_nothing_is_one_line(application: App) -> None:
    app = application("leftover-index")
    settings(app, 'migration_ignore = ["title_*", "tilte_*"]')
    result = app.matrix("-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: migration_ignore 'tilte_*' hides nothing, neither in a stored snapshot nor in a"
        " fresh database; expected a glob on names of tables, indexes, views or triggers. Did you"
        " mean 'title_index'?"
    )


def test_statements_are_one_line_where_the_hook_cannot_be_used(application: App) -> None:
    app = application("broken-statement")
    path = app.path / "conftest.py"
    path.write_text(path.read_text().replace("STATEMENTS.items()", "list(STATEMENTS)"))
    result = app.matrix()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: pytest_migration_statements named 'ADD_NOTE'; expected (name, SQL) pairs, two"
        " strings each, the name in one line"
    )


def test_a_project_without_statements_has_no_cell_to_choose(application: App) -> None:
    result = application("leftover-index").matrix("--migration-checks=statements")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: --migration-checks=statements leaves no cell: no source here can be asked that."
        " See docs/reference/sources.md and fixtures-and-hooks.md"
    )
