"""Let the parts of a key of several columns repeat, as they do with users: the key itself never.

A step that makes one part unique alone can then be seen to fail.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cached_property

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import Row
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["KeyParts"]


class KeyParts:
    """The columns of one table that only together with others are unique."""

    def __init__(self, conn: sqlite3.Connection, requirements: Requirements) -> None:
        self._conn = conn
        self._requirements = requirements
        self._tried: set[str] = set()

    def next_repetition(self, nulls: Sequence[str]) -> Row:
        """Return a part with a value that a row has already, if no two rows share one.

        Each part is returned once; then nothing is. None of ``nulls`` is.
        """
        parts = [name for name in self._parts if name not in (*self._tried, *nulls)]
        if not parts:
            return {}
        table = quote(self._requirements.table)
        counts = ", ".join(f"count(DISTINCT {quote(p)}) = count({quote(p)})" for p in parts)
        differs = self._conn.execute(f"SELECT {counts} FROM {table}").fetchone()
        name = next((p for p, all_differ in zip(parts, differs, strict=True) if all_differ), "")
        if not name:
            return {}
        self._tried.add(name)
        [value] = self._conn.execute(f"SELECT min({quote(name)}) FROM {table}").fetchone()
        return {} if value is None else {name: value}

    @cached_property
    def _parts(self) -> Sequence[str]:
        keys: dict[str, list[str | None]] = {}
        for index, name in self._conn.execute(
            "SELECT l.name, i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i"
            ' WHERE l."unique" ORDER BY l.seq DESC, i.seqno',
            (self._requirements.table,),
        ):
            keys.setdefault(str(index), []).append(name)
        alone = {names[0] for names in keys.values() if len(names) == 1}
        # A foreign key of several columns is followed as a whole.
        whole = {
            fold(name)
            for link in self._requirements.links
            if len(link.columns) > 1
            for name in link.columns
        }
        parts = {name: None for names in keys.values() if len(names) > 1 for name in names if name}
        known = (name for name in parts if self._requirements.column(name) is not None)
        return [name for name in known if name not in alone and fold(name) not in whole]
