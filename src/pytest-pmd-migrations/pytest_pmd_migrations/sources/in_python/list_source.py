"""The source of a list in Python: SQL strings and functions, applied one after the other.

Where a database stands is a number in ``PRAGMA user_version``, or the names in a table of the
application's, which ``migration_applied`` names. The transaction around each is this package's own,
unless an element begins one itself, or cannot be in one.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from types import AsyncGeneratorType, GeneratorType

from pytest_pmd_migrations.connections.statement_record import first_word
from pytest_pmd_migrations.errors import RunnerFailedError, SourceError
from pytest_pmd_migrations.sources.applied.applied_table import AppliedTable
from pytest_pmd_migrations.sources.applied.current_version import user_version
from pytest_pmd_migrations.sources.applied.numbered_ids import NumberedIds
from pytest_pmd_migrations.sources.in_python.list_elements import (
    ListElement,
    is_sql,
    read_elements,
    shortened,
)
from pytest_pmd_migrations.sources.in_python.wanted_argument import (
    Function,
    refuse_other_kind,
    wanted_arguments,
)
from pytest_pmd_migrations.sources.protocol import Location, usable_name
from pytest_pmd_migrations.sources.sql_folder.statements import statements

__all__ = ["list_source"]

_RUNNER = "pytest-pmd-migrations"
_BEGINS = "at the end of the list: {}"
_UNRUN = GeneratorType, AsyncGeneratorType, map, filter
"""What runs nothing until somebody asks it for more."""

_OUTSIDE = ("BEGIN", "VACUUM", "DETACH")
"""The words that begin what SQLite refuses within a transaction."""

_PRAGMA_OUTSIDE = re.compile(
    r"\bPRAGMA\s+(?:\w+\s*\.\s*)?(?:foreign_keys|journal_mode|synchronous|temp_store)\b",
    re.IGNORECASE,
)
"""The pragmas that SQLite refuses within a transaction, or does nothing for."""

_NOT_ASKED = {
    "atomic": "the transaction around each element is this package's, not the application's"
}


def list_source(
    found: object,
    file: Path,
    text: str,
    named: str,
    applied: str,
) -> NumberedList | NamedList:
    """Return the source of the list ``found``, which ``text`` names and ``file`` holds.

    ``applied`` is what ``migration_applied`` says. Raises SourceError where an element is no
    migration, or has no name that such a table could hold.
    """
    module, _, attribute = text.partition(":")
    own_name = attribute.rpartition(".")[2]
    elements = read_elements(found, file, own_name, named, known_by_names=bool(applied))
    if not applied:
        return NumberedList(usable_name(module), elements)
    for number, element in enumerate(elements, start=1):
        if not element.name:
            raise SourceError(
                f"{named}: element {number} has no name, which migration_applied {applied!r} needs;"
                ' expected a function, or a pair ("name", SQL)'
            )
    return NamedList(usable_name(module), elements, AppliedTable.parse(applied))


class NumberedList:
    """A list whose elements are numbered from 1; the database keeps the number of the last one."""

    runner = _RUNNER
    begins = _BEGINS
    unasked = _NOT_ASKED

    def __init__(self, name: str, elements: Sequence[ListElement]) -> None:
        self.name = name
        self._elements = elements
        self._changes = _Changes(elements)

    def versions(self) -> Sequence[int]:
        """Return the numbers of the elements."""
        return range(1, len(self._elements) + 1)

    def label(self, version: int) -> str:
        """Return the name of an element, if it has one."""
        return self._elements[version - 1].name

    def location(self, version: int) -> Location:
        """Return where an element is written."""
        return self._elements[version - 1].location

    def text(self, version: int) -> str:
        """Return an element's own text."""
        return self._elements[version - 1].text

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Apply the elements that follow the one whose number the database has."""
        for version in range(user_version(conn) + 1, to + 1):
            self._changes.apply(conn, self._elements[version - 1])
            conn.execute(f"PRAGMA user_version = {version}")
            conn.commit()

    def rerun(self, conn: sqlite3.Connection, version: int) -> None:
        """Apply one element again."""
        conn.execute(f"PRAGMA user_version = {version - 1}")
        self.upgrade(conn, version)


class NamedList:
    """A list whose elements' names the database keeps in a table."""

    runner = _RUNNER
    begins = _BEGINS
    unasked = _NOT_ASKED
    applies = "set"

    def __init__(self, name: str, elements: Sequence[ListElement], table: AppliedTable) -> None:
        self.name = name
        self.bookkeeping = (table.name,)
        self.volatile = (f"{table.name}.*",)
        self._table = table
        self._elements: Mapping[str, ListElement] = {one.name: one for one in elements}
        self._ids = NumberedIds(list(self._elements))
        self._changes = _Changes(elements)
        self.versions = self._ids.versions
        self.label = self._ids.label
        self.own_order = self._ids.own_order

    def location(self, version: int) -> Location:
        """Return where an element is written."""
        return self._elements[self.label(version)].location

    def text(self, version: int) -> str:
        """Return an element's own text."""
        return self._elements[self.label(version)].text

    def applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return the names that the table has."""
        return self._table.read(conn)

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Apply the elements up to that version that the table does not name."""
        done = {*self._table.read(conn)}
        for name in self._ids.up_to(to):
            if name not in done:
                self._changes.apply(conn, self._elements[name])
                self._table.add(conn, name)
                conn.commit()

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Take an element's name out of the table."""
        self._table.remove(conn, self.label(version))


class _Changes:
    """Applies elements, each in a transaction that is left open for the mark."""

    def __init__(self, elements: Sequence[ListElement]) -> None:
        self._with_own_transaction = {
            one for one in elements if isinstance(one.change, str) and _is_left_alone(one.change)
        }
        functions = {one: one.change for one in elements if not isinstance(one.change, str)}
        self._wanted = dict(zip(functions, wanted_arguments(functions.values()), strict=True))

    def apply(self, conn: sqlite3.Connection, element: ListElement) -> None:
        """Apply one element; where it raises, nothing of it is left but what it committed."""
        try:
            self._apply(conn, element)
        except BaseException:
            if conn.in_transaction:
                conn.rollback()
            raise

    def _apply(self, conn: sqlite3.Connection, element: ListElement) -> None:
        change = element.change
        if isinstance(change, str):
            own = element in self._with_own_transaction
            conn.executescript(change if own else f"BEGIN IMMEDIATE;\n{change}")
            return
        if element not in self._with_own_transaction:
            conn.execute("BEGIN IMMEDIATE")
            try:
                self._call(element, change, conn)
                return
            except sqlite3.OperationalError as error:
                if "within a transaction" not in str(error):
                    raise
            conn.rollback()
            self._with_own_transaction.add(element)
        self._call(element, change, conn)

    def _call(self, element: ListElement, change: Function, conn: sqlite3.Connection) -> None:
        given: object = conn
        match self._wanted[element]:
            case "database":
                given = importlib.import_module("sqlite_utils").Database(conn)
            case "cursor":
                given = conn.cursor()
        name = element.name or "a function"
        try:
            answer = change(given)
        except AttributeError as error:
            refuse_other_kind(name, given, error)
            raise
        _refuse_answer(name, answer)


def _is_left_alone(script: str) -> bool:
    """Return whether a script begins a transaction of its own, or cannot be in one."""
    found = [*statements(script)]
    switched = takewhile(lambda statement: first_word(statement) == "PRAGMA", found)
    return any(first_word(statement) in _OUTSIDE for statement in found) or any(
        _PRAGMA_OUTSIDE.search(statement) for statement in switched
    )


def _refuse_answer(name: str, answer: object) -> None:
    """Raise RunnerFailedError where a function returned what was to be run, and ran nothing."""
    texts = answer if isinstance(answer, (list, tuple)) else (answer,)
    if texts and all(isinstance(text, str) and is_sql(text) for text in texts):
        raise RunnerFailedError(
            f"{name} would not run when called: it returned the SQL {shortened(texts[0])}; expected"
            " a plain function that runs it, as by conn.execute(...), or the SQL in its place"
        )
    if inspect.isawaitable(answer) or inspect.isroutine(answer) or isinstance(answer, _UNRUN):
        close = getattr(answer, "close", None)
        if callable(close):
            # A coroutine that nobody awaited would warn.
            close()
        raise RunnerFailedError(
            f"{name} would not run when called: it returned an object of the type"
            f" {type(answer).__name__}, which nobody runs; expected a plain function that runs its"
            " statements itself, without async and yield"
        )
