"""pmd-migrations names the tables whose rows nobody can list, and stores the others' rows."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.plugin.cli.conftest import Project

UNREAD = """
CREATE TABLE t(a TEXT NOT NULL);
CREATE VIRTUAL TABLE f USING fts5(a, columnsize=0, content='');
CREATE VIRTUAL TABLE v USING fts5vocab(gone, row);
"""


def test_tables_that_cannot_be_listed_are_named_and_stored_without_rows(
    project: Callable[..., Project],
) -> None:
    made = project(UNREAD)
    code, text = made.run("snapshot")
    assert (code, text.splitlines()[:3]) == (
        0,
        [
            "built    fresh -> 0001: same schema, 5 generated",
            "unread   f: its module cannot list its rows",
            "unread   v: its module cannot list its rows",
        ],
    )
    twin = (made.snapshots / "0001.sql").read_text()
    assert "\n-- rows of f cannot be listed by its module\n" in twin
    assert "\n-- rows of v cannot be listed by its module\n" in twin
    assert twin.count("INSERT INTO") == 5
    assert made.run("release") == (0, "released 0001\n")
    made.write("db/sql/0002_step_2.sql", "INSERT INTO f(rowid, a) VALUES (3, 'word');")
    assert made.run("snapshot")[0] == 0
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")
