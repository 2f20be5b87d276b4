"""Histories drawn by chance must be green: ``python -m tests.fuzz_schemas --seeds 300``.

Each seed gives a project of SQL scripts whose steps keep all rows. It is taken through what its
developer would do: ``snapshot`` and ``release`` of the first version, ``snapshot`` of all others,
and the whole matrix.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.checks.model import AnyCheck
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.cli.build import build_missing, write_built
from pytest_pmd_migrations.cli.release import mark_released
from pytest_pmd_migrations.grid.cells import applicable, list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.lock_file import write_lock_file
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.random_histories.histories import random_history

__all__ = ["find_red", "history_in", "store_in"]


def find_red(folder: Path, scripts: Sequence[str], *, without: Sequence[str] = ()) -> list[str]:
    """What is not green in the project of these scripts, which is made in ``folder``.

    The checks ``without`` are left out.
    """
    (folder / "sql").mkdir(parents=True)
    for number, script in enumerate(scripts, 1):
        (folder / f"sql/{number:04d}_step.sql").write_text(script, encoding="utf-8")
        if number == 1:
            red = store_in(folder, release=True)
            if red:
                return red
    red = store_in(folder, release=False)
    return red or list(_red_cells(history_in(folder), without))


def history_in(folder: Path) -> History:
    """The history of the scripts in ``folder``, and of what is stored beside them."""
    application = Application(resolve_source("sql", root=folder))
    store = Store(SnapshotFolder(folder / "snapshots"), application)
    return History(application, store, Rules())


def store_in(folder: Path, *, release: bool) -> list[str]:
    """Do what ``snapshot`` does, and ``release``; return what they say instead."""
    try:
        lines = list(write_built(build_missing(history_in(folder), rewrite=None)))
        if release:
            history = history_in(folder)
            lock_file, _ = mark_released(history, None)
            write_lock_file(history.store.lock_path, lock_file)
    except click.ClickException as error:
        return [error.format_message()]
    # Of a table that stays empty nothing can be seen.
    return [line for line in lines if line.startswith("empty")]


def _red_cells(history: History, without: Sequence[str]) -> Iterator[str]:
    checks: list[AnyCheck] = [c for c in all_checks() if c.name not in without]
    checks = applicable(history, checks)
    cells = list_cells(history, checks)
    judged = JudgedCells(cells, checks)
    for cell in cells:
        verdict = judged.verdict(cell)
        for finding in verdict.findings:
            yield "\n".join((f"{cell.row}[{cell.check.name}]", finding.headline, *finding.lines))
        if verdict.cause is not None:
            yield f"{cell.row}[{cell.check.name}] is blocked by {verdict.cause.row}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Try the seeds; print each that is red with its scripts, and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many (default 300)")
    parser.add_argument("--first", type=int, default=0, help="the first one (default 0)")
    parser.add_argument("--without", action="append", default=[], help="a check to leave out")
    parser.add_argument("--show", action="store_true", help="print the scripts of every seed")
    arguments = parser.parse_args()
    begun, red = time.monotonic(), 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        scripts = random_history(seed)
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            found = find_red(Path(folder), scripts, without=arguments.without)
        red += bool(found)
        if found or arguments.show:
            texts = [f"-- {number}\n{script}" for number, script in enumerate(scripts, 1)]
            _say("\n".join((f"seed {seed}:", *found, *texts)))
    seconds = time.monotonic() - begun
    _say(f"{arguments.seeds} seeds: {arguments.seeds - red} green, {red} red; {seconds:.0f} s")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
