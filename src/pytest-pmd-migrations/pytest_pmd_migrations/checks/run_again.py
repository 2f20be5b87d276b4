"""Run the runner, and then a step, a second time, and tell what that changed.

The second run is that of another day: SQL's clock stands a day later, and its dice throw other
values. So no row is taken for kept because it has the same random key twice. Values that the
first run alone would have made otherwise on that day are not the second run's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from functools import cached_property
from sqlite3 import Connection
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.checks.by_lineage import Lines
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import StepFailedError, TemporaryFolderError
from pytest_pmd_migrations.files.file_content import Content
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import LimitedRun, StepLimits
from pytest_pmd_migrations.messages.wording import counted, error_text, wrap_text
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.pages.unchanged_rows import same_content, unchanged_rows
from pytest_pmd_migrations.repeated.known_runs import Changed
from pytest_pmd_migrations.rows import (
    NOTHING_VARIES,
    VaryingRows,
    digest_tables,
    find_varying,
    tables_of_other_size,
    tables_with_new_values,
)
from pytest_pmd_migrations.rows.ordinary_schema import objects_of
from pytest_pmd_migrations.rows.substitute_names import nameable, with_substitutes
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects
from pytest_pmd_migrations.still_clock.clock_and_dice import as_first, begin_step, later

__all__ = ["SecondStep", "run_again"]


class SecondStep:
    """A step that is run a second time, and what its first run makes otherwise on another day.

    ``changed`` is how the second runs left their copies, where not the same; ``can_be_shared`` says
    whether what is told of them follows from that, and from what they asked for.
    """

    can_be_shared = True

    def __init__(self, history: History, step: Step, limits: StepLimits) -> None:
        self.history = history
        self.step = step
        self._limits = limits
        self.changed: list[Changed] = []

    def add(self, changed: _Changed) -> None:
        """Take note of what a second run changed."""
        if changed.tables is None or changed.layout is None:
            self.can_be_shared = False
        else:
            self.changed.append(Changed(changed.tables, changed.layout.objects))

    @cached_property
    def on_another_day(self) -> Image:
        """What the first run makes at another time, with other dice."""
        with later():
            return self._first_run_again()

    @cached_property
    def varying(self) -> VaryingRows:
        """What it makes otherwise then."""
        return self._varying(self.on_another_day)

    @cached_property
    def unheld(self) -> VaryingRows:
        """What it makes otherwise at the same time and with the same dice; only of what varies."""
        with as_first():
            return self._varying(self._first_run_again()) if self.varying else NOTHING_VARIES

    def _first_run_again(self) -> Image:
        with closing((self.step.before or self.history.application.empty).connect()) as conn:
            try:
                source = self.history.application.source
                take_step(source, conn, self.step.version, limits=self._limits)
            except StepFailedError:
                # A step that fails on another day shows nothing of what it makes.
                return self.step.after
            return Image.of_connection(conn)

    def _varying(self, other: Image) -> VaryingRows:
        if same_content(self.step.after.stored, other.stored):
            return NOTHING_VARIES
        with closing(other.connect()) as conn:
            if stored_text(conn) != self.step.text:
                return NOTHING_VARIES
            changed = _Changed.between(self.step, other.stored, conn)
            return find_varying(
                self.step.conn,
                conn,
                only=changed.tables,
                volatile=self.history.volatile,
                ignore=self.history.rules.ignore_patterns,
            )


class _Changed(NamedTuple):
    """Which tables hold something else after another run; None where that cannot be told."""

    tables: frozenset[str] | None
    layout: Layout | None
    no_row: bool = False
    same_schema: bool = False

    @classmethod
    def between(cls, step: Step, content: Content, conn: Connection) -> _Changed:
        """Compare what a step left with ``content``, which ``conn`` shows."""
        if step.layout is None:
            return cls(None, None)
        layout = step.layout.next(content, stored_objects(conn))
        if layout is None:
            return cls(None, None)
        no_row = unchanged_rows(step.layout, layout)
        changed = layout.changed_tables(step.layout)
        return cls(changed, layout, no_row, layout.has_schema_of(step.layout))

    def without(self, tables: Collection[str]) -> _Changed:
        """Return the same without these of the tables."""
        return self if self.tables is None else self._replace(tables=self.tables - {*tables})


def run_again(
    second: SecondStep,
    conn: Connection,
    run: Callable[..., None],
    limited: LimitedRun,
    *,
    insist: bool,
) -> Lines:
    """Return what ``run`` changed, in lines; an error too, if it changed anything or ``insist``.

    ``run`` is ``upgrade`` or ``rerun``.
    """
    error: BaseException | None = None
    source, version = second.history.application.source, second.step.version
    begin_step(version)
    try:
        run(source, conn, version, during=limited.on_copy)
    except (KeyboardInterrupt, TemporaryFolderError):
        raise
    except BaseException as raised:
        error = raised
    if limited.stopped:
        second.can_be_shared = False
        return wrap_text(f"it {limited.stopped.what}. {limited.stopped.advice}")
    if conn.in_transaction:
        # After an error the open transaction is lost when the file is closed. Without one, the
        # runner meant to keep its changes.
        (conn.rollback if error else conn.commit)()
    changes = _changes(second, conn)
    if error is None or not (changes or insist):
        return changes
    return (*wrap_text(f"it raised {error_text(error)}"), *changes)


def _changes(second_step: SecondStep, conn: Connection) -> Lines:
    """Return what the second run changed, in lines; no lines when it changed nothing."""
    history, step = second_step.history, second_step.step
    content = Image.of_connection(conn).stored
    if same_content(step.after.stored, content):
        return ()
    changed = _Changed.between(step, content, conn)
    second_step.add(changed)
    first = step.text
    second = first if changed.same_schema else stored_text(conn)
    lines: list[str] = []
    if first != second:
        # What tells a difference is imported where there is one.
        from pytest_pmd_migrations.schema.showing.lines import diff_lines

        diff = compare(
            history.rules.visible(read_schema(conn)),
            history.rules.visible(read_schema(step.conn)),
        )
        lines.extend(diff_lines(diff, labels=("second run", "first run")) if diff else ())
    if first == second and changed.no_row:
        return ()
    tables = _changed_tables(second_step, conn, changed)
    lines.extend(_rows_line(table, step.conn, conn) for table in tables)
    return tuple(lines)


def _changed_tables(second_step: SecondStep, conn: Connection, changed: _Changed) -> list[str]:
    """Return the tables of which the second run made what no first run makes, on either day."""
    history, step = second_step.history, second_step.step
    # What a first run makes otherwise are values: other numbers of rows they cannot explain.
    tables, ignore = changed.tables, history.rules.ignore_patterns
    grown = set[str]()
    if tables is not None:
        objects = objects_of(step.layout), objects_of(changed.layout)
        grown = tables_of_other_size(step.conn, conn, tables, ignore, objects=objects)
    rest = changed.without(grown)
    found = _other_tables(history, step, conn, rest, history.volatile)
    if not found:
        return sorted(grown)
    # Where they come from, the step before this one has to say.
    second_step.can_be_shared = False
    varying, unheld = second_step.varying, second_step.unheld
    if varying.globs:
        found = _other_tables(history, step, conn, rest, (*history.volatile, *varying.globs))
    # Of a column that varies with SQL's clock or dice, the values of both days are known.
    known = [column for column in varying.columns if column not in unheld.columns]
    if known:
        with closing(second_step.on_another_day.connect()) as another_day:
            found.extend(tables_with_new_values(conn, (step.conn, another_day), known))
    return sorted({*grown, *found})


def _other_tables(
    history: History, step: Step, conn: Connection, changed: _Changed, volatile: Sequence[str]
) -> list[str]:
    first, second = (
        digest_tables(
            shown,
            changed.tables,
            volatile=volatile,
            ignore=history.rules.ignore_patterns,
            layout=layout,
        )
        for shown, layout in ((step.conn, step.layout), (conn, changed.layout))
    )
    return [
        table for table in sorted(first.keys() & second.keys()) if first[table] != second[table]
    ]


def _rows_line(table: str, first: Connection, second: Connection) -> str:
    with nameable(first) as one, nameable(second) as other:
        rows, after = (_count(with_substitutes(table), shown) for shown in (one, other))
    if rows == after:
        return f"table {table}: other values in its {counted(rows, 'row')}"
    return f"table {table}: {counted(rows, 'row')}, after the second run {after}"


def _count(table: str, conn: Connection) -> int:
    return int(conn.execute(f"SELECT count(*) FROM main.{quote(table)}").fetchone()[0])
