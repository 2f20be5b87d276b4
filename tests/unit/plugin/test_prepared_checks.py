"""An application with functions of its own: green where they are there, one message where not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Verdict
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.cli.survey import take_survey
from pytest_pmd_migrations.errors import FreshFailedError, MissingNameError
from pytest_pmd_migrations.faults import KINDS, Case, try_faults
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots import SnapshotName

from tests.unit.plugin.built_application import application, lock, told
from tests.unit.plugin.faults.runners import TenLines
from tests.unit.plugin.own_functions import ADVICE, PARTS, PREPARED, SCHEMA

ROWS = "INSERT INTO t VALUES ('Ann'), ('Bob'), ('STRASSE')"
REBUILD = (
    "CREATE TABLE u(nick TEXT COLLATE FOLDED PRIMARY KEY CHECK (fold(nick) <> ''),"
    " key AS (fold(nick)) STORED);"
    "INSERT INTO u(nick) SELECT name FROM t ORDER BY fold(name); DROP TABLE t;"
    "ALTER TABLE u RENAME TO t; CREATE INDEX j ON t(fold(nick)) WHERE nick > 'a' COLLATE FOLDED"
)
VIEW = "CREATE VIEW v AS SELECT fold(nick) AS n FROM t ORDER BY nick"
STEPS = {1: SCHEMA, 2: REBUILD, 3: VIEW}


def stored(root: Path, *names: int, **settings: object) -> History:
    """The application, and its snapshots with rows; they need what it registers."""
    made = application(root, STEPS, connection=PARTS)
    made.store.folder.path.mkdir()
    for version in names:
        with closing(made.fresh.image(1).connect()) as conn:
            conn.execute(ROWS)
            conn.commit()
            for step in range(2, version + 1):
                made.application.source.upgrade(conn, step)
            content = Image.of_connection(conn).content
        made.store.folder.file(SnapshotName(version)).write_bytes(content)
    lock(made, released=(1, 2, 3))
    return application(root, STEPS, **settings)


def judged(history: History) -> dict[str, Verdict]:
    cells = list_cells(history, all_checks())
    found = JudgedCells(cells, all_checks())
    return {cell.name: found.verdict(cell) for cell in cells}


def statements(*texts: str) -> dict[str, str]:
    return {f"statement {number}": text for number, text in enumerate(texts)}


def test_every_cell_is_ok_where_the_connections_are_prepared(tmp_path: Path) -> None:
    asked = statements("SELECT fold(n) FROM v", "SELECT nick FROM t ORDER BY nick COLLATE FOLDED")
    found = judged(stored(tmp_path, 1, 2, 3, connection=PARTS, statements=asked))
    assert len(found) == 18
    assert {name for name, one in found.items() if one.findings or one.cause} == set()


def test_a_source_may_prepare_its_connections_itself(tmp_path: Path) -> None:
    history = stored(tmp_path, 1, 2, 3)
    ((_, prepare),) = PARTS
    history.application.source.prepare = prepare  # type: ignore[attr-defined]
    assert [one for one in judged(history).values() if one.findings or one.cause] == []


MESSAGE = (
    "table t needs the collation FOLDED, the function fold; index i needs the function fold: the"
    f" application adds that to its own connections. Name the function that does: {ADVICE}"
)


def test_without_them_there_is_one_message_for_all_cells(tmp_path: Path) -> None:
    found = judged(stored(tmp_path, 1))
    findings = [finding for verdict in found.values() for finding in verdict.findings]
    stories = {(one.headline, *one.lines) for one in findings if one.version is None}
    assert {" ".join(lines[1:]) for lines in stories} == {MESSAGE}
    assert {lines[0] for lines in stories} == {
        "table t needs the collation FOLDED, the function fold; in..."
    }
    # A fresh database lacks what the stored one lacks: it is the same thing, and told once.
    things = [one.things for one in findings]
    assert all(one <= things[0] for one in things)
    assert {name for name, one in found.items() if not one.findings and not one.cause} == set()
    everything = " ".join(" ".join((one.headline, *one.lines)) for one in findings)
    assert "broken" not in everything
    assert "volatile" not in everything


def test_a_step_that_raises_for_it_says_where_and_what_to_write(tmp_path: Path) -> None:
    history = application(tmp_path, {1: "CREATE TABLE t(a)", 2: "UPDATE t SET a = fold(a)"})
    assert told(history, "0002", "again") == (
        "0002_step.py failed\n"
        "the step to 0002 raised OperationalError: no such function: fold\n"
        "\n"
        "SQLite has no function fold. Where the application adds it to its own\n"
        "connections, name the function that does: migration_connection =\n"
        '"app.db:prepare" (docs/howto/functions-and-collations.md). Else mend its\n'
        "name."
    )
    prepared = application(tmp_path, dict(history.application.source.steps), connection=PARTS)
    assert told(prepared, "0002", "again") == ""


def test_what_the_runner_registers_itself_is_missed_by_every_other_connection(
    tmp_path: Path,
) -> None:
    def register(conn: sqlite3.Connection) -> None:
        conn.create_function("fold", 1, str, deterministic=True)
        conn.execute("CREATE TABLE t(a CHECK (fold(a) <> ''))")

    history = application(tmp_path, {1: register})
    expected = (
        "table t needs the function fold: the application adds that to its own connections. Name"
        f" the function that does: {ADVICE}"
    )
    with pytest.raises(MissingNameError) as caught:
        take_survey(history)
    assert str(caught.value) == expected
    with pytest.raises(FreshFailedError) as failed:
        history.fresh.image(1)
    assert str(failed.value) == f"a fresh database cannot be built: {expected}"


def test_the_commands_say_it_once(tmp_path: Path) -> None:
    with pytest.raises(MissingNameError) as caught:
        take_survey(stored(tmp_path, 1, 2))
    assert str(caught.value) == MESSAGE


def test_a_full_text_index_of_a_view_needs_what_the_view_needs(tmp_path: Path) -> None:
    steps = {
        1: "CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
        "CREATE VIEW v AS SELECT id, fold(a) AS a FROM t;"
        "CREATE VIRTUAL TABLE f USING fts5(a, content='v', content_rowid='id')"
    }
    history = application(tmp_path, steps)
    history.store.folder.path.mkdir()
    path = history.store.folder.file(SnapshotName(1))
    path.write_bytes(history.fresh.image(1).content)
    finding = told(history, "0001", "data")
    assert " ".join(finding.splitlines()[1:]) == (
        "view v needs the function fold: the application adds that to its own connections."
        f" Name the function that does: {ADVICE}"
    )
    assert told(application(tmp_path, steps, connection=PARTS), "0001", "data") == ""


def test_faults_retries_and_reopenings_are_prepared_too() -> None:
    with closing(Image(b"", PREPARED).connect()) as conn:
        conn.executescript(f"{SCHEMA}; {ROWS}; PRAGMA user_version = 1")
        before = Image.of_connection(conn)
    step = (
        "UPDATE t SET name = fold(name) WHERE name = 'strasse'",
        "CREATE TABLE u(a TEXT COLLATE FOLDED UNIQUE CHECK (fold(a) <> ''))",
        "INSERT INTO u SELECT name FROM t ORDER BY name",
    )
    wanted = [kind for kind in KINDS if kind.name != "power" and not kind.lacking]
    subject = Case(TenLines(steps={2: step}), before, 1, 2, "0001")
    struck = try_faults(subject, wanted).struck
    assert {one.point.kind for one in struck} == {kind.name for kind in wanted}
    assert [one for one in struck if one.broken] == []
    assert {one.left for one in struck} == {"old", "new"}
