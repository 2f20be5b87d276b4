"""Whether a script can break a foreign key at all, asked of SQLite before it runs.

Foreign keys are checked before the first step of a run, to know which rows pointed at nothing
already, and that reads every row of a large database that has a key. SQLite tells of a script,
unlike of Python, what it will write: where that is no key and no row that a key refers to, nothing
can be broken, and nothing is read.
"""

from __future__ import annotations

import re
from itertools import islice

from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.migration_files.migration import LoadedMigration
from pmd.store.migrations.step.guard import StepGuard
from pmd.store.migrations.step.script import split_script
from pmd.store.migrations.step.touched_keys import LARGE, is_large, tell_touched, touched_tables

__all__ = ["can_break_no_key"]

_ABOUT_ROWS = re.compile(
    r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*+(?:INSERT|REPLACE|UPDATE|DELETE|SELECT|WITH)\b",
    re.DOTALL | re.IGNORECASE,
)
"""How a statement begins that does nothing while it is prepared, and changes no schema."""
_MANY = 100
"""Statements. A script with so many writes rows, and preparing each twice would take its time."""


def can_break_no_key(prepared: PreparedConnection, loaded: LoadedMigration) -> bool:
    """Return whether a step can break no foreign key; False where only the step itself can tell.

    A function of the application's that writes by itself is not foreseen: what it touched is
    checked after the step, all the same.
    """
    # The size of a file is known at once; that of another database SQLite is asked for, last.
    if loaded.script is None or 0 < prepared.file.size() < LARGE:
        return False
    statements = [*islice(split_script(loaded.script), _MANY + 1)]
    if len(statements) > _MANY or not all(map(_ABOUT_ROWS.match, statements)):
        return False
    if not is_large(prepared):
        return False
    cursor, connection = prepared.cursor, prepared.connection
    with StepGuard(connection, chained=prepared.authorizer) as guard:
        try:
            for statement in statements:
                cursor.execute(f"EXPLAIN {statement}").fetchall()
        except connection.Error:
            # The step itself will say what is wrong.
            return False
    written = tell_touched(prepared, loaded, guard.questions)
    return written is not None and not touched_tables(cursor, written, set())
