"""Show one step of a walk: the database before and after it, and what became of its tables."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import cached_property

from pytest_pmd_migrations.application.connection_marks import Marks, connection_marks
from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.application.runner_tables import NO_RUNNER_TABLES, RunnerTables
from pytest_pmd_migrations.connections.statement_record import StatementRecord
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.database_parts import DatabaseParts, database_parts
from pytest_pmd_migrations.pages.layout import KNOWN_LAYOUT, Layout
from pytest_pmd_migrations.pages.unchanged_rows import unchanged_rows
from pytest_pmd_migrations.schema import stored_text
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects, text_of_objects

__all__ = ["State", "Step", "StoredText"]

State = tuple[bytes, Marks]
"""What a database says, as a digest, and what is on the connection to it."""

StoredText = tuple[tuple[object, ...], ...]
"""The rows of sqlite_schema, sorted."""


@dataclass(frozen=True, eq=False)
class Step:
    """A database arriving at ``version``.

    ``before`` is the database one step earlier; None for the database the walk began with.
    ``conn`` shows the same as ``after`` and lives only until the walk goes on: read from it,
    never write to it and never close it. ``record`` holds the statements of the step.
    ``layout`` says where its tables lie, ``layout_before`` where they lay; None where that cannot
    be told. ``own`` are the tables in which the runner keeps what it applied. ``known`` is what was
    found out about the step, by any name.
    """

    version: int
    before: Image | None
    after: Image
    conn: sqlite3.Connection
    record: StatementRecord = field(default_factory=StatementRecord)
    layout: Layout | None = None
    layout_before: Layout | None = None
    own: RunnerTables = NO_RUNNER_TABLES
    known: dict[str, object] = field(default_factory=dict)

    @cached_property
    def text(self) -> StoredText:
        """The stored text of the schema, sorted: equal text means an equal schema.

        Read when it is first asked for, which must be before the walk goes on.
        """
        if self.layout is not None:
            return text_of_objects(self.conn, self.layout.objects)
        return stored_text(self.conn)

    @cached_property
    def changed_tables(self) -> frozenset[str] | None:
        """The names of the tables that do not hold what they held before the step.

        None where that cannot be told, and for the database the walk began with.
        """
        if self.layout is None or self.layout_before is None:
            return None
        return self.layout.changed_tables(self.layout_before)

    @property
    def unchanged_tables(self) -> frozenset[str]:
        """The names of the tables that surely hold what they held before the step."""
        if self.layout is None or self.changed_tables is None:
            return frozenset()
        return frozenset(self.layout.holdings) - self.changed_tables

    @cached_property
    def rows_unchanged(self) -> bool:
        """True only if the step changed the schema alone; False when in doubt."""
        if self.layout is None or self.layout_before is None:
            return False
        return unchanged_rows(self.layout_before, self.layout)

    @cached_property
    def state(self) -> State | None:
        """What the database says, and what is on the connection: all later steps look at these.

        Of two with an equal one, all steps make the same. None where it cannot be told. Read when
        it is first asked for, which must be before the walk goes on.
        """
        if self.parts is None or self.marks is None:
            return None
        return self.parts.digest, self.marks

    @cached_property
    def parts(self) -> DatabaseParts | None:
        """What the database says, table by table; None where it cannot be told.

        Read when it is first asked for, which must be before the walk goes on.
        """
        parts = database_parts(self.layout) if self.layout is not None else None
        if parts is None or self.layout is None:
            return None
        return self.own.settled(parts, self.conn, self.layout)

    @cached_property
    def marks(self) -> Marks | None:
        """What is on the connection; None where it cannot be told. Read before the walk goes on."""
        return connection_marks(self.conn)

    @property
    def _same_text(self) -> bool:
        """Whether the step changed neither the schema nor what FTS5 keeps of it in rows."""
        if self.layout is None or self.layout_before is None:
            return False
        return self.layout.has_schema_of(self.layout_before)

    def next(
        self, version: int, after: Image, conn: sqlite3.Connection, record: StatementRecord
    ) -> Step:
        """Return the step that comes after this one."""
        if self.layout is not None:
            layout = self.layout.next(after.stored, stored_objects(conn))
            if layout is not None and isinstance(after.stored, bytes):
                # Forgotten as soon as the bytes are put aside.
                after.known[KNOWN_LAYOUT] = layout
        else:
            layout = known_layout(after, conn)
        step = Step(version, self.after, after, conn, record, layout, self.layout, self.own)
        if step._same_text and "text" in vars(self):
            vars(step)["text"] = self.text
        return step
