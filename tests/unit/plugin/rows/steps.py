"""One step on a small database, and what the comparison of its rows says."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import (
    RowsReport,
    compare_rows,
    find_damage,
    find_strays,
    stray_findings,
)
from pytest_pmd_migrations.rows.row_counts import RowCounts
from pytest_pmd_migrations.sources.declared.declarations import (
    Condition,
    DeclarationKey,
    Declarations,
)

Action = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True)
class Case:
    """A database as SQL, a step as SQL or a function, and what the step declares."""

    before: str
    step: str | Action
    deletes: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    finds: str = ""
    """A part of the message that the one finding must have."""


@cache
def image(sql: str, *, page_size: int = 1024) -> Image:
    """Return the database that a script makes; many cases begin with the same one."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f"PRAGMA page_size = {page_size}")
        conn.executescript(sql)
        conn.commit()
        return Image.of_connection(conn)


def take(step: str | Action, conn: sqlite3.Connection) -> None:
    if isinstance(step, str):
        conn.executescript(step)
    else:
        step(conn)
    conn.commit()


def stepped(before: Image, step: str | Action) -> Image:
    with closing(before.connect()) as conn:
        take(step, conn)
        return Image.of_connection(conn)


def declared(case: Case) -> Declarations:
    return Declarations(
        deletes={name: Condition(sql, "meant") for name, sql in case.deletes.items()},
        changes={name: Condition(sql, "meant") for name, sql in case.changes.items()},
        moves=case.moves,
    )


def keys_of(case: Case) -> set[DeclarationKey]:
    return {
        *(DeclarationKey("DELETES", name) for name in case.deletes),
        *(DeclarationKey("CHANGES", name) for name in case.changes),
        *(DeclarationKey("MOVES", name) for name in case.moves),
    }


def report(case: Case, *, declarations: Declarations | None = None) -> RowsReport:
    before = image(case.before)
    after = stepped(before, case.step)
    with closing(before.connect()) as old, closing(after.connect()) as new:
        known, now = find_strays(old), find_strays(new)
        damage = find_damage(new, after, strays=now).since(find_damage(old, before, strays=known))
        sound = (*damage.findings(), *stray_findings(now.since(known)))
    found = compare_rows(
        before,
        after,
        declarations=declarations or declared(case),
        rerun=lambda conn: take(case.step, conn),
        count=True,
    )
    every_row_is_counted_once(found.tables)
    return replace(found, findings=(*sound, *found.findings))


def every_row_is_counted_once(tables: Sequence[RowCounts]) -> None:
    """Of the rows before a step, and of those after it, each is one of what is counted."""
    arrived: Counter[str] = Counter()
    there: dict[str, int] = {}
    for one in tables:
        counts = one.kept, one.changed, one.deleted, one.moved, one.added
        assert all(count >= 0 for count in counts), one
        assert sum(counts[:4]) == (one.before or 0), one
        if one.after_name is not None and one.after is not None:
            arrived[one.after_name] += one.kept + one.changed + one.added
            there[one.after_name] = one.after
    assert arrived == Counter(there)


def found_at(case: Case) -> set[str]:
    """Return the tables, or "table.column", that findings name; each must be named once."""
    places = [
        f"{finding.table}.{finding.column}" if finding.column else finding.table
        for finding in report(case).findings
    ]
    assert len(places) == len(set(places)), places
    return set(places)
