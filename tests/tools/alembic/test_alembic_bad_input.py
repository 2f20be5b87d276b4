"""What Alembic's environment may get wrong: one line each, and no database is touched."""

from __future__ import annotations

import importlib.metadata
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.alembic.borrowed import BorrowedConnection
from pytest_pmd_migrations.sources.resolve import resolve_source

pytest.importorskip("alembic", reason="Alembic is not installed in this environment")

NOTES = Path(__file__).parent / "projects/notes"
ENV = "alembic/env.py"
FIRST, SECOND, LAST = (
    f"alembic/versions/{name}.py"
    for name in (
        "9c1f0a77b2d4_create_notes",
        "4be2c19d0f63_add_pinned",
        "e6f39042d7b5_create_attachments",
    )
)
RUNS = "run_migrations_online()\n"
URL = "from sqlalchemy import create_engine\n"
EDITS: dict[str, tuple[str, str, str, str]] = {
    "a parent that is not there": (
        SECOND,
        'down_revision = "9c1f0a77b2d4"',
        'down_revision = "000000000000"',
        "a revision comes after '000000000000', by down_revision or depends_on, and no file in"
        " {root}/alembic/versions has that id; expected one",
    ),
    "a dependency that is not there": (
        SECOND,
        "depends_on = None",
        'depends_on = "gone"',
        "a revision comes after 'gone', by down_revision or depends_on, and no file in"
        " {root}/alembic/versions has that id; expected one",
    ),
    "a circle": (
        FIRST,
        "down_revision = None",
        'down_revision = "4be2c19d0f63"',
        "CommandError: Cycle is detected in revisions (1a88f2b94e07, 4be2c19d0f63, 73d5cc0b8a1e,"
        " 9c1f0a77b2d4, d07a5e6613c8, e6f39042d7b5)",
    ),
    "an id twice": (
        LAST,
        'revision = "e6f39042d7b5"\ndown_revision = "73d5cc0b8a1e"',
        'revision = "73d5cc0b8a1e"\ndown_revision = "1a88f2b94e07"',
        "Revision 73d5cc0b8a1e is present more than once; expected one file for each id",
    ),
    "no Python": (SECOND, "def upgrade", "def upgrade(", "SyntaxError: "),
    "no upgrade": (
        SECOND,
        "def upgrade",
        "def upgraded",
        "4be2c19d0f63_add_pinned.py has no function upgrade(); expected one",
    ),
    "env.py raises": (
        ENV,
        f"\n{RUNS}",
        '\nraise KeyError("SECRET")\n',
        "KeyError: 'SECRET' (alembic/env.py:41)",
    ),
    "env.py needs what is not there": (
        ENV,
        f"\n{RUNS}",
        "\nimport no_such_module\n",
        "ModuleNotFoundError: No module named 'no_such_module' (alembic/env.py:41)",
    ),
    "env.py leaves": (
        ENV,
        f"\n{RUNS}",
        "\nraise SystemExit(3)\n",
        "it ended Python by sys.exit(3) (alembic/env.py:41); expected that it runs to its end",
    ),
    "env.py migrates nothing": (
        ENV,
        f"\n{RUNS}",
        "\n",
        "RuntimeError: env.py migrated nothing; expected that it calls context.run_migrations()",
    ),
    "another dialect": (
        ENV,
        f"\n{RUNS}",
        f"\n{URL}import sqlite3\n"
        'create_engine("postgresql+pg8000://h/d", module=sqlite3).connect()',
        "env.py connects to postgresql by pg8000; expected SQLite, by the driver pysqlite or"
        " aiosqlite; nothing was connected",
    ),
    "another dialect, whose driver is not installed": (
        "alembic.ini",
        "sqlite:///notes.db",
        "postgresql+asyncpg://user:pass@localhost/dbname",
        "env.py connects to postgresql by asyncpg, which is not installed; expected SQLite, by the"
        " driver pysqlite or aiosqlite; nothing was connected",
    ),
    "a dialect that is not there": (
        "alembic.ini",
        "sqlite:///notes.db",
        "driver://user:pass@localhost/dbname",
        "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:driver (alembic/env.py:15)",
    ),
    "a connection of its own": (
        ENV,
        f"\n{RUNS}",
        f"\n{URL}import sqlite3\n"
        'create_engine("sqlite://", creator=lambda: sqlite3.connect("notes.db")).connect()',
        "env.py has an engine that opens its connections by a function of its own"
        " (create_engine(creator=...)), which would lead to the real database; expected an engine"
        " with a URL",
    ),
    "two databases": (
        ENV,
        f"\n{RUNS}",
        f'\n{URL}create_engine("sqlite:////a.db").connect().close()\n'
        'create_engine("sqlite:////b.db").connect().close()\n',
        "env.py opens more than one database: /a.db, /b.db; expected one. Name an env.py that"
        " migrates one of them",
    ),
    "no folder of scripts": (
        "alembic.ini",
        "script_location = %(here)s/alembic",
        "script_location = %(here)s",
        "its script_location {root} has no env.py; expected the folder that alembic init made",
    ),
    "nothing said of scripts": (
        "alembic.ini",
        "script_location = %(here)s/alembic",
        "",
        "CommandError: No 'script_location' key found in configuration.",
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project, with a file where its database would be."""
    root = tmp_path / "project"
    shutil.copytree(NOTES, root)
    (root / "notes.db").write_bytes(b"precious")
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return root


def refused(root: Path, text: str = "alembic.ini") -> str:
    """Return what the setting is refused with: one line, after which no file is another."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(SourceError) as raised:
        resolve_source(text, root=root)
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    other = [path for path in before | after if before.get(path) != after.get(path)]
    assert all(path.suffix == ".pyc" for path in other), other
    said = str(raised.value)
    assert "\n" not in said
    named = f"migration_source {text!r}"
    assert said.startswith(named), said
    return said.removeprefix(named)


@pytest.mark.parametrize("case", EDITS)
def test_what_is_wrong_is_one_line_and_nothing_is_touched(case: str, project: Path) -> None:
    name, old, new, said = EDITS[case]
    text = (project / name).read_text("utf-8")
    assert text.count(old) == 1, text
    (project / name).write_text(text.replace(old, new), "utf-8")
    found = refused(project)
    expected = f": {said.format(root=project)}"
    assert found == expected if len(said) > 40 else found.startswith(expected), found


def test_what_is_not_there_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (project / "alembic/versions").iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)
    assert refused(project) == (
        f" has no migrations in {project}/alembic/versions; expected at least one."
        ' Write the first: alembic revision -m "initial schema"'
    )
    (project / "alembic.ini").rename(project / "other.ini")
    assert refused(project) == (
        f" cannot be used: {project}/alembic.ini does not exist, and pyproject.toml has no"
        " [tool.alembic]; expected the file that alembic init writes"
    )
    versions = {"alembic": "1.4.3"}
    real = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: versions.get(name) or real(name)
    )
    assert refused(project, "other.ini") == (
        ": alembic 1.4.3 is too old; expected 1.13 or later, known to work: Alembic 1.20 with"
        " SQLAlchemy 2.1. pip install --upgrade alembic"
    )


def test_an_ini_that_is_none_is_refused_in_alembic_s_own_words(project: Path) -> None:
    (project / "alembic.ini").write_text("no section\n")
    assert "no section" in refused(project)


def test_settings_in_pyproject_need_no_ini_and_an_interrupt_in_env_py_goes_through(
    project: Path,
) -> None:
    (project / "alembic.ini").unlink()
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.alembic]\nscript_location = "%(here)s/alembic"\n')
    (project / ENV).write_text("raise KeyboardInterrupt\n", "utf-8")
    with pytest.raises(KeyboardInterrupt):
        resolve_source("alembic", root=project)


def test_an_ini_beside_its_scripts_is_called_in_its_own_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project / "db"
    folder.mkdir()
    for name in ("alembic", "alembic.ini"):
        (project / name).rename(folder / name)
    text = (folder / "alembic.ini").read_text("utf-8")
    relative = text.replace("%(here)s/alembic", "alembic").replace("notes.db", "db/notes.db")
    (folder / "alembic.ini").write_text(relative, "utf-8")
    source = resolve_source("db/alembic.ini", root=project)
    assert (source.name, len(source.versions())) == ("db", 6)
    with closing(sqlite3.connect(":memory:")) as conn:
        assert source.applied(conn) == ()
        conn.execute("CREATE TABLE alembic_version(other)")
        with pytest.raises(sqlite3.OperationalError, match="no such column: version_num"):
            source.applied(conn)
    assert (Path.cwd(), [path.name for path in project.glob("**/*.db")]) == (project, ["notes.db"])


def test_a_flask_application_without_migrations_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("flask_migrate", reason="Flask-Migrate is not installed here")
    plain = "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n"
    (project / "plain_webapp.py").write_text(plain)
    assert refused(project, "flask:plain_webapp:create_app") == (
        ": the application has no Flask-Migrate; expected Migrate(app, db) or"
        " migrate.init_app(app, db) in it"
    )
    shutil.copy(NOTES.with_name("webapp") / "webapp.py", project / "begun_webapp.py")
    assert refused(project, "flask:begun_webapp:create_app") == (
        f": {project}/migrations/alembic.ini does not exist; expected what flask db init writes"
    )


def test_a_borrowed_connection_is_what_it_stands_for_until_it_is_closed() -> None:
    with closing(sqlite3.connect(":memory:")) as lent:
        borrowed = BorrowedConnection(lent)
        assert isinstance(borrowed, sqlite3.Connection)
        with borrowed as same:
            assert same is borrowed
            same.execute("CREATE TABLE t(a)")
        borrowed.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(ZeroDivisionError), borrowed:
            1 / 0  # noqa: B018 - it raises
        assert lent.execute("SELECT * FROM t").fetchall() == []
        borrowed.row_factory = sqlite3.Row
        borrowed.execute("INSERT INTO t VALUES (2)")
        assert borrowed.is_open
        for _ in range(2):
            borrowed.close()
        assert not borrowed.is_open
        with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
            borrowed.execute("SELECT 1")
        assert (lent.row_factory, lent.execute("SELECT * FROM t").fetchall()) == (None, [])
