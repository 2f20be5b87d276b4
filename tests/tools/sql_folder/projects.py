"""One history of six steps, written as each tool has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["DIALECTS", "STEPS", "Step", "edited", "write_project", "write_scripts"]


@dataclass(frozen=True)
class Step:
    """What one migration is called, and its SQL in both directions."""

    name: str
    up: Sequence[str]
    down: str


_TRIGGER = """\
CREATE TRIGGER tags_trimmed AFTER INSERT ON tags BEGIN
  -- spaces; and tabs
  UPDATE tags SET tag = trim(new.tag) WHERE rowid = new.rowid;
  UPDATE notes SET title = CASE WHEN title = '' THEN 'a; note' ELSE title END;
END"""

STEPS = (
    Step(
        "create_notes",
        ["CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL)"],
        "DROP TABLE notes",
    ),
    Step(
        "add_body",
        ["ALTER TABLE notes ADD COLUMN body TEXT NOT NULL DEFAULT ''"],
        "ALTER TABLE notes DROP COLUMN body",
    ),
    Step(
        "create_tags",
        [
            "CREATE TABLE tags (note INTEGER NOT NULL REFERENCES notes(id), tag TEXT NOT NULL)",
            _TRIGGER,
        ],
        "DROP TABLE tags",
    ),
    Step(
        "fill_bodies",
        ["UPDATE notes SET body = 'none; yet' WHERE body = ''"],
        "SELECT 1",
    ),
    Step(
        "rebuild_tags",
        [
            "CREATE TABLE tags_new (id INTEGER PRIMARY KEY, note INTEGER NOT NULL"
            " REFERENCES notes(id), tag TEXT NOT NULL)",
            "INSERT INTO tags_new (note, tag) SELECT note, tag FROM tags",
            "DROP TABLE tags",
            "ALTER TABLE tags_new RENAME TO tags",
            _TRIGGER,
        ],
        "SELECT 1",
    ),
    Step(
        "create_settings", ["CREATE TABLE settings (name TEXT, value TEXT)"], "DROP TABLE settings"
    ),
)


def _script(statements: Sequence[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements)


def _goose(folder: Path, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        ups = [
            f"-- +goose StatementBegin\n{one};\n-- +goose StatementEnd\n"
            if "\n" in one
            else f"{one};\n"
            for one in step.up
        ]
        text = f"-- +goose Up\n{''.join(ups)}\n-- +goose Down\n{step.down};\n"
        (folder / f"{number:05d}_{step.name}.sql").write_text(text)


def _dbmate(folder: Path, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        text = f"-- migrate:up\n{_script(step.up)}\n-- migrate:down\n{step.down};\n"
        (folder / f"{_stamp(number)}_{step.name}.sql").write_text(text)


def _golang_migrate(folder: Path, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        (folder / f"{number:06d}_{step.name}.up.sql").write_text(_script(step.up))
        (folder / f"{number:06d}_{step.name}.down.sql").write_text(f"{step.down};\n")


def _sqlx(folder: Path, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        text = f"-- Add migration script here\n{_script(step.up)}"
        (folder / f"{_stamp(number)}_{step.name}.sql").write_text(text)


def _diesel(folder: Path, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        inner = folder / f"2024-01-{number:02d}-120000_{step.name}"
        inner.mkdir(exist_ok=True)
        (inner / "up.sql").write_text(_script(step.up))
        (inner / "down.sql").write_text(f"{step.down};\n")


def _flyway(folder: Path, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        version = "1.1" if number == 2 else str(number)
        (folder / f"V{version}__{step.name}.sql").write_text(_script(step.up))
        (folder / f"U{version}__{step.name}.sql").write_text(f"{step.down};\n")


def _refinery(folder: Path, steps: Sequence[Step]) -> None:
    (folder.parent / "Cargo.toml").write_text('[dependencies]\nrefinery = "0.9"\n')
    for number, step in enumerate(steps, start=1):
        (folder / f"V{number}__{step.name}.sql").write_text(_script(step.up))


def _drizzle(folder: Path, steps: Sequence[Step]) -> None:
    entries = []
    for number, step in enumerate(steps):
        tag = f"{number:04d}_{step.name}"
        text = "\n--> statement-breakpoint\n".join(f"{one};" for one in step.up)
        (folder / f"{tag}.sql").write_text(text)
        when = 1_700_000_000_000 + number
        entries.append(
            {"idx": number, "version": "6", "when": when, "tag": tag, "breakpoints": True}
        )
    (folder / "meta").mkdir(exist_ok=True)
    journal = {"version": "7", "dialect": "sqlite", "entries": entries}
    (folder / "meta/_journal.json").write_text(json.dumps(journal, indent=2))


def _prisma(folder: Path, steps: Sequence[Step]) -> None:
    (folder / "migration_lock.toml").write_text('provider = "sqlite"\n')
    for number, step in enumerate(steps, start=1):
        inner = folder / f"{_stamp(number)}_{step.name}"
        inner.mkdir(exist_ok=True)
        (inner / "migration.sql").write_text(_script(step.up))


def _stamp(number: int) -> str:
    return f"202401{number:02d}120000"


DIALECTS: Mapping[str, Callable[[Path, Sequence[Step]], None]] = {
    "flyway": _flyway,
    "golang-migrate": _golang_migrate,
    "dbmate": _dbmate,
    "goose": _goose,
    "sqlx": _sqlx,
    "diesel": _diesel,
    "refinery": _refinery,
    "drizzle": _drizzle,
    "prisma": _prisma,
}


def write_scripts(dialect: str, folder: Path, steps: Sequence[Step] = STEPS) -> Path:
    """Write a folder of scripts as a tool has it; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    DIALECTS[dialect](folder, steps)
    return folder


def write_project(dialect: str, root: Path, steps: Sequence[Step] = STEPS) -> Path:
    """Write a project whose settings name such a folder; return the folder."""
    (root / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmigration_source = "db/migrations"\n'
        'migration_rows = "rows.toml"\n'
    )
    (root / "rows.toml").write_text(
        '[0004.changes]\n"notes.body" = ["body <> \'none; yet\'", "empty ones"]\n'
    )
    return write_scripts(dialect, root / "db/migrations", steps)


def edited(steps: Sequence[Step] = STEPS) -> Sequence[Step]:
    """Return the same history with its second step edited after release."""
    up = ["ALTER TABLE notes ADD COLUMN body TEXT NOT NULL DEFAULT 'empty'"]
    return [replace(step, up=up) if step.name == "add_body" else step for step in steps]
