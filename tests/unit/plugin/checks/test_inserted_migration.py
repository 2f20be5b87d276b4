"""A migration that its runner applies to a new database before released ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder

from tests.every import for_every
from tests.unit.plugin.built_application import Notes, again, lock, store, told, verdict

ORDER_MATTERS = (
    "INSERT without column names, and SELECT *, see the order. Where the\n"
    'application has neither: migration_column_order = "ignore"\n\n'
)

STEPS = {
    1: "CREATE TABLE notes(id INTEGER PRIMARY KEY)",
    2: "ALTER TABLE notes ADD COLUMN title TEXT",
}
INDEX = "CREATE INDEX IF NOT EXISTS by_id ON notes(id)"
COPY = "CREATE TABLE IF NOT EXISTS copy AS SELECT * FROM notes"
COLUMN = "ALTER TABLE notes ADD COLUMN colour TEXT"


class Named(Notes):
    """A source of names: the table ``applied`` has those that were applied."""

    applies = "set"
    bookkeeping = ("applied",)
    order: Sequence[int] = (1, 2)

    def own_order(self) -> Sequence[int]:
        return self.order

    def label(self, version: int) -> str:
        return f"step-{version}"

    def applied(self, conn: sqlite3.Connection) -> Sequence[str]:
        there = conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'applied'").fetchone()
        return [row[0] for row in conn.execute("SELECT name FROM applied")] if there else []

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        for version in self.order:
            if version <= to and self.label(version) not in self.applied(conn):
                conn.execute("CREATE TABLE IF NOT EXISTS applied(name TEXT)")
                conn.execute(str(self.steps[version]))
                conn.execute("INSERT INTO applied VALUES (?)", (self.label(version),))
                conn.commit()


def history(folder: Path, inserted: str, applies: str = "set") -> History:
    """Two released versions, and a third that comes between them in a new database."""
    source = Named(folder / "steps", STEPS)
    application = Application(source)
    rules = Rules().besides(source.bookkeeping)
    made = History(application, Store(SnapshotFolder(folder / "db"), application), rules)
    for version in (1, 2):
        versions = range(1, version + 1)
        steps = "; ".join(STEPS[one] for one in versions)
        marks = ", ".join(f"('step-{one}')" for one in versions)
        applied = f"CREATE TABLE applied(name TEXT); INSERT INTO applied VALUES {marks}"
        store(made, f"{version:04d}", f"{steps}; {applied}")
    made = lock(made, released=(1, 2))
    source.steps[3] = inserted
    source.location(3).path.write_text(inserted)
    source.order, source.applies = (1, 3, 2), applies
    return again(made)


@for_every(
    "inserted, applies, text",
    [
        (INDEX, "set", ""),
        (
            COLUMN,
            "set",
            "0003_step.py was inserted before a release\n"
            "A new database gets it before 0002 step-2, a released one after it, and they\n"
            "end with different schemas:\n"
            "  order              columns of notes\n",
        ),
        (
            INDEX,
            "highest",
            "0003_step.py was inserted before a release\n"
            "0002 step-2 is released and comes after it: the runner applies what is above\n"
            "the highest one, so that databases at 0002 step-2 never get 0003 step-3.\n"
            "\n"
            "Let it come after the newest release.",
        ),
    ],
)
def test_it_is_told_where_released_databases_end_otherwise(
    tmp_path: Path, inserted: str, applies: str, text: str
) -> None:
    made = history(tmp_path, inserted, applies)
    if text:
        assert told(made, "0003", "frozen").startswith(text)
        return
    (note,) = verdict(made, "0003", "frozen").notes
    assert note.text == "comes before 0002 step-2 in a new database, and after it in a released one"
    assert told(made, "0002", "frozen") == ""


@for_every(
    "inserted, released, mend",
    [
        (COLUMN, (1, 2), f"{ORDER_MATTERS}Let it come after the newest release."),
        (
            COLUMN,
            (1, 2, 3),
            ORDER_MATTERS
            + "Else let a new migration rebuild the table, for all to have one order.",
        ),
        (COPY, (1, 2), "Let it come after the newest release."),
        (
            COPY,
            (1, 2, 3),
            "Both are released and stay as they are: let a new migration make the schemas\nalike.",
        ),
    ],
)
def test_what_mends_it_is_told_by_what_differs_and_by_what_is_released(
    tmp_path: Path, inserted: str, released: Sequence[int], mend: str
) -> None:
    made = lock(history(tmp_path, inserted), released=released)
    text = told(made, "0003", "frozen")
    first = "comes earlier in a new database" if 3 in released else "was inserted before a release"
    assert text.startswith(f"0003_step.py {first}\nA new database gets it before 0002 step-2,")
    assert text.endswith(f"\n\n{mend}")
    assert text.count("\n\n") == mend.count("\n\n") + 1
    rules = Rules(column_order="ignore").besides(("applied",))
    ignoring = History(made.application, made.store, rules)
    assert bool(told(ignoring, "0003", "frozen")) == (inserted == COPY)
