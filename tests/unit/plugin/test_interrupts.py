"""Ctrl-C ends a run wherever the code of others is asked: it is nobody's mistake to be told."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.checks.model import Check
from pytest_pmd_migrations.faults.watching.events import RunObserver, UnderFault
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.grid.cells import applicable
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.rows.compare_rows import verify_rows
from pytest_pmd_migrations.sources.ask import ask
from pytest_pmd_migrations.sources.close_names import with_colon
from pytest_pmd_migrations.sources.declared.declarations import Declarations
from pytest_pmd_migrations.sources.import_tool import import_tool
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.every import for_every
from tests.unit.plugin.built_application import Repeatable, application, verdict
from tests.unit.plugin.faults.runners import TenLines, case


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


class Interrupted(TenLines):
    upgrade = interrupt


class InterruptedAgain(Repeatable):
    rerun = interrupt


def is_verified(_: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        image = Image.of_connection(conn)
    [*verify_rows(image, image, Declarations(verify=interrupt), StepLimits())]


def is_watched(observer: RunObserver) -> None:
    with patched_connect():
        case(Interrupted()).run(observer)


def runs_again(root: Path) -> None:
    source = InterruptedAgain(root / "app", {1: "CREATE TABLE t(a)"})
    verdict(application(root, source.steps, source=source), "0001", "again")


ASKED: dict[str, Callable[[Path], object]] = {
    "a method of a source": lambda _: ask("source", "versions()", interrupt),
    "a module": lambda root: resolve_source("interrupts:SOURCE", root=root),
    "a function that returns a source": lambda root: resolve_source("later:make", root=root),
    "a module that may have been meant": lambda _: with_colon("interrupts.SOURCE"),
    "a module of a tool": lambda _: import_tool("interrupts", "it", package="i", known="1"),
    "whether a check applies": lambda root: applicable(
        application(root, {}), [Check("own", "snapshot", None, interrupt, applies=interrupt)]
    ),
    "what verifies rows": is_verified,
    "a step that runs again": runs_again,
    "a step that is watched": lambda _: is_watched(RunObserver()),
    "a step under a fault": lambda _: is_watched(UnderFault()),
}


@pytest.fixture
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("later", None)


@for_every("asked", ASKED.values(), ids=ASKED)
def test_an_interrupt_goes_through(
    tmp_path: Path, own_modules: None, asked: Callable[[Path], object]
) -> None:
    (tmp_path / "interrupts.py").write_text("raise KeyboardInterrupt\n")
    (tmp_path / "later.py").write_text("def make():\n    raise KeyboardInterrupt\n")
    sys.path.insert(0, str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        asked(tmp_path)
