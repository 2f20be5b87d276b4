"""A folder is recognised as one tool's, by what stands in it, and as no other's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.sql_folder.choose import DIALECTS as KNOWN

from tests.tools.sql_folder.projects import DIALECTS, STEPS, write_scripts

FOLDER = "db/migrations"


def resolved(root: Path, dialect: str = "", text: str = FOLDER) -> object:
    settings = {"migration_dialect": dialect, "migration_versions": "", "migration_applied": ""}
    config = SimpleNamespace(getini=settings.__getitem__)
    return resolve_source(text, root=root, config=config)


def said(root: Path, dialect: str = "", text: str = FOLDER) -> str:
    with pytest.raises(SettingError) as caught:
        resolved(root, dialect, text)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"migration_source {text!r}: ")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def runner(root: Path) -> str:
    return str(getattr(resolved(root), "runner", ""))


def test_every_dialect_has_a_project() -> None:
    assert {*DIALECTS} == {*KNOWN}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_folder_of_a_tool_is_recognised_as_its_own(dialect: str, tmp_path: Path) -> None:
    write_scripts(dialect, tmp_path / FOLDER)
    assert runner(tmp_path).startswith(f"the rules of {dialect}: ")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_script_alone_is_recognised(dialect: str, tmp_path: Path) -> None:
    write_scripts(dialect, tmp_path / FOLDER, STEPS[:1])
    assert runner(tmp_path).startswith(f"the rules of {dialect}: ")


def test_what_both_pmd_and_a_tool_could_have_written_is_pmds_unless_something_says_so(
    tmp_path: Path,
) -> None:
    cases = {
        "plain": ({"0001_a.sql": "CREATE TABLE a(b);"}, "pmd"),
        "a word in a string": ({"0001_a.sql": "SELECT '-- migrate:up';"}, "pmd"),
        "a module beside": (
            {"0001_a.sql": "-- Add migration script here\n", "0002_b.py": "VERSION = 2\n"},
            "",
        ),
        "dbmate": ({"0001_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"}, "dbmate"),
        "sqlx by its template": ({"0001_a.sql": "-- Add migration script here\n"}, "sqlx"),
        "sqlx by Cargo.toml": (
            {"0001_a.sql": "SELECT 1;", "../Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'},
            "sqlx",
        ),
        "another crate": (
            {"0001_a.sql": "SELECT 1;", "../Cargo.toml": '[dependencies]\nserde = "1"\n'},
            "pmd",
        ),
        "sqlx by the moment": ({"20240101120000_a.sql": "SELECT 1;"}, "sqlx"),
        "sqlx with directions": (
            {
                "1_a.up.sql": "-- Add up migration script here\n",
                "1_a.down.sql": "-- Add down migration script here\n",
            },
            "sqlx",
        ),
        "sqlx with some directions": ({"1_a.sql": "SELECT 1;", "2_b.up.sql": "SELECT 1;"}, "sqlx"),
        "refinery": (
            {"V1__a.sql": "SELECT 1;", "../Cargo.toml": "[dependencies.refinery]\n"},
            "refinery",
        ),
        "drizzle": (
            {
                "0000_a.sql": "SELECT 1;",
                "meta/_journal.json": '{"entries": [{"tag": "0000_a", "when": 1}]}',
            },
            "drizzle",
        ),
    }
    for name, (files, expected) in cases.items():
        root = write(tmp_path / name.replace(" ", "-"), files)
        if expected == "":
            assert "two dialects" in said(root), name
        elif expected == "pmd":
            assert isinstance(resolved(root), FilesSource), name
        else:
            assert runner(root).startswith(f"the rules of {expected}: "), name


def test_the_setting_names_the_tool_or_pmd(tmp_path: Path) -> None:
    write(tmp_path, {"0001_a.sql": "-- Add migration script here\nCREATE TABLE a(b);\n"})
    assert isinstance(resolved(tmp_path, "pmd"), FilesSource)
    found = resolved(tmp_path, "sqlx")
    assert getattr(found, "runner", "") == "the rules of sqlx: migration_dialect"
    assert said(tmp_path, "gose") == (
        "migration_dialect 'gose' is not known; expected one of flyway, golang-migrate, dbmate,"
        " goose, sqlx, diesel, refinery, drizzle, prisma, pmd. Did you mean 'goose'?"
    )
    assert said(tmp_path, "goose") == "0001_a.sql has no line '-- +goose Up'"
    assert said(tmp_path, "dbmate") == "0001_a.sql has no line '-- migrate:up'"
    assert said(tmp_path, "drizzle") == (
        "meta/_journal.json is not there, which tells drizzle the order"
    )
    assert said(tmp_path, "flyway") == (
        "there are no migrations of flyway in migrations; expected files such as V1__initial.sql"
    )
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").write_text("")
    (tmp_path / "app/steps.py").write_text(
        "class MigrationRunner:\n    pass\nSTEPS = ['SELECT 1']\n"
    )
    assert "migration_dialect 'goose' is for a folder of SQL scripts" in said(
        tmp_path, "goose", "pmd.store.migrations"
    )


def test_two_dialects_in_one_folder_are_named_with_a_file_of_each(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "00001_a.sql": "-- +goose Up\nSELECT 1;\n",
            "00002_b.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n",
        },
    )
    assert said(tmp_path) == (
        "there are two dialects in one folder: 00001_a.sql is as goose has it, and 00002_b.sql as"
        ' dbmate; expected one. Move the one away, or say which: migration_dialect = "goose"'
    )
    root = write(tmp_path / "other", {"V1__a.sql": "SELECT 1;", "0002_b.sql": "SELECT 1;"})
    assert "0002_b.sql is as pmd has it, and V1__a.sql as flyway" in said(root)


def test_what_a_tool_would_refuse_is_told_in_one_line(tmp_path: Path) -> None:
    up, down = "-- migrate:up\n", "-- migrate:down\n"
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\n"
    expected_journal = (
        'expected {"entries": [{"tag": "0000_initial", "when": 1700000000000}]}. Restore it'
    )
    cases: dict[str, tuple[dict[str, str], str]] = {
        "goose cuts": (
            {"1_a.sql": f"-- +goose Up\n{trigger}"},
            "1_a.sql, line 2: a statement that goose cuts at a ';' in it; expected"
            " '-- +goose StatementBegin' and '-- +goose StatementEnd' around it",
        ),
        "goose end": (
            {"1_a.sql": "-- +goose Up\nSELECT 1\n-- +goose Down\n"},
            "1_a.sql, line 2: a statement without a ';' at its end",
        ),
        "goose early": (
            {"1_a.sql": "SELECT 1;\n-- +goose Up\n"},
            "1_a.sql, line 1: a statement before '-- +goose Up'",
        ),
        "goose open": (
            {"1_a.sql": "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n"},
            "1_a.sql, line 4: no '-- +goose StatementEnd' after the last StatementBegin",
        ),
        "goose variables": (
            {"1_a.sql": "-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;\n"},
            "1_a.sql, line 2: variables, which only goose replaces (ENVSUB ON)",
        ),
        "goose up twice": (
            {"1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Up\n"},
            "1_a.sql, line 3: a second '-- +goose Up'",
        ),
        "goose far": (
            {f"{2**63}_a.sql": "-- +goose Up\nSELECT 1;\n", "(old).sql": "-- +goose Up\n"},
            f"{2**63}_a.sql has a number over {2**63 - 1}; expected one that the tool can hold",
        ),
        "goose in Go": (
            {"1_a.sql": "-- +goose Up\nSELECT 1;\n", "2_b.go": "package migrations\n"},
            "2_b.go is a migration in Go, which cannot be run here; expected SQL scripts alone."
            " Name a source of your own, or a command",
        ),
        "goose twice": (
            {"1_a.sql": "-- +goose Up\nSELECT 1;\n", "01_b.sql": "-- +goose Up\nSELECT 1;\n"},
            "two migrations have the id 1: 01_b.sql and 1_a.sql; expected one. Renumber the newer"
            " one",
        ),
        "dbmate down": (
            {"1_a.sql": f"{up}SELECT 1;\n"},
            "1_a.sql has no line '-- migrate:down' after its up part",
        ),
        "dbmate mark": (
            {"1_a.sql": f"\ufeff{up}SELECT 1;\n{down}"},
            "1_a.sql has no line '-- migrate:up' for dbmate: a byte order mark stands before it."
            " Save the script without",
        ),
        "dbmate before": (
            {"1_a.sql": f"SELECT 1;\n{up}{down}"},
            "1_a.sql has a statement before '-- migrate:up'",
        ),
        "diesel": (
            {"1_a/up.sql": "SELECT 1;", "2_b/down.sql": "SELECT 1;"},
            "2_b has no up.sql, which diesel insists on",
        ),
        "prisma": (
            {"1_a/migration.sql": "SELECT 1;", "2_b/notes.txt": ""},
            "2_b has no migration.sql, which prisma insists on",
        ),
        "diesel empty": ({"1_a/up.sql": ""}, "1_a/up.sql is empty, which diesel refuses"),
        "drizzle": (
            {"meta/_journal.json": '{"entries": [{"tag": "0000_a", "when": 1}]}'},
            "meta/_journal.json names 0000_a, and there is no 0000_a.sql. Restore it",
        ),
        "drizzle, two statements in one": (
            {
                "0000_a.sql": "CREATE TABLE a(x);\n--> statement-breakpoint\n\nCREATE TABLE b(x);\n"
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;; -- done\n",
                "meta/_journal.json": '{"entries": [{"tag": "0000_a", "when": 1}]}',
            },
            "0000_a.sql, line 4: 2 statements without --> statement-breakpoint between them, which"
            " drizzle hands to the driver as one: better-sqlite3 refuses that, and libsql runs the"
            " first alone. Write a line with it between them",
        ),
        "drizzle, none": (
            {
                "0000_a.sql": "CREATE TABLE a(x);; -- one\n--> statement-breakpoint\n-- that's it",
                "meta/_journal.json": '{"entries": [{"tag": "0000_a", "when": 1}]}',
            },
            "0000_a.sql, line 2: no statement before the next --> statement-breakpoint or the end,"
            " which makes drizzle's drivers fail. Take out that line, or the script",
        ),
        "drizzle journal": (
            {"meta/_journal.json": "{}"},
            f'meta/_journal.json cannot be read: it has no list "entries"; {expected_journal}',
        ),
        "drizzle journal of one entry": (
            {"meta/_journal.json": '{"entries": [{"tag": "0000_a"}]}'},
            "meta/_journal.json cannot be read: its entry 0 is {'tag': '0000_a'};"
            f" {expected_journal}",
        ),
        "drizzle journal cut off": (
            {"meta/_journal.json": '{"entries": ['},
            "meta/_journal.json cannot be read: it is no JSON: Expecting value: line 1 column 14"
            f" (char 13); {expected_journal}",
        ),
        "flyway": (
            {"V1__a.sql": "-- one\nINSERT INTO ${schema}.a VALUES (1);"},
            "V1__a.sql, line 2: a placeholder ${schema}, which only flyway replaces",
        ),
        "flyway twice": (
            {"V1__a.sql": "SELECT 1;", "more/V1.0__b.sql": "SELECT 1;"},
            "two migrations have the id V1: more/V1.0__b.sql and V1__a.sql; expected one."
            " Renumber the newer one",
        ),
        "refinery": (
            {"V1__a.sql": "SELECT 1;", "V2__b.rs": "pub fn migration() {}"},
            "V2__b.rs is a migration in Rust, which cannot be run here; expected SQL scripts alone."
            " Name a source of your own, or a command",
        ),
    }
    cases["refinery far"] = (
        {
            "../Cargo.toml": "[dependencies.refinery]\n",
            "helper.rs": "pub fn help() {}",
            "A.sql": "",
            f"V{2**63}__a.sql": "SELECT 1;",
        },
        f"V{2**63}__a.sql has a number over {2**63 - 1}",
    )
    for name, (files, expected) in cases.items():
        assert said(write(tmp_path / name.replace(" ", "-"), files)) == expected, name


def test_a_script_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    root = write(tmp_path, {"1_a.sql": "-- +goose Up\nSELECT 1;\n"})
    (root / FOLDER / "2_b.sql").write_bytes(b"-- +goose Up\nSELECT '\xff';\n")
    assert said(root).endswith("2_b.sql, line 2: byte 0xff is no UTF-8. Save the script as UTF-8")


def test_an_empty_folder_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    assert "has no migrations; expected at least one" in said(tmp_path)
    assert said(tmp_path, "prisma") == (
        "there are no migrations of prisma in migrations; expected files such as"
        " 20240101120000_initial/migration.sql"
    )
