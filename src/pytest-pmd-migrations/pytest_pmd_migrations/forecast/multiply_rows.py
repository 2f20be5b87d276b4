"""Fill a database to a size: the rows that it has are copied by SQL, with keys of their own.

Foreign keys point at a row of the same copy, or of another where the parent has fewer copies.
Indexes and triggers are put aside meanwhile and made again: rows come in fast, and no trigger
writes what is copied anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import FillingError
from pytest_pmd_migrations.files.temporary_folder import is_disk_full
from pytest_pmd_migrations.fill.full_text import indexes_in_step, rebuild
from pytest_pmd_migrations.fill.requirements import RequirementsReader
from pytest_pmd_migrations.forecast.copied_values import KeyValues, copied_key, varied_value
from pytest_pmd_migrations.forecast.copy_numbers import copy_number, most_copies
from pytest_pmd_migrations.forecast.indexes_aside import RefusedCopiesError, indexes_aside
from pytest_pmd_migrations.forecast.key_columns import read_key_columns
from pytest_pmd_migrations.forecast.row_targets import RowTargets
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.rows.tables import RowTable, list_tables
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TableColumn

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
    needs no transaction open. A table whose constraints refuse every copy keeps its rows, and a
    note names the constraint. Raises FillingError where no table can have more rows for that.
    """
    conn.execute(f"PRAGMA cache_size = {_CACHE}")
    conn.execute("PRAGMA foreign_keys = OFF")
    tables = {name: one for name, one in list_tables(conn).items() if one.columns}
    filled = frozenset(list_tables(conn, ignore=ignore)) & frozenset(tables)
    in_step = indexes_in_step(conn)
    refused: dict[str, str] = {}
    while True:
        growing = filled - frozenset(refused)
        multiplier = _Multiplier(conn, tables, growing, targets, rows, frozenset(kept))
        try:
            multiplier.fill_all()
            break
        except RefusedCopiesError as error:
            # Others point at the rows that are there, so all is filled anew.
            _keep_as_it_is(refused, error, tables, multiplier)
        except sqlite3.DatabaseError as error:
            if is_disk_full(error):
                raise
            raise FillingError(f"the database cannot be filled: {error}") from error
    unfit = rebuild(conn, in_step)
    notes = [*refused.values(), *multiplier.notes]
    notes += [f"{name}: {why}" for name, why in unfit.items()]
    counts = {tables[name].name: _count(conn, tables[name].name) for name in sorted(filled)}
    return FilledTables(counts, tuple(notes))


def _keep_as_it_is(
    refused: dict[str, str],
    error: RefusedCopiesError,
    tables: Mapping[str, RowTable],
    multiplier: _Multiplier,
) -> None:
    """Add the note on a table to ``refused``; raise FillingError where no other one has rows."""
    name, stored = tables[error.table].name, multiplier.stored
    count = counted(stored[error.table], "stored row")
    if error.table in refused or not any(
        stored[one] for one in multiplier.growing if one != error.table
    ):
        raise FillingError(
            f"{name} cannot be filled with copies of its {count}: {error}. A copied row must"
            " satisfy it with other values. Store a database with as many rows of your own"
        ) from error
    refused[error.table] = f"{name} keeps its {count}, copies are refused: {error}"


class _Multiplier:
    """What is known of all tables while they are filled."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        tables: Mapping[str, RowTable],
        growing: frozenset[str],
        targets: RowTargets,
        rows: int,
        kept: frozenset[str],
    ) -> None:
        self._conn, self._tables, self._kept = conn, tables, kept
        self._targets, self._rows, self.growing = targets, rows, growing
        self._keys = read_key_columns(conn, tables)
        self._reader = RequirementsReader(conn)
        self._lengths = targets.lengths
        self.notes: list[str] = []
        self.stored = {name: _count(conn, one.name) for name, one in tables.items()}
        self._values: dict[TableColumn, KeyValues] = {}
        self._copies: Mapping[str, int] = {}

    def fill_all(self) -> None:
        """Copy the rows of every table; raises RefusedCopiesError with nothing changed."""
        self._conn.execute("BEGIN")
        try:
            with indexes_aside(self._conn):
                self._prepare()
                copied = [name for name in self._tables if self._copies.get(name, 1) > 1]
                held = {name: self._try(name) for name in copied}
                for name in copied:
                    self._insert(name, self._copies[name], held[name])
        except BaseException:
            if self._conn.in_transaction:
                # A full disk has undone it already.
                self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")

    def _prepare(self) -> None:
        """Give the values of all keys numbers, and put aside the rows that are copied."""
        for number, group in enumerate(self._keys.groups):
            sources = [(self._tables[name].name, self._column(name, one)) for name, one in group]
            values = KeyValues.of(self._conn, f"pmd_values_{number}", sources)
            self._values |= dict.fromkeys(group, values)
        wanted = {
            name: max(1, -(-self._targets.of(one.name, self._rows) // self.stored[name]))
            for name, one in self._tables.items()
            if name in self.growing and self.stored[name]
        }
        self._copies = self._limited(wanted)
        for name in self._tables:
            self._stage(name)

    def _try(self, name: str) -> frozenset[str]:
        """Return the columns that keep their values: as few as the table's CHECKs allow."""
        refused: RefusedCopiesError | None = None
        for keep in self._attempts(name):
            self._conn.execute("SAVEPOINT pmd_tried")
            try:
                self._insert(name, min(self._copies[name], _TRIED), keep)
                return keep
            except RefusedCopiesError as error:
                refused = refused or error
            finally:
                self._conn.execute("ROLLBACK TO pmd_tried")
                self._conn.execute("RELEASE pmd_tried")
        assert refused is not None
        raise refused

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
        sql = (
            f"WITH RECURSIVE pmd_copies(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM pmd_copies"
            f" WHERE c < {copies - 1})"
            f" INSERT INTO main.{quote(table.name)}({columns})"
            f" SELECT {terms} FROM pmd_copies AS k CROSS JOIN temp.{_staged(table)} AS s"
        )
        try:
            self._conn.execute(sql)
        except sqlite3.IntegrityError as error:
            raise RefusedCopiesError(name, error) from error

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
        unique = f"k.c * {self.stored[name]} + s.pmd_row"
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
        for name, count in self.stored.items():
            if not count and name in self.growing:
                table = self._tables[name].name
                self.notes.append(f"{table} stays empty: it has no stored row to copy")
        return found

    def _column(self, name: str, column: str) -> str:
        """Return a column as its table spells it."""
        return next((c for c in self._tables[name].columns if fold(c) == column), column)


def _staged(table: RowTable) -> str:
    return quote(f"pmd_rows_of_{table.name}")


def _count(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM main.{quote(table)}").fetchone()[0])
