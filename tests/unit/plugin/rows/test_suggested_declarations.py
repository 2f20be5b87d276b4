"""The declaration that a finding proposes is written as the source's migrations declare it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.rows.suggested_declaration import (
    SuggestedDeclaration,
    declare,
    declare_moves,
)
from pytest_pmd_migrations.sources.declared.declarations import Declarations
from pytest_pmd_migrations.sources.declared.parse_declarations import read_module, read_rows_file
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.numbered.numbered_files import MigrationFile

from tests.every import for_every
from tests.unit.plugin.built_application import Notes, application

WHERE = "where that is meant, declare it in the file of migration_rows:"


@for_every(
    "suggested, in_module, in_toml",
    [
        (
            declare("DELETES", "notes"),
            ['  DELETES = {"notes": ("1", "<reason>")}'],
            ["  [0008.deletes]", '  "notes" = ["1", "<reason>"]'],
        ),
        (
            declare("DELETES", "notes.title", "DROP"),
            ['  DELETES = {"notes.title": ("DROP", "<reason>")}'],
            ["  [0008.deletes]", '  "notes.title" = ["DROP", "<reason>"]'],
        ),
        (
            declare("CHANGES", "a_table_with_a_long_name.and_a_column_of_it_all"),
            [
                '  CHANGES = {"a_table_with_a_long_name.and_a_column_of_it_all":',
                '    ("1", "<reason>")}',
            ],
            [
                "  [0008.changes]",
                '  "a_table_with_a_long_name.and_a_column_of_it_all" = [',
                '    "1",',
                '    "<reason>",',
                "  ]",
            ],
        ),
        (
            declare("DELETES", "notes", "title NOT IN (SELECT title FROM books_that_were_read)"),
            [
                '  DELETES = {"notes":',
                '    ("title NOT IN (SELECT title FROM books_that_were_read)",',
                '     "<reason>")}',
            ],
            [
                "  [0008.deletes]",
                '  "notes" = [',
                '    "title NOT IN (SELECT title FROM books_that_were_read)",',
                '    "<reason>",',
                "  ]",
            ],
        ),
        (
            declare_moves("notes.title", "texts.title"),
            ['  MOVES = {"notes.title": "texts.title"}'],
            ["  [0008.moves]", '  "notes.title" = "texts.title"'],
        ),
        (
            declare_moves("a_table_with_a_long_name.title", "books.title", "films.title_of_it"),
            [
                '  MOVES = {"a_table_with_a_long_name.title":',
                '    ("books.title", "films.title_of_it")}',
            ],
            [
                "  [0008.moves]",
                '  "a_table_with_a_long_name.title" = [',
                '    "books.title",',
                '    "films.title_of_it",',
                "  ]",
            ],
        ),
    ],
)
def test_the_lines(
    suggested: SuggestedDeclaration, in_module: list[str], in_toml: list[str]
) -> None:
    assert suggested.lines() == ("where that is meant, declare it:", *in_module)
    assert suggested.lines("0008") == (WHERE, *in_toml)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
conditions = st.sampled_from(["a = 1", "a NOT IN (SELECT b FROM the_others WHERE b IS NOT NULL)"])


@given(names, names, st.sampled_from(["DELETES", "CHANGES", "MOVES"]), conditions)
def test_what_is_proposed_is_read_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, table: str, column: str, kind: str, condition: str
) -> None:
    """Whole as it is printed, whether in one line or in several."""
    name = f"{table}.{column}"
    moved = declare_moves(name, f"x.{column}")
    made = moved if kind == "MOVES" else declare(kind, name, condition)
    module = ModuleType("migration")
    exec("\n".join(line[2:] for line in made.lines()[1:]), vars(module))
    path = tmp_path_factory.getbasetemp() / "rows.toml"
    written = "\n".join(made.lines("notes.0008")[1:])
    path.write_text(written, encoding="utf-8", newline="\n")
    declared = read_module(module, Path("0008_x.py"))
    assert declared != Declarations()
    assert read_rows_file(path, source="notes") == {8: declared}


def test_a_module_declares_in_itself_and_any_other_source_in_the_file(tmp_path: Path) -> None:
    paths = (tmp_path / "0001_a.py", tmp_path / "0002_b.sql")
    for path in paths:
        path.write_text("")
    files = tuple(MigrationFile(number, path) for number, path in enumerate(paths, 1))
    numbered = FilesSource("app", tmp_path, files, lambda _: None, lambda _: Declarations())
    history = application(tmp_path, {}, source=numbered)
    assert [history.application.declaration_table(version) for version in (1, 2)] == ["", "0002"]
    own = application(tmp_path, {}, source=Notes(tmp_path / "app", {1: "SELECT 1"}), name="notes")
    assert own.application.declaration_table(1) == "notes.0001"
