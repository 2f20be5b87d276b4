"""The check ``down``: up, back and up again on every database that is stored one step before."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from pytest_pmd_migrations import IrreversibleError
from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.checks.down import DOWN
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.declared.declarations import Condition, Declarations

from tests.every import for_every
from tests.unit.plugin.built_application import Notes, Up, store, told, verdict

UP = {
    1: "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)",
    2: "ALTER TABLE notes ADD COLUMN done INTEGER NOT NULL DEFAULT 0",
}
DROPS = "ALTER TABLE notes DROP COLUMN done"
FORGETS = (
    "CREATE TABLE new(id INTEGER PRIMARY KEY, title TEXT);"
    " INSERT INTO new(id) SELECT id FROM notes; DROP TABLE notes; ALTER TABLE new RENAME TO notes"
)
INTRO = (
    "0002_step.py cannot be taken back\n"
    "Taken up and back, a database must have the schema of a fresh one of the\n"
    "version before, and all rows that it had; taken up again, it must be what it\n"
    "was.\n"
    "\n"
    "  upgraded from 0001:\n"
)
END = "\n\nMend its way down, or let it say that there is none."


class Reversible(Notes):
    """A source that can take its steps back."""

    down: Mapping[int, Up] = {}

    def downgrade(self, conn: sqlite3.Connection, version: int) -> None:
        sql = self.down[version]
        if callable(sql):
            sql(conn)
            return
        if sql.startswith("no way"):
            raise IrreversibleError(sql)
        before = max((one for one in self.versions() if one < version), default=0)
        conn.executescript(f"BEGIN; {sql}; PRAGMA user_version = {before}; COMMIT")


def history(folder: Path, down: Up, **more: object) -> History:
    source = Reversible(folder / "steps", {**UP, **more.get("up", {})})  # type: ignore[dict-item]  # steps
    source.down = {1: "DROP TABLE notes", 2: down}
    declared = more.get("declared", {})
    application = Application(source, declared=declared)  # type: ignore[arg-type]  # by version
    made = History(application, Store(SnapshotFolder(folder / "db"), application), Rules(down=True))
    store(made, "0001", f"{UP[1]}; INSERT INTO notes VALUES (1, 'one'), (2, 'two')")
    return made


@for_every(
    "down, wrong",
    [
        (DROPS, ""),
        ("SELECT 1", "    only in taken back column notes.done INTEGER"),
        (FORGETS, "    notes.title changed in 2 of 2 rows"),
        ("nonsense", '    down raised OperationalError: near "nonsense": syntax error'),
        ("CREATE TABLE kept(a); " + DROPS, "    only in taken back table kept (1 column)"),
    ],
)
def test_it_comes_back_whole_or_is_told(tmp_path: Path, down: str, wrong: str) -> None:
    found = told(history(tmp_path, down), "0002", "down")
    assert found == "" if not wrong else found.startswith(f"{INTRO}{wrong}"), found
    assert found == "" or found.endswith(END), found


INSERTS = f"{UP[2]}; INSERT INTO notes(id, title) VALUES ({{}}, 'new')"
UNFINISHED: dict[str, tuple[Up, str, str]] = {
    "a transaction": (
        lambda conn: conn.execute("BEGIN"),
        UP[2],
        "    down left its transaction open; expected a commit",
    ),
    "its version": (
        lambda conn: conn.executescript(DROPS),
        UP[2],
        "    down ended at 0002; expected 0001",
    ),
    "a row that is in the way": (
        DROPS,
        INSERTS.format(9),
        "    up again: the step to 0002 raised IntegrityError: UNIQUE constraint\n"
        "    failed: notes.id",
    ),
    "a row that is there twice then": (
        DROPS,
        INSERTS.format("NULL"),
        "    up again: other rows in table notes than the first time",
    ),
}


@for_every("down, up, wrong", UNFINISHED.values(), ids=UNFINISHED)
def test_what_it_leaves_behind_is_told(tmp_path: Path, down: Up, up: str, wrong: str) -> None:
    found = told(history(tmp_path, down, up={2: up}), "0002", "down")
    assert found.startswith(f"{INTRO}{wrong}"), found
    assert found.endswith(END), found


def test_one_that_says_it_has_no_way_back_is_not_asked(tmp_path: Path) -> None:
    found = verdict(history(tmp_path, "no way: titles were merged"), "0002", "down")
    assert found.findings == ()
    assert found.unasked is not None
    assert found.unasked.text == "irreversible: no way: titles were merged"


def test_rows_that_the_migration_declares_may_go(tmp_path: Path) -> None:
    declared = {
        2: Declarations(deletes={"notes.title": Condition("title IS NOT NULL", "not kept")})
    }
    found = told(history(tmp_path, FORGETS, declared=declared), "0002", "down")
    assert found == ""


def test_the_first_one_leaves_nothing(tmp_path: Path) -> None:
    made = history(tmp_path, DROPS)
    assert told(made, "0001", "down") == ""
    made.application.source.down = {1: "ALTER TABLE notes RENAME TO kept", 2: DROPS}  # type: ignore[attr-defined]  # Reversible
    assert "only in taken back" in told(made, "0001", "down")


def test_it_is_asked_where_the_setting_says_so_and_the_source_can(tmp_path: Path) -> None:
    made = history(tmp_path, DROPS)
    assert DOWN.applies(made)
    assert not DOWN.applies(History(made.application, made.store, Rules()))
    plain = Application(Notes(tmp_path / "plain", UP))
    assert not DOWN.applies(History(plain, made.store, Rules(down=True)))
