"""Parse a CREATE TABLE statement for what PRAGMAs do not tell about columns and constraints.

One reader goes through the statement's list from left to right. Its methods are long together,
since they follow the grammar of column and table constraints and share one position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, split_list

__all__ = ["ColumnText", "ConstraintText", "TableText", "parse_create_table"]

_TABLE_CONSTRAINTS = frozenset(("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"))
_ENDS = frozenset((",", ")", ""))
_COLUMN_CONSTRAINTS = frozenset(
    (
        *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE"),
        *("REFERENCES", "GENERATED", "AS"),
    )
)


@dataclass(slots=True)
class ColumnText:
    """One column as the statement declares it.

    ``typed`` is true if it has a type, even an empty one in quotes. ``expression`` is that of a
    generated column.
    """

    name: str
    typed: bool = False
    collation: str = ""
    expression: tuple[Token, ...] = ()
    not_null_conflict: str = ""


class ConstraintText(NamedTuple):
    """One constraint as the statement declares it: PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY.

    ``columns`` and ``collations`` are in lower case; a collation is empty where the column's own
    holds. ``conflict`` is empty where ABORT holds. ``deferred`` is true if a foreign key is checked
    at the commit.
    """

    kind: str
    columns: tuple[str, ...] = ()
    collations: tuple[str, ...] = ()
    name: str = ""
    conflict: str = ""
    expression: tuple[Token, ...] = ()
    deferred: bool = False


@dataclass
class TableText:
    """A table as its statement declares it; ``columns`` are by their folded names."""

    columns: dict[str, ColumnText] = field(default_factory=dict)
    constraints: list[ConstraintText] = field(default_factory=list)
    autoincrement: bool = False


def parse_create_table(tokens: Sequence[Token]) -> TableText:
    """Return what a CREATE TABLE statement declares; SQLite must have accepted it."""
    table = TableText()
    start = next((index for index, token in enumerate(tokens) if token.text == "("), None)
    if start is not None:
        _CreateTableReader(tokens[start + 1 :], table).read()
    return table


class _CreateTableReader:
    """Reads the list between the parentheses of CREATE TABLE into ``table``.

    A constraint's name holds for every constraint up to the next comma, as it does for SQLite.
    """

    def __init__(self, tokens: Sequence[Token], table: TableText) -> None:
        self._tokens = tokens
        # Empty texts at the end let every method look ahead without a check.
        self._words = [*(token.word for token in tokens), "", ""]
        self._texts = [*(token.text for token in tokens), ""]
        self._table = table
        self._position = 0
        self._constraint = ""
        self._last_key: int | None = None

    def read(self) -> None:
        """Read the columns, then the constraints of the table, up to the last parenthesis."""
        after_columns = False
        while self._texts[self._position] not in ("", ")"):
            if self._words[self._position] in _TABLE_CONSTRAINTS and self._table.columns:
                # The grammar clears a name at commas between constraints, not at the first.
                if after_columns:
                    self._constraint = ""
                after_columns = True
                self._table_constraints()
            else:
                self._constraint = ""
                self._column()
            if self._texts[self._position] == ",":
                self._position += 1

    def _column(self) -> None:
        """Take a column: its name, its type, its constraints."""
        column = ColumnText(self._take().value)
        self._table.columns[fold(column.name)] = column
        while self._more and self._words[self._position] not in _COLUMN_CONSTRAINTS:
            self._skip()
            column.typed = True
        while self._more:
            self._column_constraint(column)

    def _table_constraints(self) -> None:
        """Take table constraints, which need no commas between them."""
        while self._more:
            if self._word("CONSTRAINT"):
                self._constraint = self._take().value
            elif self._word("PRIMARY"):
                self._word("KEY")
                self._keyed("PRIMARY KEY", self._terms())
            elif self._word("UNIQUE"):
                self._keyed("UNIQUE", self._terms())
            elif self._word("CHECK"):
                self._check()
            elif self._word("FOREIGN"):
                self._word("KEY")
                columns = tuple(name for name, _ in self._terms())
                self._word("REFERENCES")
                self._references(columns)
            else:
                self._skip()

    @property
    def _more(self) -> bool:
        """Whether more stands before the next comma or the end of the list."""
        return self._texts[self._position] not in _ENDS

    def _take(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _skip(self) -> None:
        """Take one token, or a whole group in parentheses."""
        if self._texts[self._position] == "(":
            self._group()
        else:
            self._position += 1

    def _word(self, *words: str) -> bool:
        """Take the next token if it is one of these words."""
        if self._words[self._position] in words:
            self._position += 1
            return True
        return False

    def _group(self) -> tuple[Token, ...]:
        """Take a group in parentheses, if one comes next, and return what is inside."""
        if self._texts[self._position] != "(":
            return ()
        start = self._position + 1
        depth = 0
        for index in range(self._position, len(self._tokens)):
            text = self._texts[index]
            if text == "(":
                depth += 1
            elif text == ")":
                depth -= 1
                if depth == 0:
                    self._position = index + 1
                    return tuple(self._tokens[start:index])
        self._position = len(self._tokens)
        return tuple(self._tokens[start:])

    def _terms(self) -> list[tuple[str, str]]:
        """Take a list of columns, each with its collation."""
        terms = []
        for part in split_list(self._group()):
            if part[-1].word == "AUTOINCREMENT":
                self._table.autoincrement = True
            inner = [token for token in part if token.kind != "operator"]
            collation = next(
                (inner[n + 1].value for n, t in enumerate(inner[:-1]) if t.word == "COLLATE"), ""
            )
            terms.append((fold(inner[0].value), fold(collation)))
        return terms

    def _conflict(self) -> str:
        """Take ON CONFLICT x, if that comes next, and return x; empty for ABORT, the default."""
        if self._words[self._position : self._position + 2] == ["ON", "CONFLICT"]:
            self._position += 2
            word = self._take().value.upper()
            return "" if word == "ABORT" else word
        return ""

    def _keyed(self, kind: str, terms: Sequence[tuple[str, str]]) -> None:
        """Add a PRIMARY KEY or UNIQUE, whose columns are taken already."""
        columns = tuple(name for name, _ in terms)
        collations = tuple(collation for _, collation in terms)
        name, conflict = self._constraint, self._conflict()
        self._table.constraints.append(ConstraintText(kind, columns, collations, name, conflict))

    def _check(self) -> None:
        """Take the expression of a CHECK and add it."""
        expression = self._group()
        self._conflict()
        constraint = ConstraintText("CHECK", name=self._constraint, expression=expression)
        self._table.constraints.append(constraint)

    def _references(self, columns: tuple[str, ...]) -> None:
        """Take what follows REFERENCES and add a foreign key from these columns."""
        self._take()
        self._group()
        deferred = False
        while self._more:
            stated = self._deferred()
            if stated is not None:
                deferred = stated
            elif self._word("ON"):
                self._take()
                if self._word("SET", "NO"):
                    pass
                self._take()
            elif self._word("MATCH"):
                self._take()
            else:
                break
        self._last_key = len(self._table.constraints)
        self._table.constraints.append(
            ConstraintText("FOREIGN KEY", columns, name=self._constraint, deferred=deferred)
        )

    def _deferred(self) -> bool | None:
        """Take [NOT] DEFERRABLE, if that comes next, and return whether the key is deferred."""
        negated = self._words[self._position] == "NOT"
        if self._words[self._position + negated] != "DEFERRABLE":
            return None
        self._position += 1 + negated
        return self._word("INITIALLY") and self._take().word == "DEFERRED" and not negated

    def _defer_last(self, deferred: bool) -> None:
        """Set whether the last foreign key is deferred: the clause may follow at a distance."""
        if self._last_key is not None:
            constraints, last = self._table.constraints, self._last_key
            constraints[last] = constraints[last]._replace(deferred=deferred)

    def _column_constraint(self, column: ColumnText) -> None:
        """Take one constraint of a column, or a word of it that PRAGMAs tell about."""
        name = fold(column.name)
        word = self._words[self._position]
        deferred = self._deferred() if word in ("NOT", "DEFERRABLE") else None
        if deferred is not None:
            self._defer_last(deferred)
            return
        self._skip()
        match word:
            case "CONSTRAINT":
                self._constraint = self._take().value
            case "PRIMARY":
                self._word("KEY")
                self._word("ASC", "DESC")
                self._keyed("PRIMARY KEY", [(name, "")])
                if self._word("AUTOINCREMENT"):
                    self._table.autoincrement = True
            case "NOT":
                self._word("NULL")
                column.not_null_conflict = self._conflict()
            case "NULL":
                self._conflict()
            case "UNIQUE":
                self._keyed("UNIQUE", [(name, "")])
            case "CHECK":
                self._check()
            case "COLLATE":
                column.collation = self._take().value
            case "REFERENCES":
                self._references((name,))
            case "AS":
                column.expression = self._group()
            case _:
                # PRAGMAs tell DEFAULT and its value, GENERATED ALWAYS, STORED and VIRTUAL.
                self._group()
