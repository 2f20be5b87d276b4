"""Projects whose migrations are a list in Python, or functions of sqlite-utils: six steps each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.tried_project import TriedProject

PROJECTS = Path(__file__).parent / "projects"
SETTINGS = """\
[tool.pytest.ini_options]
migration_source = "{source}"
migration_rows = "rows.toml"
{more}"""
SOURCES = {
    "list": ("list", "db:MIGRATIONS", ""),
    "named list": ("list", "db:MIGRATIONS", 'migration_applied = "_applied.name"\n'),
    "sqlite-utils": ("sqlite-utils", "db:migrations", ""),
}
ADDS_DONE = {
    "list": "ADD COLUMN done INTEGER NOT NULL DEFAULT 0",
    "sqlite-utils": 'add_column("done", int, not_null_default=0)',
}


@pytest.fixture(params=SOURCES, ids=lambda name: name.replace(" ", "-"))
def tried(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, TriedProject]:
    folder, source, more = SOURCES[request.param]
    project = TriedProject(PROJECTS / folder, tmp_path)
    settings = SETTINGS.format(source=source, more=more)
    (project.path / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder, project.released()


def test_six_steps_are_green_and_an_edited_one_is_blamed(
    tried: tuple[str, TriedProject],
) -> None:
    kind, project = tried
    good = project.matrix("-n2")
    assert good.code == 0, good.text
    told = "24 ok, 6 none" if kind == "list" else "30 ok"
    assert f"6 snapshots, 6 migrations: {told}" in good.text
    old = ADDS_DONE[kind]
    project.edit("db.py", old, old.replace("0", "1"))
    edited = project.matrix("--migration-checks=frozen")
    assert edited.failed == {("0002", "frozen")}, edited.text
    assert "db.py was edited after release" in edited.text


def test_a_step_that_stops_half_way_is_torn_where_its_own_runner_is_asked(
    tmp_path: Path,
) -> None:
    project = TriedProject(PROJECTS / "sqlite-utils", tmp_path)
    settings = SETTINGS.format(source="db:migrations", more="")
    (project.path / "pyproject.toml").write_text(settings, encoding="utf-8")
    project.edit(
        "db.py", "@migrations()\ndef rebuild", "@migrations(transactional=False)\ndef rebuild"
    )
    project.edit(
        "db.py",
        'db["notes"].transform(',
        'db["notes"].add_column("half", int)\n    db["notes"].transform(drop={"half"}, ',
    )
    torn = project.released().matrix("--migration-checks=atomic")
    assert {row for row, _ in torn.failed} == {"0005"}, torn.text
    assert "is not atomic" in torn.text


def test_a_function_that_is_inserted_after_release_is_told(tmp_path: Path) -> None:
    project = TriedProject(PROJECTS / "sqlite-utils", tmp_path)
    settings = SETTINGS.format(source="db:migrations", more="")
    (project.path / "pyproject.toml").write_text(settings, encoding="utf-8")
    project.released()
    project.edit(
        "db.py",
        "@migrations()\ndef add_done",
        '@migrations()\ndef colours(db):\n    db["notes"].add_column("colour", str)\n\n\n'
        "@migrations()\ndef add_done",
    )
    noted = project.matrix("--migration-checks=schema,frozen")
    assert noted.failed == {("0007", "frozen")}, noted.text
    assert "0007 colours of db.py was inserted before a release" in noted.text
    assert "they end with different schemas" in noted.text, noted.text
