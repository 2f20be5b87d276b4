"""Read a CREATE TABLE statement for what PRAGMAs do not tell about columns and constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_pmd_migrations.schema.tokens import Token, fold

__all__ = ["ColumnText", "ConstraintText", "TableText", "parse_table", "split_list"]

_TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")
_COLUMN_CONSTRAINTS = frozenset(
    (
        *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE"),
        *("REFERENCES", "GENERATED", "AS"),
    )
)


@dataclass
class ColumnText:
    """What the text says of one column; ``typed`` if it has a type, even an empty one."""

    name: str
    typed: bool = False
    collation: str = ""
    expression: tuple[Token, ...] = ()
    not_null_conflict: str = ""


@dataclass(frozen=True)
class ConstraintText:
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
    start = next((n for n, t in enumerate(tokens) if t.value == "(" and t.kind == "operator"), None)
    if start is None:
        return table
    name = ""
    after_columns = False
    for segment in split_list(tokens[start + 1 :]):
        if segment[0].is_word(*_TABLE_CONSTRAINTS) and table.columns:
            # The grammar clears a name at commas between constraints, not at the first.
            _Reader(segment, table, "" if after_columns else name).table_constraints()
            after_columns = True
        else:
            name = _Reader(segment, table).column()
    return table


def split_list(tokens: Sequence[Token], *, empty: bool = False) -> list[tuple[Token, ...]]:
    """Split at commas until the parenthesis that closes the list; empty parts only if asked for."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "operator":
            if token.value == "(":
                depth += 1
            elif token.value == ")":
                depth -= 1
                if depth < 0:
                    break
            elif token.value == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(token)
    return [tuple(part) for part in parts if part or (empty and len(parts) > 1)]


class _Reader:
    """Reads one segment of the list between a table's parentheses.

    A constraint's name holds for all after it up to the next comma, as it does for SQLite.
    """

    def __init__(self, tokens: tuple[Token, ...], table: TableText, name: str = "") -> None:
        self._tokens = tokens
        self._table = table
        self._place = 0
        self._constraint = name

    def column(self) -> str:
        """Read a column: its name, its type, its constraints; return the last constraint's name."""
        column = ColumnText(self._take().value)
        self._table.columns[fold(column.name)] = column
        length = len(self._tokens)
        while self._place < length and self._keyword() not in _COLUMN_CONSTRAINTS:
            self._place += 1
            column.typed = True
        while self._place < length:
            self._column_constraint(column)
        return self._constraint

    def table_constraints(self) -> None:
        """Read table constraints, which need no commas between them."""
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
                self._take()

    @property
    def _more(self) -> bool:
        return self._place < len(self._tokens)

    @property
    def _rest(self) -> tuple[Token, ...]:
        return self._tokens[self._place :]

    def _take(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _keyword(self) -> str:
        """Return the next token in upper case if it is a bare word."""
        token = self._tokens[self._place]
        return token.value.upper() if token.kind == "word" and token.value.isascii() else ""

    def _word(self, *words: str) -> bool:
        """Take the next token if it is one of these words."""
        if self._place < len(self._tokens) and self._tokens[self._place].is_word(*words):
            self._place += 1
            return True
        return False

    def _group(self) -> tuple[Token, ...]:
        """Take what stands in parentheses, if that comes next, and return its inside."""
        if not self._more or self._tokens[self._place].value != "(":
            return ()
        depth, start = 0, self._place + 1
        while self._more:
            token = self._take()
            if token.kind == "operator":
                depth += (token.value == "(") - (token.value == ")")
            if depth == 0:
                break
        return self._tokens[start : self._place - 1]

    def _terms(self) -> list[tuple[str, str]]:
        """Take a list of columns, each with its collation."""
        terms = []
        for part in split_list(self._group()):
            if self._ends_with_autoincrement(part):
                self._table.autoincrement = True
            inner = [token for token in part if token.kind != "operator"]
            collation = next(
                (inner[n + 1].value for n, t in enumerate(inner[:-1]) if t.is_word("COLLATE")), ""
            )
            terms.append((fold(inner[0].value), fold(collation)))
        return terms

    @staticmethod
    def _ends_with_autoincrement(part: tuple[Token, ...]) -> bool:
        return part[-1].is_word("AUTOINCREMENT")

    def _conflict(self) -> str:
        """Take ON CONFLICT x, if that comes next; ABORT is what holds without it."""
        following = self._tokens[self._place : self._place + 3]
        if len(following) > 2 and following[0].is_word("ON") and following[1].is_word("CONFLICT"):
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
        while self._rest:
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
        if not self._more or not self._tokens[self._place].is_word("NOT", "DEFERRABLE"):
            return None
        negated = len(self._rest) > 1 and self._rest[0].is_word("NOT")
        if not self._rest[negated : negated + 1] or not self._rest[negated].is_word("DEFERRABLE"):
            return None
        self._place += 1 + negated
        return self._word("INITIALLY") and self._take().is_word("DEFERRED") and not negated

    def _defer_last(self, deferred: bool) -> None:
        """Let the last foreign key so far wait or not: the clause may stand further on."""
        constraints = self._table.constraints
        for place in reversed(range(len(constraints))):
            if constraints[place].kind == "FOREIGN KEY":
                constraints[place] = replace(constraints[place], deferred=deferred)
                return

    def _column_constraint(self, column: ColumnText) -> None:
        name = fold(column.name)
        word = self._keyword()
        waits = self._deferred() if word in ("NOT", "DEFERRABLE") else None
        if waits is not None:
            self._defer_last(waits)
            return
        self._place += 1
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
