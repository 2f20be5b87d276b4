"""Many short histories as sources of one project, so that one run walks them all.

They come from the unit tests of rows, each a database and one step, and from chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from sqlite3 import connect

from tests.random_histories.histories import random_history
from tests.recorded_results.project import Files
from tests.unit.plugin.rows import test_planted_rows, test_planted_structures, test_planted_values
from tests.unit.plugin.rows.steps import Case
from tests.unit.plugin.rows.test_harmless_steps import HARMLESS
from tests.unit.plugin.rows.test_losses import LOSSES
from tests.unit.plugin.rows.test_planted_declarations import EXCUSED, NOT_EXCUSED

SEEDS = 25
SETTINGS = "[tool.pytest.ini_options]\n"
_SOURCES = """\
from pytest_pmd_migrations.sources.resolve import resolve_source


def pytest_migration_sources(config):
    folders = sorted(config.rootpath.glob("sources/*"))
    return [resolve_source(f"sources/{folder.name}", root=config.rootpath) for folder in folders]
"""
CONFTEST = Files({"conftest.py": _SOURCES})
_KEYS_ON = "PRAGMA foreign_keys = ON;"
_NOT_IN_STEPS = re.compile(r"\b(PRAGMA|VACUUM|BEGIN\s+IMMEDIATE|COMMIT)\b", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"\W+")


def single_steps() -> tuple[Files, Files]:
    """Return the files that make the databases, and those of the one step of each."""
    before: dict[str, str] = {}
    steps: dict[str, str] = {}
    for name, case in _cases():
        folder = f"sources/{name}"
        before[f"{folder}/0001_before.sql"] = case.before
        steps[f"{folder}/0002_step.py"] = _module(case)
    return Files(before), Files(steps)


def drawn_by_chance() -> tuple[Files, Files]:
    """Return the first scripts of histories that chance draws, and all later ones."""
    first: dict[str, str] = {}
    later: dict[str, str] = {}
    for seed in range(SEEDS):
        for number, script in enumerate(random_history(seed), 1):
            files = first if number == 1 else later
            files[f"sources/seed-{seed:02}/{number:04}_step.sql"] = script
    return Files(first), Files(later)


def _cases() -> Iterator[tuple[str, Case]]:
    """Yield every case that can be two migrations: a function cannot be written to a file."""
    tables: Iterable[tuple[str, Mapping[str, Case | tuple[object, ...]]]] = (
        ("harmless", HARMLESS),
        ("loss", LOSSES),
        ("excused", EXCUSED),
        ("not-excused", NOT_EXCUSED),
        ("row-lost", test_planted_rows.LOST),
        ("row-kept", test_planted_rows.KEPT),
        ("structure-lost", test_planted_structures.LOST),
        ("structure-kept", test_planted_structures.KEPT),
        ("value-changed", test_planted_values.CHANGED),
        ("value-gone", test_planted_values.GONE),
        ("value-found", test_planted_values.FOUND),
    )
    for kind, cases in tables:
        for number, (name, found) in enumerate(cases.items()):
            case = _case(found)
            if case is not None:
                slug = _NOT_IN_NAMES.sub("-", name).strip("-").lower()
                yield f"{kind}-{number:02}-{slug}", case


def _case(found: Case | tuple[object, ...]) -> Case | None:
    first = found if isinstance(found, Case) else found[0]
    case = first if isinstance(first, Case) else Case(*found[:2])
    case = replace(case, before=case.before.replace(_KEYS_ON, ""))
    return case if _can_be_migrations(case) else None


def _can_be_migrations(case: Case) -> bool:
    """Whether the runner takes both scripts: it refuses some PRAGMAs, and rows without parents."""
    if not isinstance(case.step, str) or _NOT_IN_STEPS.search(case.before + case.step):
        return False
    with closing(connect(":memory:")) as conn:
        conn.executescript(case.before)
        return conn.execute("PRAGMA foreign_key_check").fetchone() is None


def _module(case: Case) -> str:
    """Return a migration that declares what the case does, and runs its SQL as one script."""
    lines = ["VERSION = 2", 'DESCRIPTION = "one step"']
    for kind, found in (("DELETES", case.deletes), ("CHANGES", case.changes)):
        if found:
            lines.append(f"{kind} = { {name: (sql, 'meant') for name, sql in found.items()}!r}")
    if case.moves:
        lines.append(f"MOVES = {dict(case.moves)!r}")
    statements = f"for statement in split({case.step!r}):\n        db.execute(statement)"
    return "\n".join((_SPLIT, *lines, "", "", "def up(db):", f"    {statements}", ""))


_SPLIT = '''\
import sqlite3


def split(script):
    """Yield the statements of a script, each when it is complete."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \\n;"):
                yield statement
            statement = ""
'''
