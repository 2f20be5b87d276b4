"""Read a CREATE TABLE statement for what PRAGMAs do not tell about columns and constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_pmd_migrations.schema.reading.tokens import Token, fold

__all__ = ["ColumnText", "ConstraintText", "TableText", "parse_table", "split_list"]

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
    """What the text says of one column; ``typed`` if it has a type, even an empty one."""

    name: str
    typed: bool = False
    collation: str = ""
    expression: tuple[Token, ...] = ()
    not_null_conflict: str = ""


class ConstraintText(NamedTuple):
    """What the text says of one constraint: PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY.

    ``columns`` and ``collations`` are in lower case, the latter empty where the column's own
    holds; ``deferred`` is true of a key that waits for the commit.
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
    """What the text says of one table."""

    columns: dict[str, ColumnText] = field(default_factory=dict)
    constraints: list[ConstraintText] = field(default_factory=list)
    autoincrement: bool = False


def parse_table(tokens: Sequence[Token]) -> TableText:
    """Return what a CREATE TABLE statement says; SQLite has accepted it already."""
    table = TableText()
    start = next((place for place, token in enumerate(tokens) if token.text == "("), None)
    if start is not None:
        _Reader(tokens[start + 1 :], table).read()
    return table


def split_list(tokens: Sequence[Token], *, empty: bool = False) -> list[tuple[Token, ...]]:
    """Split at commas until the parenthesis that closes the list; empty parts only if asked for."""
    parts: list[tuple[Token, ...]] = []
    depth = start = 0
    end = len(tokens)
    for place, token in enumerate(tokens):
        mark = token.text
        if mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
            if depth < 0:
                end = place
                break
        elif mark == "," and depth == 0:
            parts.append(tuple(tokens[start:place]))
            start = place + 1
    parts.append(tuple(tokens[start:end]))
    return [part for part in parts if part or (empty and len(parts) > 1)]


class _Reader:
    """Reads the list between a table's parentheses, from left to right.

    A constraint's name holds for all after it up to the next comma, as it does for SQLite.
    """

    def __init__(self, tokens: Sequence[Token], table: TableText) -> None:
        self._tokens = tokens
        # Nothing behind the last one, however far is looked ahead.
        self._words = [*(token.word for token in tokens), "", ""]
        self._marks = [*(token.text for token in tokens), ""]
        self._table = table
        self._place = 0
        self._constraint = ""

    def read(self) -> None:
        """Read the columns, then the constraints of the table, up to the last parenthesis."""
        after_columns = False
        while self._marks[self._place] not in ("", ")"):
            if self._words[self._place] in _TABLE_CONSTRAINTS and self._table.columns:
                # The grammar clears a name at commas between constraints, not at the first.
                if after_columns:
                    self._constraint = ""
                after_columns = True
                self._table_constraints()
            else:
                self._constraint = ""
                self._column()
            if self._marks[self._place] == ",":
                self._place += 1

    def _column(self) -> None:
        """Take a column: its name, its type, its constraints."""
        column = ColumnText(self._take().value)
        self._table.columns[fold(column.name)] = column
        while self._more and self._words[self._place] not in _COLUMN_CONSTRAINTS:
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
        return self._marks[self._place] not in _ENDS

    def _take(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _skip(self) -> None:
        """Take one token, or all that stands in parentheses."""
        if self._marks[self._place] == "(":
            self._group()
        else:
            self._place += 1

    def _word(self, *words: str) -> bool:
        """Take the next token if it is one of these words."""
        if self._words[self._place] in words:
            self._place += 1
            return True
        return False

    def _group(self) -> tuple[Token, ...]:
        """Take what stands in parentheses, if that comes next, and return its inside."""
        if self._marks[self._place] != "(":
            return ()
        start = self._place + 1
        depth = 0
        for place in range(self._place, len(self._tokens)):
            mark = self._marks[place]
            if mark == "(":
                depth += 1
            elif mark == ")":
                depth -= 1
                if depth == 0:
                    self._place = place + 1
                    return tuple(self._tokens[start:place])
        self._place = len(self._tokens)
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
        """Take ON CONFLICT x, if that comes next; ABORT is what holds without it."""
        if self._words[self._place : self._place + 2] == ["ON", "CONFLICT"]:
            self._place += 2
            word = self._take().value.upper()
            return "" if word == "ABORT" else word
        return ""

    def _keyed(self, kind: str, terms: Sequence[tuple[str, str]]) -> None:
        columns = tuple(name for name, _ in terms)
        collations = tuple(collation for _, collation in terms)
        name, conflict = self._constraint, self._conflict()
        self._table.constraints.append(ConstraintText(kind, columns, collations, name, conflict))

    def _check(self) -> None:
        expression = self._group()
        self._conflict()
        constraint = ConstraintText("CHECK", name=self._constraint, expression=expression)
        self._table.constraints.append(constraint)

    def _references(self, columns: tuple[str, ...]) -> None:
        self._take()
        self._group()
        deferred = False
        while self._more:
            waits = self._deferred()
            if waits is not None:
                deferred = waits
            elif self._word("ON"):
                self._take()
                if self._word("SET", "NO"):
                    pass
                self._take()
            elif self._word("MATCH"):
                self._take()
            else:
                break
        self._table.constraints.append(
            ConstraintText("FOREIGN KEY", columns, name=self._constraint, deferred=deferred)
        )

    def _deferred(self) -> bool | None:
        """Take [NOT] DEFERRABLE, if that comes next, and return whether the key waits."""
        negated = self._words[self._place] == "NOT"
        if self._words[self._place + negated] != "DEFERRABLE":
            return None
        self._place += 1 + negated
        return self._word("INITIALLY") and self._take().word == "DEFERRED" and not negated

    def _defer_last(self, deferred: bool) -> None:
        """Let the last foreign key so far wait or not: the clause may stand further on."""
        constraints = self._table.constraints
        for place in reversed(range(len(constraints))):
            if constraints[place].kind == "FOREIGN KEY":
                constraints[place] = constraints[place]._replace(deferred=deferred)
                return

    def _column_constraint(self, column: ColumnText) -> None:
        name = fold(column.name)
        word = self._words[self._place]
        waits = self._deferred() if word in ("NOT", "DEFERRABLE") else None
        if waits is not None:
            self._defer_last(waits)
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
                # DEFAULT and its value, GENERATED ALWAYS, STORED, VIRTUAL: PRAGMAs tell these.
                self._group()
