"""Tell how tightly SQLite's operators bind, and which one in an expression binds least tightly.

See https://www.sqlite.org/lang_expr.html, "Operators, and Parse-Affecting Attributes". The higher
of two numbers binds more tightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = [
    "AND",
    "BINARY",
    "EDGE",
    "EQUALITY",
    "ESCAPE",
    "FOLLOWING",
    "MATCHING",
    "NOT",
    "NO_OPERAND",
    "OR",
    "PREFIX",
    "UNARY",
    "Group",
    "Node",
    "is_word",
    "weakest_operator",
]


class Group(NamedTuple):
    """A part in parentheses or between CASE and END; ``last`` is None if it is not closed."""

    first: Token
    nodes: tuple[Node, ...]
    last: Token | None

    @property
    def is_case(self) -> bool:
        """Whether this is CASE ... END."""
        return self.first.text != "("


Node = Token | Group
"""A part of an expression: a token, or a group that has parts of its own."""

OPERAND = 100
UNARY = 12
COLLATE = 11
ESCAPE = 6
EQUALITY = 4
NOT = 3
AND = 2
OR = 1
EDGE = 0
BINARY = {
    **dict.fromkeys(("||", "->", "->>"), 10),
    **dict.fromkeys(("*", "/", "%"), 9),
    **dict.fromkeys(("+", "-"), 8),
    **dict.fromkeys(("&", "|", "<<", ">>"), 7),
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    **dict.fromkeys(("=", "<>"), EQUALITY),
}
PREFIX = ("+", "-", "~")
MATCHING = ("LIKE", "GLOB", "MATCH", "REGEXP")
FOLLOWING = {
    **dict.fromkeys(("IS", "NOT", "ISNULL", "NOTNULL", "IN", "BETWEEN", *MATCHING), EQUALITY),
    "AND": AND,
    "OR": OR,
    "ESCAPE": ESCAPE,
    "COLLATE": COLLATE,
}
NO_OPERAND = frozenset(
    (
        *("SELECT", "VALUES", "WITH", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "AS"),
        *("JOIN", "ON", "USING", "UNION", "EXCEPT", "INTERSECT", "DISTINCT", "SET", "INTO", "AND"),
        *("OR", "IN", "IS", "BETWEEN", "COLLATE", "ESCAPE", "WHEN", "THEN", "ELSE", "RETURNING"),
    )
)


def is_word(node: Node | None, *words: str) -> bool:
    """Return whether a part is one of these bare words, given in upper case."""
    return isinstance(node, Token) and node.word in words


def weakest_operator(nodes: Sequence[Node]) -> int | None:
    """Return how tightly the weakest operator binds; None if this is no single expression."""
    scan = _Scan(nodes)
    while scan.position < len(nodes):
        if not (scan.take_operand() if scan.operand else scan.take_operator()):
            return None
    return None if scan.operand else scan.weakest


class _Scan:
    """Reads an expression from left to right, operands and operators in turn.

    ``operand`` is true if an operand must come next; ``weakest`` is the lowest precedence so far.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._open_betweens = 0
        self.position = 0
        self.operand = True
        self.weakest = OPERAND

    def take_operand(self) -> bool:
        """Take an operand or a prefix; return whether there was one."""
        node = self._nodes[self.position]
        self.position += 1
        if isinstance(node, Token):
            if node.kind == "operator":
                return node.value in PREFIX and self._meet(UNARY)
            if node.word == "NOT":
                return self._meet(NOT)
            if node.word in NO_OPERAND:
                return False
            if node.is_identifier:
                self._take_name()
        self.operand = False
        return True

    def take_operator(self) -> bool:
        """Take an operator between two operands, or after one; return whether there was one."""
        node = self._nodes[self.position]
        self.position += 1
        if isinstance(node, Group):
            return False
        if node.kind == "operator":
            self.operand = True
            return node.value in BINARY and self._meet(BINARY[node.value])
        return node.kind == "word" and self._take_word(node.word)

    def _take_word(self, word: str) -> bool:
        self.operand = word not in ("ISNULL", "NOTNULL")
        if word == "NOT":
            self.operand = False
            self._pass("NULL")
            return self._meet(EQUALITY)
        if word == "AND" and self._open_betweens:
            self._open_betweens -= 1
            return self._meet(EQUALITY)
        if word == "BETWEEN":
            self._open_betweens += 1
        elif word == "IS":
            self._pass("NOT")
            self._pass("DISTINCT")
            self._pass("FROM")
        precedence = FOLLOWING.get(word, EDGE)
        return precedence != EDGE and self._meet(precedence)

    def _take_name(self) -> None:
        """Take the rest of a dotted name, and the arguments of a call."""
        while self._is_operator("."):
            self.position += 2
        if self.position < len(self._nodes):
            following = self._nodes[self.position]
            if isinstance(following, Group) and not following.is_case:
                self.position += 1

    def _is_operator(self, value: str) -> bool:
        if self.position >= len(self._nodes):
            return False
        node = self._nodes[self.position]
        return isinstance(node, Token) and node.kind == "operator" and node.value == value

    def _pass(self, word: str) -> None:
        if self.position < len(self._nodes) and is_word(self._nodes[self.position], word):
            self.position += 1

    def _meet(self, precedence: int) -> bool:
        self.weakest = min(self.weakest, precedence)
        return True
