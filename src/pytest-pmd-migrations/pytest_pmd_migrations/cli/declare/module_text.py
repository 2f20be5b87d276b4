"""Add constants to the text of a migration's module, and touch nothing else of it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from pytest_pmd_migrations.sources.declared.written_declarations import in_quotes, written_in_module

__all__ = ["CannotAddError", "add_constant", "constant_lines"]

Entries = Mapping[str, Sequence[str]]
"""The value to be declared of each name; the name "" stands for a constant that has no names."""

_WIDTH = 88
_LINE_END = re.compile(r"\r\n|\r|\n")


class CannotAddError(Exception):
    """A constant cannot be added to a text: the message says why, and what is to be done."""


def constant_lines(kind: str, entries: Entries) -> list[str]:
    """Return the lines of a constant as a module has it."""
    if "" in entries:
        return [f"{kind} = {written_in_module(entries[''])}"]
    one_line = f"{kind} = {{{', '.join(_entry(*entry) for entry in entries.items())}}}"
    if len(one_line) <= _WIDTH:
        return [one_line]
    lines = (line for entry in entries.items() for line in _entry_lines(*entry, indent="    "))
    return [f"{kind} = {{", *lines, "}"]


def add_constant(content: bytes, kind: str, entries: Entries) -> bytes:
    """Return a module's text with a constant at its end, or with entries added to its dict.

    Comments, encoding and line ends stay. Raises CannotAddError where the constant is there and is
    no dict that could be read off the text, or where the text is no Python.
    """
    encoding = _encoding(content)
    text = content.decode(encoding)
    tree = _parse(text)
    bound = [node for node in ast.walk(tree) if _binds(node, kind)]
    values = [node.value for node in tree.body if _assigns(node, kind)]
    if not bound:
        added = _at_end(text, tree, constant_lines(kind, entries))
    elif len(bound) == len(values) == 1 and isinstance(values[0], ast.Dict):
        added = _in_dict(text, values[0], entries)
    else:
        raise CannotAddError(f"it has a {kind} already, which is no dict written out")
    _check(tree, _parse(added), kind)
    try:
        return added.encode(encoding)
    except UnicodeEncodeError as error:
        raise CannotAddError(f"a name cannot be written in its encoding, {encoding}") from error


def _entry(name: str, values: Sequence[str]) -> str:
    return f"{in_quotes(name)}: {written_in_module(values)}"


def _entry_lines(name: str, values: Sequence[str], *, indent: str) -> list[str]:
    """Return an entry of a dict in one line, or each of its values in one of its own."""
    line = f"{indent}{_entry(name, values)},"
    if len(line) <= _WIDTH or len(values) < 2:
        return [line]
    parts = (f"{indent}    {in_quotes(value)}," for value in values)
    return [f"{indent}{in_quotes(name)}: (", *parts, f"{indent}),"]


def _encoding(content: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    except SyntaxError as error:
        raise CannotAddError(f"it is no Python: {error}") from error


def _parse(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise CannotAddError(f"it is no Python: {error}") from error


def _assigns(node: ast.AST, kind: str) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == kind for target in node.targets)
    return (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == kind
    )


def _binds(node: ast.AST, kind: str) -> bool:
    if isinstance(node, ast.alias):
        return (node.asname or node.name) == kind
    return isinstance(node, ast.Name) and node.id == kind and isinstance(node.ctx, ast.Store)


def _at_end(text: str, tree: ast.Module, lines: Sequence[str]) -> str:
    end = _line_end(text)
    there = len(_LINE_END.findall(text[len(text.rstrip("\r\n")) :]))
    last = tree.body[-1] if tree.body else None
    if last is None or isinstance(last, ast.Assign | ast.AnnAssign):
        wanted = 1 if text else 0
    else:
        # Two blank lines follow a function or class, one any other statement.
        wanted = 3 if hasattr(last, "body") else 2
    return text + end * max(0, wanted - there) + end.join(lines) + end


def _line_end(text: str) -> str:
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def _in_dict(text: str, node: ast.Dict, entries: Entries) -> str:
    """Return the text with entries before the brace that ends the dict."""
    brace = _index(text, node.end_lineno, node.end_col_offset) - 1
    comma = ""
    last = brace
    if node.values:
        value = node.values[-1]
        end = _index(text, value.end_lineno, value.end_col_offset)
        last, has_comma = _last_sign(text, end, brace)
        comma = "" if has_comma else ","
    line = max(text.rfind("\n", 0, brace), text.rfind("\r", 0, brace)) + 1
    if text[line:brace].strip():
        pairs = ", ".join(_entry(*entry) for entry in entries.items())
        between = " " if node.values else ""
        if len(text[line:last] + comma + between + pairs) < _WIDTH:
            return f"{text[:last]}{comma}{between}{pairs}{text[last:]}"
        return f"{text[:last]}{comma}{_line_end(text)}{_block(text, entries, '    ')}{text[brace:]}"
    indent = _indent(text, node) or f"{text[line:brace]}    "
    added = _block(text, entries, indent)
    return f"{text[:last]}{comma}{text[last:line]}{added}{text[line:]}"


def _block(text: str, entries: Entries, indent: str) -> str:
    """Return entries in lines of their own, each with the line end that the text has."""
    lines = (line for entry in entries.items() for line in _entry_lines(*entry, indent=indent))
    return "".join(f"{line}{_line_end(text)}" for line in lines)


def _last_sign(text: str, start: int, brace: int) -> tuple[int, bool]:
    """Return where the last value ends, its comma included, and whether it has one."""
    end, comma, at = start, False, start
    while at < brace:
        if text[at] == "#":
            found = _LINE_END.search(text, at)
            at = found.end() if found else brace
            continue
        if not text[at].isspace() and text[at] != "\\":
            end, comma = at + 1, text[at] == ","
        at += 1
    return end, comma


def _indent(text: str, node: ast.Dict) -> str:
    """Return what stands before the last key, where that begins its line."""
    key = next((key for key in reversed(node.keys) if key is not None), None)
    if key is None:
        return ""
    start = _index(text, key.lineno, 0)
    before = text[start : _index(text, key.lineno, key.col_offset)]
    return "" if before.strip() else before


def _index(text: str, line: int | None, column: int | None) -> int:
    """Return where the parser's position is in the text: it counts the bytes of a line."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    start = starts[(line or 1) - 1]
    following = starts[line] if line is not None and line < len(starts) else len(text)
    return start + len(text[start:following].encode()[: column or 0].decode())


def _check(before: ast.Module, after: ast.Module, kind: str) -> None:
    """Raise unless nothing but the constant became another one."""
    rest, pairs = [], []
    for tree in (before, after):
        rest.append([ast.dump(node) for node in tree.body if not _assigns(node, kind)])
        values = [node.value for node in tree.body if _assigns(node, kind)]
        written = values[0] if values else None
        nodes = written.values if isinstance(written, ast.Dict) else []
        pairs.append([ast.dump(node) for node in nodes])
    if rest[0] != rest[1] or pairs[0] != pairs[1][: len(pairs[0])]:
        raise CannotAddError("its text cannot be added to")
