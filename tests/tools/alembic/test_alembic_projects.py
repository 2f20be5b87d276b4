"""Projects of Alembic and Flask-Migrate: six steps, an env.py of each kind, and their twins."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tools.tried_project import PRECIOUS, TriedProject

pytest.importorskip("alembic", reason="Alembic is not installed in this environment")

HERE = Path(__file__).parent
NOTES = HERE / "projects/notes"
VERSIONS = "alembic/versions"
FILES = (PRECIOUS, "notes.db")
ALL_GREEN = "6 snapshots, 6 migrations: 30 ok"
ADVICE = """\
    @event.listens_for(connectable, "begin")
    def _(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

and give context.configure() these, too:

        transactional_ddl=True,
        transaction_per_migration=True,
"""


LISTENERS = """\
    from sqlalchemy import event

    @event.listens_for({engine}, "connect")
    def _(dbapi_connection, record):
        dbapi_connection.isolation_level = None

    @event.listens_for({engine}, "begin")
    def _(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

"""
IN_ONE_TRANSACTION = "transactional_ddl=True, transaction_per_migration=True"


def notes(folder: Path, env: str = "") -> TriedProject:
    """Return the project; its env.py is another where ``env`` names one."""
    project = TriedProject(NOTES, folder, files=FILES)
    if env:
        shutil.copy(HERE / "envs" / env, project.path / "alembic/env.py")
    return project


def initialised(folder: Path, template: str) -> TriedProject:
    """Return the project with the env.py that `alembic init` writes, by one of its templates."""
    project = notes(folder)
    (project.path / "begun").mkdir()
    ini = ("-c", "begun/alembic.ini")
    made = project.run("alembic", *ini, "init", "-t", template, "begun/alembic")
    assert made.code == 0, made.text
    shutil.copy(project.path / "begun/alembic/env.py", project.path / "alembic")
    shutil.rmtree(project.path / "begun")
    return project


def webapp(folder: Path) -> TriedProject:
    """Return the project of Flask-Migrate, with the same revisions, each in one transaction."""
    project = TriedProject(HERE / "projects/webapp", folder, files=(PRECIOUS, "instance/notes.db"))
    made = project.run("flask", "--app", "webapp:create_app", "db", "init")
    assert made.code == 0, made.text
    shutil.copytree(NOTES / VERSIONS, project.path / "migrations/versions", dirs_exist_ok=True)
    env, connects = "migrations/env.py", "    with connectable.connect() as connection:\n"
    project.edit(env, connects, LISTENERS.format(engine="connectable") + connects)
    project.edit(
        env, "            **conf_args\n", f"            **conf_args, {IN_ONE_TRANSACTION}\n"
    )
    return project


def test_six_steps_are_green_and_an_edited_one_alone_is_blamed(tmp_path: Path) -> None:
    project = notes(tmp_path).released()
    good = project.matrix("-n2")
    assert good.code == 0, good.text
    assert ALL_GREEN in good.text
    assert "by Alembic 1." in good.text
    step = f"{VERSIONS}/4be2c19d0f63_add_pinned.py"
    project.edit(step, 'server_default="0"', 'server_default="1"')
    edited = project.matrix("--migration-checks=frozen")
    assert edited.failed == {("0002", "frozen")}, edited.text
    assert "4be2c19d0f63_add_pinned.py was edited after release" in edited.text


def test_the_env_py_of_alembic_init_is_torn_and_the_advice_mends_it(tmp_path: Path) -> None:
    project = initialised(tmp_path, "generic").released()
    torn = project.matrix("--migration-checks=atomic")
    # The step that only fills a table is one statement, and its mark is in its transaction.
    assert "5 failed, 1 passed" in torn.text, torn.text
    assert torn.failed == {("0001", "atomic")}, torn.text
    assert ADVICE in torn.text
    env = "alembic/env.py"
    listeners = torn.text[torn.text.index("    from sqlalchemy import event") :]
    listeners = listeners[: listeners.index("\nand give")]
    project.edit(
        env,
        "    with connectable.connect() as connection:",
        f"{listeners}\n    with connectable.connect() as connection:",
    )
    project.edit(
        env,
        "            connection=connection, target_metadata=target_metadata\n",
        "            connection=connection, target_metadata=target_metadata,\n"
        "            transactional_ddl=True,\n"
        "            transaction_per_migration=True,\n",
    )
    mended = project.matrix("--migration-checks=atomic")
    assert mended.code == 0, mended.text
    assert "6 snapshots, 6 migrations: 6 ok" in mended.text


def test_an_asynchronous_env_py_is_green(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite", reason="aiosqlite is not installed in this environment")
    project = initialised(tmp_path, "async")
    env, connects = "alembic/env.py", "    async with connectable.connect() as connection:\n"
    project.edit(env, connects, LISTENERS.format(engine="connectable.sync_engine") + connects)
    configures = "configure(connection=connection, target_metadata=target_metadata"
    project.edit(env, configures, f"{configures}, {IN_ONE_TRANSACTION}")
    project.edit("alembic.ini", "sqlite:///notes.db", "sqlite+aiosqlite:///notes.db")
    good = project.released().matrix()
    assert good.code == 0, good.text
    assert ALL_GREEN in good.text


def test_settings_in_pyproject_are_enough(tmp_path: Path) -> None:
    project = notes(tmp_path)
    ini = (project.path / "alembic.ini").read_text("utf-8")
    (project.path / "alembic.ini").write_text(
        ini.replace("script_location = %(here)s/alembic\n", ""), "utf-8"
    )
    with (project.path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.alembic]\nscript_location = "%(here)s/alembic"\n')
    project.edit("pyproject.toml", '"alembic.ini"', '"alembic"')
    stored = project.run("pmd-migrations", "snapshot")
    assert stored.code == 0, stored.text
    assert "wrote    0006.db" in stored.text


def test_an_engine_whose_pool_has_the_real_database_leads_to_private_copies(
    tmp_path: Path,
) -> None:
    project = notes(tmp_path, "global_engine.py")
    shutil.copy(HERE / "envs/database.py", project.path)
    # Its pool has a connection to the real database before anything of this package is asked.
    (project.path / "conftest.py").write_text(
        "import database\n\ndatabase.engine.connect().close()\n", "utf-8"
    )
    good = project.released().matrix("--migration-checks=data,atomic")
    assert good.code == 0, good.text
    assert "6 snapshots, 6 migrations: 12 ok" in good.text


def test_what_an_error_of_sqlalchemy_says_is_the_drivers_own(tmp_path: Path) -> None:
    project = notes(tmp_path)
    step = f"{VERSIONS}/e6f39042d7b5_create_attachments.py"
    project.edit(step, '        "attachments",\n', '        "notes",\n')
    failed = project.run("pmd-migrations", "snapshot")
    assert failed.code != 0
    assert "OperationalError: table notes already exists" in failed.text, failed.text
    assert "sqlalche.me" not in failed.text
    assert "e6f39042d7b5_create_attachments.py:19, in upgrade" in failed.text


def test_flask_migrate_is_green_and_an_edited_step_alone_is_blamed(tmp_path: Path) -> None:
    pytest.importorskip("flask_migrate", reason="Flask-Migrate is not installed here")
    project = webapp(tmp_path).released()
    good = project.matrix("-n2")
    assert good.code == 0, good.text
    assert ALL_GREEN in good.text
    assert "by Flask-Migrate" in good.text
    step = "migrations/versions/4be2c19d0f63_add_pinned.py"
    project.edit(step, 'server_default="0"', 'server_default="1"')
    edited = project.matrix("--migration-checks=frozen")
    assert edited.failed == {("0002", "frozen")}, edited.text
