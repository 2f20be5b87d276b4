"""Leave out the parentheses that change nothing, by the precedence of SQLite's operators.

Where the grammar gives parentheses a meaning of their own (a call, IN, VALUES, a subquery) they
stay.
"""

from __future__ import annotations

from collections.abc import Sequence

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
_CLAUSES = ("SET", "SELECT", "FROM", "WHERE", "BY", "HAVING", "LIMIT", "VALUES", "RETURNING")
_BEFORE_OPERAND = NO_OPERAND.union(_BEFORE_EXPRESSION, MATCHING)


def without_redundant(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens of an expression or a statement without parentheses that mean nothing."""
    nodes, _ = _grouped(tokens, 0, "")
    return _flat(_reduced(nodes))


def _grouped(tokens: Sequence[Token], position: int, closing: str) -> tuple[list[Node], int]:
    """Return the nodes up to the one that closes the group, and the position of that."""
    nodes: list[Node] = []
    while position < len(tokens):
        token = tokens[position]
        if token.text == ")" and closing == ")":
            return nodes, position
        # END may also be the name of a column; the END of a CASE follows a value.
        if token.word == "END" and closing == "END" and _ends_operand(nodes):
            return nodes, position
        close = _closing(token, nodes)
        if close:
            inner, position = _grouped(tokens, position + 1, close)
            last = tokens[position] if position < len(tokens) else None
            nodes.append(Group(token, tuple(inner), last))
        else:
            nodes.append(token)
        position += 1
    return nodes, position


def _closing(token: Token, before: Sequence[Node]) -> str:
    """Return what closes the group that a token begins, empty if it begins none."""
    if token.text == "(":
        return ")"
    if token.word != "CASE":
        return ""
    last = before[-1] if before else None
    after_dot = isinstance(last, Token) and last.value == "."
    return "" if after_dot else "END"


def _flat(nodes: Sequence[Node]) -> list[Token]:
    found: list[Token] = []
    for node in nodes:
        if isinstance(node, Group):
            found.append(node.first)
            found.extend(_flat(node.nodes))
            if node.last is not None:
                found.append(node.last)
        else:
            found.append(node)
    return found


def _reduced(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes with each redundant group replaced by its content."""
    found: list[Node] = []
    for position, node in enumerate(nodes):
        if not isinstance(node, Group):
            found.append(node)
            continue
        inner = _reduced(node.nodes)
        if not node.is_case and _is_redundant(inner, found, nodes[position + 1 :]):
            found.extend(inner)
        else:
            found.append(Group(node.first, tuple(inner), node.last))
    return found


def _is_redundant(inner: Sequence[Node], before: Sequence[Node], after: Sequence[Node]) -> bool:
    weakest = weakest_operator(inner)
    left, right = _precedence_before(before), _precedence_after(after)
    if weakest is None or left is None or right is None or weakest < right:
        return False
    # AND and OR give the same in any grouping; after a prefix only a prefix binds equally.
    chains = left in (AND, OR, NOT, UNARY)
    return weakest > left or (weakest == left and chains)


def _precedence_before(before: Sequence[Node]) -> int | None:
    """Return how tightly what is before a group binds it; None if the group is no operand."""
    last = before[-1] if before else None
    if last is None:
        return EDGE
    if isinstance(last, Group) or last.kind not in ("operator", "word"):
        return None
    if last.kind == "operator":
        return _precedence_of_operator_before(last, before)
    word = last.word
    if word == "AND":
        return EQUALITY if _awaits_and(before[:-1]) else AND
    if word in ("OR", "NOT", "IS", "BETWEEN"):
        after_is = len(before) > 1 and is_word(before[-2], "IS")
        prefix = NOT if not after_is else EQUALITY
        return {"OR": OR, "NOT": prefix}.get(word, EQUALITY)
    if word in _BEFORE_EXPRESSION:
        return EDGE
    if word == "FROM" and _ends_comparison(before[:-1]):
        return EQUALITY
    if _ends_operand(before[:-1]):
        return {**dict.fromkeys(MATCHING, EQUALITY), "ESCAPE": ESCAPE, "OFFSET": EDGE}.get(word)
    return None


def _precedence_of_operator_before(last: Token, before: Sequence[Node]) -> int | None:
    if last.value == ",":
        return None if _in_values(before) else EDGE
    if last.value in PREFIX and not _ends_operand(before[:-1]):
        return UNARY
    if last.value == "=" and _assigns(before[:-1]):
        return EDGE
    return BINARY.get(last.value)


def _assigns(before: Sequence[Node]) -> bool:
    """Return whether an equals sign after these nodes assigns to a column of SET."""
    position = len(before) - 2
    if position > 0 and _is_comma(before[position]):
        words = (node for node in reversed(before[:position]) if is_word(node, *_CLAUSES))
        return is_word(next(words, None), "SET")
    return position >= 0 and is_word(before[position], "SET")


def _ends_comparison(before: Sequence[Node]) -> bool:
    """Return whether IS DISTINCT or IS NOT DISTINCT ends the nodes before a FROM."""
    if not before or not is_word(before[-1], "DISTINCT"):
        return False
    rest = before[:-2] if len(before) > 1 and is_word(before[-2], "NOT") else before[:-1]
    return bool(rest) and is_word(rest[-1], "IS")


def _precedence_after(after: Sequence[Node]) -> int | None:
    """Return how tightly what is after a group binds it; None if the group is no operand."""
    first = after[0] if after else None
    if first is None:
        return EDGE
    if isinstance(first, Group):
        return None
    if first.kind == "operator":
        return EDGE if first.value in (",", ";") else BINARY.get(first.value)
    return FOLLOWING.get(first.word, EDGE)


def _ends_operand(nodes: Sequence[Node]) -> bool:
    """Return whether the nodes end with a value, so that no prefix and no call can follow."""
    last = nodes[-1] if nodes else None
    if last is None:
        return False
    if isinstance(last, Group):
        return True
    if last.kind == "operator":
        return False
    # `a NOT LIKE`: the value ended before NOT.
    if last.word == "NOT":
        return _ends_operand(nodes[:-1])
    return last.word not in _BEFORE_OPERAND


def _awaits_and(nodes: Sequence[Node]) -> bool:
    """Return whether an AND after these nodes belongs to a BETWEEN."""
    open_betweens = 0
    for node in nodes:
        if is_word(node, "BETWEEN"):
            open_betweens += 1
        elif is_word(node, "AND") and open_betweens:
            open_betweens -= 1
    return open_betweens > 0


def _in_values(before: Sequence[Node]) -> bool:
    """Return whether the comma that ends the nodes separates rows of VALUES (1), (2)."""
    position = len(before) - 1
    while position > 0 and isinstance(before[position], Token) and _is_comma(before[position]):
        if not isinstance(before[position - 1], Group):
            return False
        position -= 2
    return position >= 0 and is_word(before[position], "VALUES")


def _is_comma(node: Node) -> bool:
    return isinstance(node, Token) and node.kind == "operator" and node.value == ","
