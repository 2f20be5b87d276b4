"""Compare forecasts with the truth: four shapes of steps, with a rollback journal and with a WAL.

`python -m tests.benchmarks.forecast [--quick] [--rows N] [--most-rows M ...] [--folder DIR]` fills
one table, forecasts each step from sizes up to M rows (0: as far as the command goes by itself),
then measures it at N rows, and prints a table in Markdown: the last two columns are forecast /
measured, of all seconds and of those that the process computed. Each M has a line of its own. It
needs about 2 GB on the disk of DIR. Exits 1 where a forecast is off by more than a fifth.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.project import load_histories
from pytest_pmd_migrations.forecast.filled_file import (
    FileSettings,
    copied_file,
    fill_file,
    start_image,
)
from pytest_pmd_migrations.forecast.measured_upgrade import Measured, measure_upgrade
from pytest_pmd_migrations.forecast.measuring_folder import measuring_folder
from pytest_pmd_migrations.forecast.row_targets import RowTargets
from pytest_pmd_migrations.forecast.step_forecast import Effort, StepForecast, StepMeasuring
from pytest_pmd_migrations.forecast.told import seconds_text

_TABLE = """(id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount INTEGER NOT NULL,
    note TEXT NOT NULL)"""
_FIRST = f"""CREATE TABLE items{_TABLE};
INSERT INTO items VALUES (1, 'a name of some length', 100, 'a note of sixty characters or so');
INSERT INTO items VALUES (2, 'one more name of some length', 200, 'a note that is shorter');
INSERT INTO items VALUES (3, 'the third name of them', 300, 'a note that is somewhat longer');
INSERT INTO items VALUES (4, 'the last name of them all', 400, 'a note of sixty characters');
"""
STEPS = {
    "add a column": "ALTER TABLE items ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;",
    "build an index": "CREATE INDEX items_by_name ON items(name);",
    "update all rows": "UPDATE items SET amount = amount + 1;",
    "rebuild the table": f"""CREATE TABLE new_items{_TABLE};
INSERT INTO new_items SELECT id, name, amount, note FROM items;
DROP TABLE items;
ALTER TABLE new_items RENAME TO items;""",
}
_AIM = 0.2


@dataclass(frozen=True)
class Truth:
    """At how many rows a step is measured, and how often."""

    rows: int
    turns: int


def main() -> int:
    """Forecast and measure each step in each journal mode; return 1 where one is too far off."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.forecast", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="30,000 rows, which proves nothing")
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--most-rows", type=int, nargs="+", default=[0, 30_000])
    parser.add_argument("--turns", type=int, default=3, help="measured so often at N rows")
    parser.add_argument("--folder", type=Path, default=Path.cwd())
    arguments = parser.parse_args()
    truth = Truth(30_000 if arguments.quick else arguments.rows, arguments.turns)
    most = [1_000] if arguments.quick else arguments.most_rows
    off = 0
    with measuring_folder(arguments.folder) as folder:
        for shape, script in STEPS.items():
            with _project(folder, script) as history:
                for mode in ("delete", "wal"):
                    off += _compare(history, folder, shape, FileSettings(mode), truth, most)
    return int(bool(off) and not arguments.quick)


def _compare(
    history: History,
    folder: Path,
    shape: str,
    settings: FileSettings,
    truth: Truth,
    most: Sequence[int],
) -> int:
    """Print a line for each largest size; return how many are off by more than the aim."""
    forecasts = [_forecast(history, folder, settings, truth.rows, one) for one in most]
    runs = _truth(history, folder, settings, truth)
    measured = statistics.median(run.seconds for run in runs)
    computed = min(run.computing for run in runs)
    off = 0
    for found in forecasts:
        seconds, computing = found.estimates["seconds"], found.estimates["computing"]
        ratio = seconds.value / measured
        off += abs(ratio - 1) > _AIM
        between = f"{seconds_text(seconds.low)} to {seconds_text(seconds.high)}"
        sys.stdout.write(
            f"| {shape} | {settings.journal_mode} | {found.sizes[-1].rows:,}"
            f" | {seconds_text(seconds.value)} ({between}) | {seconds_text(measured)}"
            f" | {ratio:.2f} | {computing.value / computed:.2f} |\n"
        )
    sys.stdout.flush()
    return off


def _forecast(
    history: History, folder: Path, settings: FileSettings, rows: int, most: int
) -> StepForecast:
    effort = Effort(most_rows=most) if most else Effort()
    targets = RowTargets(rows)
    measuring = StepMeasuring(history, 2, targets, folder, settings=settings, effort=effort)
    for _ in measuring.run():
        pass
    return measuring.forecast()


def _truth(
    history: History, folder: Path, settings: FileSettings, truth: Truth
) -> tuple[Measured, ...]:
    """Return what the step takes at the asked size, measured several times."""
    path, rows = folder / "truth.db", truth.rows
    fill_file(history, start_image(history, 2), path, RowTargets(rows), rows, settings=settings)
    runs: list[Measured] = []
    for _ in range(truth.turns):
        with copied_file(path) as copy:
            runs.append(measure_upgrade(history.application, copy, 2))
    path.unlink()
    return tuple(runs)


@contextmanager
def _project(folder: Path, script: str) -> Iterator[History]:
    """Give the history of a project in a folder, whose second step is ``script``."""
    project = folder / "project"
    scripts = project / "scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    (scripts / "0001_items.sql").write_text(_FIRST, encoding="utf-8")
    (scripts / "0002_step.sql").write_text(script, encoding="utf-8")
    settings = "[pytest]\nmigration_source = scripts\n"
    (project / "pytest.ini").write_text(settings, encoding="utf-8")
    before = Path.cwd()
    os.chdir(project)
    try:
        yield load_histories()[0]
    finally:
        os.chdir(before)


if __name__ == "__main__":
    sys.exit(main())
