"""Watch for guards that a step lost: constraints, indexes and triggers of tables that survive it.

A rebuild that forgets one is no difference from fresh, which has lost it too, and loses no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step, StoredText
from pytest_pmd_migrations.checks.model import MigrationRow, Note, UsedDeclaration
from pytest_pmd_migrations.rows.copied_rows import has_values_of
from pytest_pmd_migrations.rows.suggested_declaration import excuse
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TableColumn
from pytest_pmd_migrations.sources.declared.column_names import possible_columns
from pytest_pmd_migrations.sources.declared.written_declarations import in_quotes

if TYPE_CHECKING:
    from pytest_pmd_migrations.schema.lost.guards import LostGuards

__all__ = ["GuardsWatcher", "tell_lost_guards"]


class GuardsWatcher:
    """Says of each step of one lineage, called in order, which guards were lost in it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._before: _KnownSchema | None = None

    def __call__(self, step: Step) -> tuple[LostGuards, ...]:
        """Return the guards that a step lost."""
        before, now = self._before, _KnownSchema(self._history, step.version, step.text)
        if before is not None and before.text == now.text:
            return ()
        self._before = now
        if not now.is_fresh:
            # Read while the step's connection shows it.
            now.read(step)
        if before is None or set(now.text).issuperset(before.text):
            return ()
        # Many steps only add to the schema: what reads statements and pairs tables is not needed.
        from pytest_pmd_migrations.schema.lost.guards import find_lost_guards
        from pytest_pmd_migrations.schema.reading.step_statements import read_statements

        failed = {one.sql for one in step.record.failed}
        texts = (sql for sql in step.record.texts if sql not in failed)
        return find_lost_guards(
            before.schema,
            now.schema,
            read_statements(texts),
            moves=partial(_moves, self._history, step.version),
            has_values=partial(_has_values, step),
        )

    def arrive_fresh(self, version: int) -> None:
        """Go on from the schema of a fresh database."""
        self._before = _KnownSchema(self._history, version, self._history.fresh.text(version))


class _KnownSchema:
    """A lineage's schema at one version, without what is ignored: mostly that of fresh."""

    def __init__(self, history: History, version: int, text: StoredText) -> None:
        self._history = history
        self._version = version
        self.text = text

    @cached_property
    def is_fresh(self) -> bool:
        """Whether it has the very text of a fresh one."""
        history, version = self._history, self._version
        return version in history.application.versions and self.text == history.fresh.text(version)

    @cached_property
    def schema(self) -> Schema:
        """The schema, which for a fresh one is read when it is asked for."""
        return self._history.fresh_schema(self._version)

    def read(self, step: Step) -> None:
        """Read the schema of a step."""
        vars(self)["schema"] = self._history.rules.visible(read_schema(step.conn))


def _moves(history: History, version: int) -> Mapping[TableColumn, Sequence[TableColumn]]:
    declared = history.application.declarations(version)
    return {_column(old): [*map(_column, declared.targets(old))] for old in declared.moves}


def _column(name: str) -> TableColumn:
    return next(possible_columns(fold(name)))


def _has_values(step: Step, old: TableColumn, new: TableColumn) -> bool:
    """Return whether the values of a column before a step are in another one after it."""
    if step.before is None:
        return False
    with closing(step.before.connect()) as before:
        return has_values_of(before, step.conn, new, old)


def tell_lost_guards(
    history: History, lost: Mapping[int, Sequence[LostGuards]]
) -> tuple[tuple[Note, ...], frozenset[UsedDeclaration]]:
    """Return a note for each step that lost guards, and the GUARDS that excuse some of them."""
    notes: list[Note] = []
    used: set[UsedDeclaration] = set()
    for version, tables in lost.items():
        if not tables:
            continue
        declared, told = history.application.declarations(version), []
        for one in tables:
            names = (one.table, one.old_name)
            keys = [key for name in names if (key := declared.excuse("GUARDS", name))]
            used.update((version, key) for key in keys)
            if not keys:
                told.append(one)
        if told:
            notes.append(_note(history, version, told))
    return tuple(notes), frozenset(used)


def _note(history: History, version: int, lost: Sequence[LostGuards]) -> Note:
    application = history.application
    listed = "; ".join(f"{', '.join(one.guards)} (of {one.table})" for one in lost)
    table = application.declaration_table(version)
    where = ""
    if table:
        command = f"[{table}] guards = {{{_entries(lost, ' = ')}}}"
        where = ", write into the file of migration_rows"
    else:
        command = f"GUARDS = {{{_entries(lost, ': ')}}}"
    row = MigrationRow(version, application.label(version))
    declarable = tuple(
        excuse("GUARDS", one.table, found=f"{one.table} no longer has {', '.join(one.guards)}")
        for one in lost
    )
    text = f"no longer has: {listed}. Where that is meant{where}:"
    return Note(row, text, command, declarable=declarable).showing_no_rows()


def _entries(lost: Sequence[LostGuards], joint: str) -> str:
    """Return a declaration of each table, as Python and TOML both read strings."""
    names = (in_quotes(one.table) for one in lost)
    return ", ".join(f'{name}{joint}"<reason>"' for name in names)
