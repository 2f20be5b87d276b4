"""Fill a database to a size: the rows that it has are copied by SQL, with keys of their own.

Foreign keys point at a row of the same copy, or of another where the parent has fewer copies.
Indexes and triggers are put aside meanwhile and made again: rows come in fast, and no trigger
writes what is copied anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_pmd_migrations.errors import FillingError
from pytest_pmd_migrations.fill.full_text import indexes_in_step, rebuild
from pytest_pmd_migrations.fill.requirements import RequirementsReader
from pytest_pmd_migrations.forecast.copied_values import KeyValues, copied_key, varied_value
from pytest_pmd_migrations.forecast.copy_numbers import copy_number, most_copies
from pytest_pmd_migrations.forecast.key_columns import TableColumn, read_key_columns
from pytest_pmd_migrations.forecast.row_targets import RowTargets
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.tables import RowTable, list_tables
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.temporary_folder import is_disk_full

__all__ = ["FilledTables", "multiply_rows"]

_TRIED = 3
_CACHE = -200_000


@dataclass(frozen=True)
class FilledTables:
    """How many rows each table has now, and what is to be known of those that were not filled."""

    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """The rows of the largest table."""
        return max(self.counts.values(), default=0)


def multiply_rows(
    conn: sqlite3.Connection,
    targets: RowTargets,
    rows: int,
    *,
    ignore: Sequence[str] = (),
    kept: Collection[str] = (),
) -> FilledTables:
    """Copy the rows of each table until it has as many as ``targets`` says for ``rows``.

    ``ignore`` are globs on tables that stay as they are, and are pointed at as they are; ``kept``
    are texts: a column that holds one of them keeps its values, unless it is a key. The database
    needs no transaction open. Raises FillingError naming the constraint where a table cannot have
    more rows.
    """
    conn.execute(f"PRAGMA cache_size = {_CACHE}")
    conn.execute("PRAGMA foreign_keys = OFF")
    tables = {name: one for name, one in list_tables(conn).items() if one.columns}
    filled = frozenset(list_tables(conn, ignore=ignore)) & frozenset(tables)
    in_step = indexes_in_step(conn)
    try:
        with _without_indexes(conn):
            conn.execute("BEGIN")
            multiplier = _Multiplier(conn, tables, filled, targets, rows, frozenset(kept))
            for name in tables:
                multiplier.fill(name)
            conn.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        if is_disk_full(error):
            raise
        raise FillingError(f"the database cannot be filled: {error}") from error
    unfit = rebuild(conn, in_step)
    notes = [*multiplier.notes, *(f"{name}: {why}" for name, why in unfit.items())]
    counts = {tables[name].name: _count(conn, tables[name].name) for name in sorted(filled)}
    return FilledTables(counts, tuple(notes))


class _Multiplier:
    """What is known of all tables while they are filled."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        tables: Mapping[str, RowTable],
        filled: frozenset[str],
        targets: RowTargets,
        rows: int,
        kept: frozenset[str],
    ) -> None:
        self._conn, self._tables, self._filled, self._kept = conn, tables, filled, kept
        self._keys = read_key_columns(conn, tables)
        self._reader = RequirementsReader(conn)
        self._lengths = targets.lengths
        self.notes: list[str] = []
        self._stored = {name: _count(conn, one.name) for name, one in tables.items()}
        self._values: dict[TableColumn, KeyValues] = {}
        for number, group in enumerate(self._keys.groups):
            sources = [(tables[name].name, self._column(name, one)) for name, one in group]
            values = KeyValues.of(conn, f"pmd_values_{number}", sources)
            self._values |= dict.fromkeys(group, values)
        wanted = {
            name: max(1, -(-targets.of(one.name, rows) // self._stored[name]))
            for name, one in tables.items()
            if name in filled and self._stored[name]
        }
        self._copies = self._limited(wanted)
        for name in tables:
            self._stage(name)

    def fill(self, name: str) -> None:
        """Copy a table's rows, with as many varied values as its CHECKs allow."""
        table, copies = self._tables[name], self._copies.get(name, 1)
        if copies < 2:
            return
        refused: sqlite3.IntegrityError | None = None
        for keep in self._attempts(name):
            self._conn.execute("SAVEPOINT pmd_tried")
            try:
                self._insert(name, min(copies, _TRIED), keep)
            except sqlite3.IntegrityError as error:
                refused = refused or error
                continue
            finally:
                self._conn.execute("ROLLBACK TO pmd_tried")
                self._conn.execute("RELEASE pmd_tried")
            try:
                self._insert(name, copies, keep)
            except sqlite3.IntegrityError as error:
                raise self._cannot(table, error) from error
            return
        assert refused is not None
        raise self._cannot(table, refused) from refused

    def _attempts(self, name: str) -> Iterator[frozenset[str]]:
        """Yield sets of columns that keep their values, from none to all that a CHECK is about."""
        table = self._tables[name]
        keys = self._keys.of(name)
        held = frozenset(
            c for c in map(fold, table.columns) if c not in keys and self._holds(name, c)
        )
        yield held
        if table.full_text or table.module:
            return
        checked = {fold(c) for rule in self._reader.read(table).rules for c in rule.columns}
        yield held | (checked - keys)
        free = frozenset(map(fold, table.columns)) - keys
        yield free
        pointing = {c for pointer in self._keys.pointers[name] for c in pointer.columns}
        for column in sorted(keys - pointing):
            yield free | {column}
        if checked & keys:
            yield free | checked

    def _holds(self, name: str, column: str) -> bool:
        """Return whether a column holds a text that the step's own text mentions."""
        if not self._kept:
            return False
        table = quote(self._tables[name].name)
        rows = self._conn.execute(f"SELECT DISTINCT {quote(column)} FROM main.{table} LIMIT 1000")
        return any(value in self._kept for (value,) in rows if isinstance(value, str))

    def _insert(self, name: str, copies: int, keep: frozenset[str]) -> None:
        table = self._tables[name]
        names = [*table.columns, *(["rowid"] if (name, "rowid") in self._values else [])]
        terms = ", ".join(self._term(name, fold(column), keep) for column in names)
        columns = ", ".join(map(quote, names))
        self._conn.execute(
            f"WITH RECURSIVE pmd_copies(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM pmd_copies"
            f" WHERE c < {copies - 1})"
            f" INSERT INTO main.{quote(table.name)}({columns})"
            f" SELECT {terms} FROM pmd_copies AS k CROSS JOIN temp.{_staged(table)} AS s"
        )

    def _term(self, name: str, column: str, keep: frozenset[str]) -> str:
        """Return the SQL of one column of a copied row."""
        value = f"s.{quote(column)}"
        length = self._lengths.get((name, column))
        keys = self._values.get((name, column))
        if column in keep:
            return value
        if keys is not None:
            copy = copy_number(self._keys, self._copies, name, column)
            return copied_key(value, f"s.{quote('pmd_number_' + column)}", copy, keys, length)
        unique = f"k.c * {self._stored[name]} + s.pmd_row"
        return varied_value(value, unique, self._types(name, column), length)

    def _types(self, name: str, column: str) -> frozenset[str]:
        table = _staged(self._tables[name])
        rows = self._conn.execute(f"SELECT DISTINCT typeof({quote(column)}) FROM temp.{table}")
        return frozenset(str(one) for (one,) in rows)

    def _stage(self, name: str) -> None:
        """Put a table's stored rows aside, with the numbers of the values of its keys."""
        table = self._tables[name]
        columns = [*table.columns, *(["rowid"] if (name, "rowid") in self._values else [])]
        terms = [f"t.{quote(column)} AS {quote(column)}" for column in columns]
        for column in columns:
            keys = self._values.get((name, fold(column)))
            if keys is not None:
                number = f"(SELECT number FROM temp.{keys.table} WHERE value = t.{quote(column)})"
                terms.append(f"{number} AS {quote('pmd_number_' + fold(column))}")
        self._conn.execute(
            f"CREATE TEMP TABLE {_staged(table)} AS SELECT {', '.join(terms)},"
            f" row_number() OVER () AS pmd_row FROM main.{quote(table.name)} AS t"
        )

    def _limited(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        """Return the copies of each table, no more than its parents allow; tell of fewer."""
        found = dict(wanted)
        # A parent's own limit may lower a child's again.
        for _ in wanted:
            before = dict(found)
            for name in wanted:
                found[name] = min(found[name], most_copies(self._keys, found, name))
            if found == before:
                break
        for name, copies in found.items():
            if copies < wanted[name]:
                table = self._tables[name].name
                self.notes.append(
                    f"{table} gets fewer rows than asked for: its unique columns are foreign keys,"
                    " and the tables that they point at have no more"
                )
        for name, count in self._stored.items():
            if not count and name in self._filled:
                table = self._tables[name].name
                self.notes.append(f"{table} stays empty: it has no stored row to copy")
        return found

    def _column(self, name: str, column: str) -> str:
        """Return a column as its table spells it."""
        return next((c for c in self._tables[name].columns if fold(c) == column), column)

    def _cannot(self, table: RowTable, error: sqlite3.IntegrityError) -> FillingError:
        return FillingError(
            f"{table.name} cannot be filled with copies of its"
            f" {self._stored[fold(table.name)]} stored rows: {error}. A copied row"
            " must satisfy it with other values. Store a database with as many rows of your own"
        )


@contextmanager
def _without_indexes(conn: sqlite3.Connection) -> Iterator[None]:
    """Put indexes and triggers aside, and make them again in their order."""
    rows = conn.execute(
        "SELECT type, name, sql FROM main.sqlite_schema WHERE type IN ('index', 'trigger')"
        " AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for kind, name, _ in reversed(rows):
        conn.execute(f"DROP {kind} main.{quote(name)}")
    yield
    conn.execute("BEGIN")
    for _, name, sql in rows:
        try:
            conn.execute(sql)
        except sqlite3.IntegrityError as error:
            raise FillingError(
                f"copies of the stored rows break the unique index {name}: {error}"
            ) from error
    conn.execute("COMMIT")


def _staged(table: RowTable) -> str:
    return quote(f"pmd_rows_of_{table.name}")


def _count(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM main.{quote(table)}").fetchone()[0])
