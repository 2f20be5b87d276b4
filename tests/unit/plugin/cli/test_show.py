"""pmd-migrations show: how two versions or snapshots differ."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.every import holds_for_every
from tests.unit.plugin.cli.conftest import FIRST, SECOND, THIRD, Project

Make = Callable[..., Project]


def test_two_versions(project: Make) -> None:
    """No snapshot is needed: a version is shown as a fresh database has it."""
    made = project(FIRST, SECOND, THIRD)
    for names in (("1", "3"), ("0001", "0003")):
        assert made.run_apart("show", *names) == (
            0,
            "only in 0003       column notes.pinned INTEGER\n"
            "only in 0003       table tags (2 columns)\n",
            "",
        )


PICTURE = """\
erDiagram
    "notes" {
        INTEGER id PK
        TEXT title "NOT NULL"
        INTEGER pinned "new"
    }
    "tags"["tags (new)"] {
        INTEGER note_id FK "NOT NULL"
        TEXT tag
    }
    "tags" }o--|| "notes" : "note_id"
"""


def test_what_differs_as_a_diagram_and_as_markdown(project: Make) -> None:
    made = project(FIRST, SECOND, THIRD, "DROP TABLE tags;\n", "DROP TABLE notes;\n")
    assert made.run("show", "1", "3", "--mermaid") == (0, PICTURE)
    assert made.run("show", "1", "3", "--markdown") == (
        0,
        "### Schema: 0001 to 0003\n\n```text\n"
        "only in 0003       column notes.pinned INTEGER\n"
        "only in 0003       table tags (2 columns)\n"
        f"```\n\n```mermaid\n{PICTURE}```\n",
    )
    whole, gone = (made.run("show", a, b, "--mermaid")[1] for a, b in (("1", "1"), ("2", "5")))
    assert whole == 'erDiagram\n    "notes" {\n        INTEGER id PK\n' + (
        '        TEXT title "NOT NULL"\n    }\n'
    )
    assert '"notes"["notes (gone)"] {' in gone
    assert made.run("show", "5", "5", "--markdown")[1] == (
        "### Schema: 0005 to 0005\n\n```text\n0005 and 0005 have the same schema\n```\n"
    )


def test_the_same_version_twice(project: Make) -> None:
    made = project(FIRST)
    assert made.run("show", "1", "0001") == (0, "0001 and 0001 have the same schema\n")


def test_a_variant_is_shown_as_it_is_stored(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    shutil.copy(made.snapshots / "0001.db", made.snapshots / "0001+x.db")
    made.execute("0001+x.db", "CREATE INDEX by_title ON notes(title)", "CREATE TABLE kept(a)")
    made.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nmigration_source = "db/sql"\nmigration_ignore = "kept"\n',
    )
    assert made.run("show", "1", "1+x") == (
        0,
        "only in 0001+x     index by_title on notes(title)\n",
    )


def test_an_unknown_name(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    shutil.copy(made.snapshots / "0001.db", made.snapshots / "0001+x.db")

    def refused(name: str) -> None:
        assert made.run("show", "--", "1", name) == (
            2,
            f"Error: there is no version or snapshot {name!r};"
            " expected one of 0001..0002, 0001+x\n",
        )

    holds_for_every({repr(name): name for name in ("9", "0", "x", "1+y", "", "-1x")}, refused)


def test_a_version_that_cannot_be_built(project: Make) -> None:
    made = project(FIRST, "DROP TABLE gone;\n")
    assert made.run("show", "1", "2") == (
        1,
        "Error: a fresh database cannot be built: the step to 0002 raised MigrationFailedError:"
        " migration 0002 (step 2) failed and was undone: OperationalError: no such table: gone\n"
        "in the statement: DROP TABLE gone;\n  db/sql/0002_step_2.sql:1\n",
    )
    made.write("db/sql/0002_step_2.sql", "CREATE TABLE sorted(a COLLATE FOLDED UNIQUE);\n")
    assert made.run("show", "1", "2")[1].endswith(
        "SQLite has no collation FOLDED. Where the application adds it to its own\n"
        "connections, name the function that does: migration_connection =\n"
        '"app.db:prepare" (docs/howto/functions-and-collations.md). Else mend its\nname.\n'
    )
