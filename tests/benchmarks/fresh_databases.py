"""Print what a fresh database costs a test: copied from a kept template, and by every migration.

`python -m tests.benchmarks.fresh_databases` measures CPU time in turns, on a history of scripts
with rows. The first copy of a process reads the template and looks whether all that it was built
from is as it was; each further one is the fixture's alone.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.templates.fresh_templates import FreshTemplates

VERSIONS = 50
AIM = 20
ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
STEPS = (
    "CREATE TABLE t{table} (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, value REAL)",
    "ALTER TABLE t{table} ADD COLUMN extra TEXT",
    "CREATE INDEX index_{table} ON t{table} (name, extra)",
    f"{ROWS} INSERT INTO t{{table}} (name, value, extra)"
    " SELECT 'name ' || i, i * 1.5, i % 97 FROM n",
)


def main(turns: int = 21) -> bool:
    """Measure; return whether each copy is as much faster as it is meant to be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for version in range(1, VERSIONS + 1):
            table, kind = divmod(version - 1, len(STEPS))
            path = folder / f"db/{version:04}_step.sql"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{STEPS[kind].format(table=table)};\n")
        started = time.time()
        _templates(folder, started).image(_history(folder), VERSIONS)
        known, history = _templates(folder, started), _history(folder)
        known.image(history, VERSIONS)
        first = [
            _pair(lambda: _first(folder, started), lambda: _replay(folder)) for _ in range(turns)
        ]
        later = [
            _pair(lambda: _file(folder, known, history), lambda: _replay(folder))
            for _ in range(turns)
        ]
    return all(
        [
            _say("the first copy of a process", first),
            _say("each further copy", later),
        ]
    )


def _history(folder: Path) -> History:
    application = Application(resolve_source("db/", root=folder))
    return History(application, Store(SnapshotFolder(folder / "snapshots"), application), Rules())


def _templates(folder: Path, started: float) -> FreshTemplates:
    return FreshTemplates(folder, "", started=started, root=folder, is_test=lambda _: False)


def _first(folder: Path, started: float) -> Callable[[], object]:
    history = _history(folder)
    return _file(folder, _templates(folder, started), history)


def _file(folder: Path, templates: FreshTemplates, history: History) -> Callable[[], object]:
    return lambda: (folder / "test.db").write_bytes(templates.image(history, VERSIONS).content)


def _replay(folder: Path) -> Callable[[], object]:
    history = _history(folder)
    return lambda: (folder / "test.db").write_bytes(history.fresh_today.image(VERSIONS).content)


def _pair(*sides: Callable[[], Callable[[], object]]) -> tuple[float, ...]:
    """Return the CPU seconds of each side's work, without those of preparing it."""
    times = []
    for prepare in sides:
        work = prepare()
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return tuple(times)


def _say(what: str, pairs: list[tuple[float, ...]]) -> bool:
    copy, replay = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    sys.stdout.write(
        f"{ratio:6.1f}  every one of {VERSIONS} migrations / {what}"
        f" ({replay:.4f} s / {copy:.4f} s CPU), aim: at least {AIM}\n"
    )
    sys.stdout.flush()
    return ratio >= AIM


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
