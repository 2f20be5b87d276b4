"""Drop the parentheses that change nothing, by the precedence of SQLite's operators.

See https://www.sqlite.org/lang_expr.html, "Operators, and Parse-Affecting Attributes". Where the
grammar gives parentheses a meaning of their own (a call, IN, VALUES, a subquery) they stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = ["without_redundant"]


class _Group(NamedTuple):
    """What stands between two parentheses, or between CASE and END."""

    first: Token
    nodes: tuple[_Node, ...]
    last: Token | None

    @property
    def is_case(self) -> bool:
        return self.first.text != "("


_Node = Token | _Group

_OPERAND = 100
_UNARY = 12
_COLLATE = 11
_ESCAPE = 6
_EQUALITY = 4
_NOT = 3
_AND = 2
_OR = 1
_EDGE = 0
_BINARY = {
    **dict.fromkeys(("||", "->", "->>"), 10),
    **dict.fromkeys(("*", "/", "%"), 9),
    **dict.fromkeys(("+", "-"), 8),
    **dict.fromkeys(("&", "|", "<<", ">>"), 7),
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    **dict.fromkeys(("=", "<>"), _EQUALITY),
}
_PREFIX = ("+", "-", "~")
_MATCHING = ("LIKE", "GLOB", "MATCH", "REGEXP")
_FOLLOWING = {
    **dict.fromkeys(("IS", "NOT", "ISNULL", "NOTNULL", "IN", "BETWEEN", *_MATCHING), _EQUALITY),
    "AND": _AND,
    "OR": _OR,
    "ESCAPE": _ESCAPE,
    "COLLATE": _COLLATE,
}
_BEFORE_EXPRESSION = (
    *("WHERE", "ON", "WHEN", "THEN", "ELSE", "HAVING", "BY", "SELECT", "DISTINCT", "RETURNING"),
    "LIMIT",
)
_CLAUSES = ("SET", "SELECT", "FROM", "WHERE", "BY", "HAVING", "LIMIT", "VALUES", "RETURNING")
_NO_OPERAND = frozenset(
    (
        *("SELECT", "VALUES", "WITH", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "AS"),
        *("JOIN", "ON", "USING", "UNION", "EXCEPT", "INTERSECT", "DISTINCT", "SET", "INTO", "AND"),
        *("OR", "IN", "IS", "BETWEEN", "COLLATE", "ESCAPE", "WHEN", "THEN", "ELSE", "RETURNING"),
    )
)
_BEFORE_OPERAND = _NO_OPERAND.union(_BEFORE_EXPRESSION, _MATCHING)


def without_redundant(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens of an expression or a statement without parentheses that mean nothing."""
    nodes, _ = _grouped(tokens, 0, "")
    return _flat(_reduced(nodes))


def _grouped(tokens: Sequence[Token], place: int, closing: str) -> tuple[list[_Node], int]:
    """Return the nodes until the one that closes the group, and its place."""
    nodes: list[_Node] = []
    while place < len(tokens):
        token = tokens[place]
        if token.text == ")" and closing == ")":
            return nodes, place
        # END may be the name of a column; what closes a CASE stands after a value.
        if token.word == "END" and closing == "END" and _ends_operand(nodes):
            return nodes, place
        close = _closing(token, nodes)
        if close:
            inner, place = _grouped(tokens, place + 1, close)
            last = tokens[place] if place < len(tokens) else None
            nodes.append(_Group(token, tuple(inner), last))
        else:
            nodes.append(token)
        place += 1
    return nodes, place


def _closing(token: Token, before: Sequence[_Node]) -> str:
    if token.text == "(":
        return ")"
    if token.word != "CASE":
        return ""
    last = before[-1] if before else None
    after_dot = isinstance(last, Token) and last.value == "."
    return "" if after_dot else "END"


def _flat(nodes: Sequence[_Node]) -> list[Token]:
    found: list[Token] = []
    for node in nodes:
        if isinstance(node, _Group):
            found.append(node.first)
            found.extend(_flat(node.nodes))
            if node.last is not None:
                found.append(node.last)
        else:
            found.append(node)
    return found


def _reduced(nodes: Sequence[_Node]) -> list[_Node]:
    """Return the nodes with the content of redundant groups in the groups' place."""
    found: list[_Node] = []
    for place, node in enumerate(nodes):
        if not isinstance(node, _Group):
            found.append(node)
            continue
        inner = _reduced(node.nodes)
        if not node.is_case and _is_redundant(inner, found, nodes[place + 1 :]):
            found.extend(inner)
        else:
            found.append(_Group(node.first, tuple(inner), node.last))
    return found


def _is_redundant(inner: Sequence[_Node], before: Sequence[_Node], after: Sequence[_Node]) -> bool:
    weakest = _weakest(inner)
    left, right = _left(before), _right(after)
    if weakest is None or left is None or right is None or weakest < right:
        return False
    # AND and OR give the same in any grouping; what is equal after a prefix is a prefix too.
    chains = left in (_AND, _OR, _NOT, _UNARY)
    return weakest > left or (weakest == left and chains)


def _left(before: Sequence[_Node]) -> int | None:
    """Return how tightly what stands before a group takes it; None when it is no expression."""
    last = before[-1] if before else None
    if last is None:
        return _EDGE
    if isinstance(last, _Group) or last.kind not in ("operator", "word"):
        return None
    if last.kind == "operator":
        return _left_operator(last, before)
    word = last.word
    if word == "AND":
        return _EQUALITY if _awaits_and(before[:-1]) else _AND
    if word in ("OR", "NOT", "IS", "BETWEEN"):
        after_is = len(before) > 1 and _is_word(before[-2], "IS")
        prefix = _NOT if not after_is else _EQUALITY
        return {"OR": _OR, "NOT": prefix}.get(word, _EQUALITY)
    if word in _BEFORE_EXPRESSION:
        return _EDGE
    if word == "FROM" and _ends_comparison(before[:-1]):
        return _EQUALITY
    if _ends_operand(before[:-1]):
        return {**dict.fromkeys(_MATCHING, _EQUALITY), "ESCAPE": _ESCAPE, "OFFSET": _EDGE}.get(word)
    return None


def _left_operator(last: Token, before: Sequence[_Node]) -> int | None:
    if last.value == ",":
        return None if _in_values(before) else _EDGE
    if last.value in _PREFIX and not _ends_operand(before[:-1]):
        return _UNARY
    if last.value == "=" and _assigns(before[:-1]):
        return _EDGE
    return _BINARY.get(last.value)


def _assigns(before: Sequence[_Node]) -> bool:
    """Return whether an equals sign here gives a column its value, after SET."""
    place = len(before) - 2
    if place > 0 and _is_comma(before[place]):
        words = (node for node in reversed(before[:place]) if _is_word(node, *_CLAUSES))
        return _is_word(next(words, None), "SET")
    return place >= 0 and _is_word(before[place], "SET")


def _ends_comparison(before: Sequence[_Node]) -> bool:
    """Return whether the words before a FROM are IS DISTINCT or IS NOT DISTINCT."""
    if not before or not _is_word(before[-1], "DISTINCT"):
        return False
    rest = before[:-2] if len(before) > 1 and _is_word(before[-2], "NOT") else before[:-1]
    return bool(rest) and _is_word(rest[-1], "IS")


def _right(after: Sequence[_Node]) -> int | None:
    """Return how tightly what stands after a group takes it; None when it is no expression."""
    first = after[0] if after else None
    if first is None:
        return _EDGE
    if isinstance(first, _Group):
        return None
    if first.kind == "operator":
        return _EDGE if first.value in (",", ";") else _BINARY.get(first.value)
    return _FOLLOWING.get(first.word, _EDGE)


def _ends_operand(nodes: Sequence[_Node]) -> bool:
    """Return whether a value ends here, so that what follows is not a prefix or a call."""
    last = nodes[-1] if nodes else None
    if last is None:
        return False
    if isinstance(last, _Group):
        return True
    if last.kind == "operator":
        return False
    # `a NOT LIKE`: the value ended before NOT.
    if last.word == "NOT":
        return _ends_operand(nodes[:-1])
    return last.word not in _BEFORE_OPERAND


def _awaits_and(nodes: Sequence[_Node]) -> bool:
    """Return whether the next AND belongs to a BETWEEN."""
    waiting = 0
    for node in nodes:
        if _is_word(node, "BETWEEN"):
            waiting += 1
        elif _is_word(node, "AND") and waiting:
            waiting -= 1
    return waiting > 0


def _in_values(before: Sequence[_Node]) -> bool:
    """Return whether a comma separates the rows of VALUES (1), (2)."""
    place = len(before) - 1
    while place > 0 and isinstance(before[place], Token) and _is_comma(before[place]):
        if not isinstance(before[place - 1], _Group):
            return False
        place -= 2
    return place >= 0 and _is_word(before[place], "VALUES")


def _is_comma(node: _Node) -> bool:
    return isinstance(node, Token) and node.kind == "operator" and node.value == ","


def _is_word(node: _Node | None, *words: str) -> bool:
    return isinstance(node, Token) and node.word in words


def _weakest(nodes: Sequence[_Node]) -> int | None:
    """Return the precedence of the weakest operator; None when this is no single expression."""
    scan = _Scan(nodes)
    while scan.place < len(nodes):
        if not (scan.take_operand() if scan.operand else scan.take_operator()):
            return None
    return None if scan.operand else scan.weakest


class _Scan:
    """Reads an expression from left to right, an operand and an operator in turn."""

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self._nodes = nodes
        self._waiting = 0
        self.place = 0
        self.operand = True
        self.weakest = _OPERAND

    def take_operand(self) -> bool:
        """Take an operand or a prefix; return whether there was one."""
        node = self._nodes[self.place]
        self.place += 1
        if isinstance(node, Token):
            if node.kind == "operator":
                return node.value in _PREFIX and self._meet(_UNARY)
            if node.word == "NOT":
                return self._meet(_NOT)
            if node.word in _NO_OPERAND:
                return False
            if node.is_identifier:
                self._take_name()
        self.operand = False
        return True

    def take_operator(self) -> bool:
        """Take an operator between two operands, or after one; return whether there was one."""
        node = self._nodes[self.place]
        self.place += 1
        if isinstance(node, _Group):
            return False
        if node.kind == "operator":
            self.operand = True
            return node.value in _BINARY and self._meet(_BINARY[node.value])
        return node.kind == "word" and self._take_word(node.word)

    def _take_word(self, word: str) -> bool:
        self.operand = word not in ("ISNULL", "NOTNULL")
        if word == "NOT":
            self.operand = False
            self._pass("NULL")
            return self._meet(_EQUALITY)
        if word == "AND" and self._waiting:
            self._waiting -= 1
            return self._meet(_EQUALITY)
        if word == "BETWEEN":
            self._waiting += 1
        elif word == "IS":
            self._pass("NOT")
            self._pass("DISTINCT")
            self._pass("FROM")
        precedence = _FOLLOWING.get(word, _EDGE)
        return precedence != _EDGE and self._meet(precedence)

    def _take_name(self) -> None:
        """Take the rest of a dotted name, and the arguments of a call."""
        while self._is_operator("."):
            self.place += 2
        if self.place < len(self._nodes):
            following = self._nodes[self.place]
            if isinstance(following, _Group) and not following.is_case:
                self.place += 1

    def _is_operator(self, value: str) -> bool:
        if self.place >= len(self._nodes):
            return False
        node = self._nodes[self.place]
        return isinstance(node, Token) and node.kind == "operator" and node.value == value

    def _pass(self, word: str) -> None:
        if self.place < len(self._nodes) and _is_word(self._nodes[self.place], word):
            self.place += 1

    def _meet(self, precedence: int) -> bool:
        self.weakest = min(self.weakest, precedence)
        return True
