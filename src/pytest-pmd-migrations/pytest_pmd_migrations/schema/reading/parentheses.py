"""Leave out the parentheses that change nothing, by the precedence of SQLite's operators.

Where the grammar gives parentheses a meaning of their own (a call, IN, VALUES, a subquery) they
stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_pmd_migrations.schema.reading.precedence import (
    AND,
    BINARY,
    EDGE,
    EQUALITY,
    ESCAPE,
    FOLLOWING,
    MATCHING,
    NO_OPERAND,
    NOT,
    OR,
    PREFIX,
    UNARY,
    Group,
    Node,
    is_word,
    weakest_operator,
)
from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = ["without_redundant"]

_BEFORE_EXPRESSION = (
    *("WHERE", "ON", "WHEN", "THEN", "ELSE", "HAVING", "BY", "SELECT", "DISTINCT", "RETURNING"),
    "LIMIT",
)
_CLAUSES = frozenset(
    ("SET", "SELECT", "FROM", "WHERE", "BY", "HAVING", "LIMIT", "VALUES", "RETURNING")
)
_BEFORE_OPERAND = NO_OPERAND.union(_BEFORE_EXPRESSION, MATCHING)
_NO_ROWS, _BEFORE_ROW, _AFTER_ROW, _BETWEEN_ROWS = range(4)
"""Where among the rows of VALUES (1), (2) a position is."""


def without_redundant(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens of an expression or a statement without parentheses that mean nothing."""
    nodes, _ = _grouped(tokens, 0, "")
    found: list[Token] = []
    _flatten(_reduced(nodes), found)
    return found


class _Before:
    """The nodes before a position, with what those at their end say, whatever stands in front.

    Each node is looked at once, as it is added.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._ends_operand = [False]
        self._open_betweens = [0]
        self._clause = [""]
        self._rows = [_NO_ROWS]

    def add(self, node: Node) -> None:
        """Add the next node."""
        self._ends_operand.append(self._is_operand_end(node))
        self._open_betweens.append(_count_betweens(self._open_betweens[-1], node))
        word = node.word if isinstance(node, Token) else ""
        self._clause.append(word if word in _CLAUSES else self._clause[-1])
        self._rows.append(_next_row(self._rows[-1], node))
        self.nodes.append(node)

    def extend(self, nodes: Iterable[Node]) -> None:
        """Add several nodes."""
        for node in nodes:
            self.add(node)

    @property
    def last(self) -> Node | None:
        """The node at the end, None if there is none."""
        return self.nodes[-1] if self.nodes else None

    def ends_operand(self, without: int = 0) -> bool:
        """Return whether a value ends them, so that no prefix and no call can follow.

        The last nodes may be left out: ``without`` is their number.
        """
        return self._ends_operand[-1 - without]

    @property
    def awaits_and(self) -> bool:
        """Whether the AND that ends them belongs to a BETWEEN."""
        return self._open_betweens[-2] > 0

    @property
    def in_values(self) -> bool:
        """Whether the comma that ends them separates rows of VALUES (1), (2)."""
        return self._rows[-1] == _BETWEEN_ROWS

    @property
    def assigns(self) -> bool:
        """Whether the equals sign that ends them assigns to a column of SET."""
        position = len(self.nodes) - 3
        if position > 0 and _is_comma(self.nodes[position]):
            return self._clause[position] == "SET"
        return position >= 0 and is_word(self.nodes[position], "SET")

    @property
    def ends_comparison(self) -> bool:
        """Whether IS DISTINCT or IS NOT DISTINCT stands before the FROM at their end."""
        words = [node.word if isinstance(node, Token) else "" for node in self.nodes[-4:-1]]
        return words[-2:] == ["IS", "DISTINCT"] or words == ["IS", "NOT", "DISTINCT"]

    def _is_operand_end(self, node: Node) -> bool:
        if isinstance(node, Group):
            return True
        if node.kind == "operator":
            return False
        # `a NOT LIKE`: the value ended before NOT.
        if node.word == "NOT":
            return self._ends_operand[-1]
        return node.word not in _BEFORE_OPERAND


def _count_betweens(count: int, node: Node) -> int:
    """Return how many BETWEENs wait for their AND after a node."""
    if is_word(node, "BETWEEN"):
        return count + 1
    return count - 1 if count and is_word(node, "AND") else count


def _next_row(rows: int, node: Node) -> int:
    """Return where in a list of rows of VALUES a node ends."""
    if is_word(node, "VALUES"):
        return _BEFORE_ROW
    if isinstance(node, Group):
        return _AFTER_ROW if rows in (_BEFORE_ROW, _BETWEEN_ROWS) else _NO_ROWS
    return _BETWEEN_ROWS if rows == _AFTER_ROW and _is_comma(node) else _NO_ROWS


def _grouped(tokens: Sequence[Token], position: int, closing: str) -> tuple[list[Node], int]:
    """Return the nodes up to the one that closes the group, and the position of that."""
    before = _Before()
    while position < len(tokens):
        token = tokens[position]
        if token.text == ")" and closing == ")":
            break
        # END may also be the name of a column; the END of a CASE follows a value.
        if token.word == "END" and closing == "END" and before.ends_operand():
            break
        close = _closing(token, before.last)
        if close:
            inner, position = _grouped(tokens, position + 1, close)
            last = tokens[position] if position < len(tokens) else None
            before.add(Group(token, tuple(inner), last))
        else:
            before.add(token)
        position += 1
    return before.nodes, position


def _closing(token: Token, last: Node | None) -> str:
    """Return what closes the group that a token begins, empty if it begins none."""
    if token.text == "(":
        return ")"
    if token.word != "CASE":
        return ""
    after_dot = isinstance(last, Token) and last.value == "."
    return "" if after_dot else "END"


def _flatten(nodes: Iterable[Node], found: list[Token]) -> None:
    """Add the tokens of the nodes to ``found``."""
    for node in nodes:
        if isinstance(node, Group):
            found.append(node.first)
            _flatten(node.nodes, found)
            if node.last is not None:
                found.append(node.last)
        else:
            found.append(node)


def _reduced(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes with each redundant group replaced by its content."""
    found = _Before()
    for position, node in enumerate(nodes):
        if not isinstance(node, Group):
            found.add(node)
            continue
        inner = _reduced(node.nodes)
        after = nodes[position + 1] if position + 1 < len(nodes) else None
        if not node.is_case and _is_redundant(inner, found, after):
            found.extend(inner)
        else:
            found.add(Group(node.first, tuple(inner), node.last))
    return found.nodes


def _is_redundant(inner: Sequence[Node], before: _Before, after: Node | None) -> bool:
    left, right = _precedence_before(before), _precedence_after(after)
    if left is None or right is None:
        return False
    weakest = weakest_operator(inner)
    if weakest is None or weakest < right:
        return False
    # AND and OR give the same in any grouping; after a prefix only a prefix binds equally.
    chains = left in (AND, OR, NOT, UNARY)
    return weakest > left or (weakest == left and chains)


def _precedence_before(before: _Before) -> int | None:
    """Return how tightly what is before a group binds it; None if the group is no operand."""
    last = before.last
    if last is None:
        return EDGE
    if isinstance(last, Group) or last.kind not in ("operator", "word"):
        return None
    if last.kind == "operator":
        return _precedence_of_operator_before(last, before)
    word = last.word
    if word == "AND":
        return EQUALITY if before.awaits_and else AND
    if word in ("OR", "NOT", "IS", "BETWEEN"):
        after_is = len(before.nodes) > 1 and is_word(before.nodes[-2], "IS")
        prefix = NOT if not after_is else EQUALITY
        return {"OR": OR, "NOT": prefix}.get(word, EQUALITY)
    if word in _BEFORE_EXPRESSION:
        return EDGE
    if word == "FROM" and before.ends_comparison:
        return EQUALITY
    if before.ends_operand(without=1):
        return {**dict.fromkeys(MATCHING, EQUALITY), "ESCAPE": ESCAPE, "OFFSET": EDGE}.get(word)
    return None


def _precedence_of_operator_before(last: Token, before: _Before) -> int | None:
    if last.value == ",":
        return None if before.in_values else EDGE
    if last.value in PREFIX and not before.ends_operand(without=1):
        return UNARY
    if last.value == "=" and before.assigns:
        return EDGE
    return BINARY.get(last.value)


def _precedence_after(first: Node | None) -> int | None:
    """Return how tightly what is after a group binds it; None if the group is no operand."""
    if first is None:
        return EDGE
    if isinstance(first, Group):
        return None
    if first.kind == "operator":
        return EDGE if first.value in (",", ";") else BINARY.get(first.value)
    return FOLLOWING.get(first.word, EDGE)


def _is_comma(node: Node) -> bool:
    return isinstance(node, Token) and node.kind == "operator" and node.value == ","
