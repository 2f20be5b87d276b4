"""A fresh database is built once, copied by later runs, and built anew where anything differs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from pytest_pmd_migrations import FreshFailedError
from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.templates.fresh_templates import FreshTemplates

MODULE = """
from pathlib import Path
{imports}
VERSION, DESCRIPTION = {version}, "step {version}"

def up(db):
    with Path({log!r}).open("a") as log:
        log.write("{version} ")
    db.execute("CREATE TABLE t{version}(a, b)")
    {body}
"""


NUMBERS = count()


class Project:
    """A folder of migrations that write down each time they run, and a cache beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.cache = folder, folder / "log", folder / "cache"
        (folder / "db").mkdir()
        self.cache.mkdir()
        self.settings = "as set"
        self.prepare: Callable[..., object] | None = None
        # A later test may get the same folder, and find its migration imported already.
        self.names = f"names_of_shop_{next(NUMBERS)}"

    def write(self, version: int, body: str = "pass", imports: str = "") -> None:
        text = MODULE.format(version=version, body=body, imports=imports, log=str(self.log))
        (self.folder / f"db/{version:04}_step.py").write_text(text)

    def run(self, *versions: int, started: float | None = None, folder: Path | None = None) -> str:
        """Ask for databases as one run does; return which steps that took."""
        self.log.write_text("")
        source = resolve_source("db/", root=self.folder)
        connection = (("prepare", self.prepare),) if self.prepare else ()
        application = Application(source, connection=connection)
        stored = SnapshotFolder(self.folder / "snapshots")
        self.history = History(application, Store(stored, application), Rules())
        self.templates = FreshTemplates(
            folder or self.cache,
            self.settings,
            started=time.time() if started is None else started,
            root=self.folder,
            is_test=lambda path: "/unit/" in path,
        )
        for version in versions:
            self.image = self.templates.image(self.history, version)
        return self.log.read_text().strip()

    @property
    def stored(self) -> list[Path]:
        return sorted(self.cache.glob("*.template"))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    sys.path.insert(0, str(tmp_path))
    project = Project(tmp_path)
    for version in (1, 2):
        project.write(version)
    yield project
    sys.path.remove(str(tmp_path))


def test_a_later_run_copies_what_an_earlier_one_built(project: Project) -> None:
    assert project.run(1, 2, 2) == "1 2"
    built = project.image
    assert project.run(2, 2) == ""
    assert project.image == built
    with closing(project.image.connect()) as conn:
        assert [name for (name,) in conn.execute("SELECT name FROM sqlite_schema")] == ["t1", "t2"]
        conn.execute("DROP TABLE t1")
    assert project.run(2) == ""
    assert project.image == built


def edit_a_step(project: Project) -> None:
    project.write(2, "db.execute('INSERT INTO t2 VALUES (1, 2)')")


def add_a_step(project: Project) -> None:
    project.write(3)


def add_a_file_beside(project: Project) -> None:
    (project.folder / "db/seed.csv").write_text("1,2")


def edit_what_it_reads(project: Project) -> None:
    (project.folder / "seed.txt").write_text("another")


def edit_what_it_imports(project: Project) -> None:
    (project.folder / f"{project.names}.py").write_text("NAME = 'another'\n")


def change_a_setting(project: Project) -> None:
    project.settings = "set otherwise"


def damage(project: Project) -> None:
    for path in project.stored:
        content = bytearray(path.read_bytes())
        content[-100] ^= 1
        path.write_bytes(content)


def cut_off(project: Project) -> None:
    for path in project.stored:
        path.write_bytes(path.read_bytes()[:100])


def swap(project: Project) -> None:
    first, second = project.stored
    contents = first.read_bytes(), second.read_bytes()
    second.write_bytes(contents[0])
    first.write_bytes(contents[1])


def replace_by_a_database(project: Project) -> None:
    for path in project.stored:
        path.write_bytes(project.image.content)


@pytest.mark.parametrize(
    "change",
    [
        edit_a_step,
        add_a_step,
        add_a_file_beside,
        edit_what_it_reads,
        edit_what_it_imports,
        change_a_setting,
        damage,
        cut_off,
        swap,
        replace_by_a_database,
    ],
)
def test_it_is_built_anew_where_anything_differs(
    project: Project, change: Callable[[Project], None]
) -> None:
    for name, text in (("seed.txt", "one"), (f"{project.names}.py", "NAME = 'one'\n")):
        (project.folder / name).write_text(text)
    reading = (
        f"db.execute('INSERT INTO t1 VALUES (?, ?)', (Path({str(project.folder / 'seed.txt')!r})"
    )
    project.write(1, f"{reading}.read_text(), {project.names}.NAME))", f"import {project.names}")
    try:
        # Whoever imports more than is known to be steady is tried once more.
        assert project.run(1, 2) == "1 1 2 1 2"
        assert project.run(1, 2) == ""
        change(project)
        assert project.run(1, 2) == "1 1 2 1 2"
        assert project.run(1, 2) == ""
    finally:
        sys.modules.pop(project.names, None)


@pytest.mark.parametrize("name", ["SHOP_LANGUAGE", "PYTEST_XDIST_WORKER"])
def test_the_environment_may_matter_but_not_pytests_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    project.run(2)
    monkeypatch.setenv(name, "another")
    assert project.run(2) == ("" if name.startswith("PYTEST") else "1 2")


@pytest.mark.parametrize(
    ("body", "imports"),
    [
        ("db.execute(\"INSERT INTO t2 VALUES (1, datetime('now'))\")", ""),
        ("db.execute('INSERT INTO t2 VALUES (1, random())')", ""),
        ("db.execute('INSERT INTO t2 VALUES (1, ?)', (random.random(),))", "import random"),
        (
            "db.execute('INSERT INTO t2 VALUES (1, ?)', (str(date.today()),))",
            "from datetime import date",
        ),
        ("db.execute('INSERT INTO t2 VALUES (1, ?)', (__import__('time').time_ns(),))", ""),
    ],
    ids=["SQL's clock", "SQL's dice", "dice", "date", "clock"],
)
def test_what_varies_is_built_by_each_process_once(
    project: Project, body: str, imports: str
) -> None:
    project.write(2, body, imports)
    assert project.run(2) == "1 2 1 2"
    assert project.run(2, 2) == "1 2"
    project.write(2)
    assert project.run(2) == "1 2"
    assert project.run(2) == ""


def test_a_clock_that_is_asked_and_leaves_no_trace_does_no_harm(project: Project) -> None:
    project.write(1, "db.execute(\"INSERT INTO t1 VALUES ('1999-12-31', 1)\")")
    project.write(2, "db.execute(\"DELETE FROM t1 WHERE a < date('now')\")")
    assert project.run(2) == "1 2 1 2"
    assert project.run(2) == ""


def test_connections_that_somebody_prepares_are_tried_once_more(project: Project) -> None:
    project.prepare = lambda conn: conn.create_function("shop", 0, time.time_ns)
    project.write(2, "db.execute('INSERT INTO t2 VALUES (1, shop())')")
    assert project.run(2) == "1 2 1 2"
    assert project.run(2) == "1 2"


def test_nothing_is_kept_of_a_build_that_may_depend_on_anything(project: Project) -> None:
    project.write(2, "subprocess.run([sys.executable, '-c', ''])", "import subprocess, sys")
    assert project.run(2) == "1 2"
    assert project.stored == []
    project.write(2)
    assert project.run(2, started=time.time() - 60) == "1 2", "what is loaded may be older"
    assert project.stored == []
    assert project.run(2, folder=project.log) == "1 2", "no folder to write into"


def test_a_build_that_fails_is_told_each_time(project: Project) -> None:
    project.write(2, "raise ValueError('no')")
    for _ in range(2):
        with pytest.raises(FreshFailedError, match="failed and was undone: ValueError: no"):
            project.run(2)
    assert project.stored == []
