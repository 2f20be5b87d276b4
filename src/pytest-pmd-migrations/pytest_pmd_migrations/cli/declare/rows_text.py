"""Add keys to the tables of a TOML file, and touch nothing else of its text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pytest_pmd_migrations.cli.declare.module_text import CannotAddError
from pytest_pmd_migrations.sources.declared.written_declarations import (
    in_quotes,
    toml_key,
    written_in_toml,
)

__all__ = ["Entry", "add_entries", "table_lines"]

Entry = tuple[tuple[str, ...], str, tuple[str, ...]]
"""The path of a table, a key in it, and its value."""

_HEADER = re.compile(r"[ \t]*\[(?!\[)(?P<path>.+)\][ \t]*(?:#.*)?")
_LINES = re.compile(r"[^\n]*\n|[^\n]+$")
_WORDS = ("again", "damaged", "unsupported")
"""The keys that are no names of a database."""


def table_lines(entries: Iterable[Entry]) -> list[str]:
    """Return the lines of tables with these entries."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for path, key, values in entries:
        tables.setdefault(path, []).append(_line(key, values))
    lines: list[str] = []
    for path, own in tables.items():
        lines.extend((*([""] if lines else []), f"[{'.'.join(map(toml_key, path))}]", *own))
    return lines


def add_entries(content: bytes, entries: Sequence[Entry]) -> bytes:
    """Return the text with each entry below the header of its table, or with a table at the end.

    Raises CannotAddError where the text writes a table in such a way that nothing can be added.
    """
    bom = content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text else "\n"
    before = tomllib.loads(text)
    wanted = deepcopy(before)
    if entries and all(_holds(before, _known_path(before, path), key) for path, key, _ in entries):
        raise CannotAddError("it has them already; the setting that names it is missing")
    new: list[Entry] = []
    for path, key, values in entries:
        known = _known_path(before, path)
        _put(wanted, known, key, values)
        at = _after_header(text, known)
        if at is None:
            new.append((known, key, values))
        else:
            begun = "" if text[:at].endswith("\n") else end
            text = f"{text[:at]}{begun}{_line(key, values)}{end}{text[at:]}"
    if new:
        gap = "" if not text else end if text.endswith("\n") else end + end
        text = f"{text}{gap}{end.join(table_lines(new))}{end}"
    try:
        if tomllib.loads(text) == wanted:
            return (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    except (tomllib.TOMLDecodeError, UnicodeEncodeError):
        pass
    raise CannotAddError("its tables are written in such a way that nothing can be added to them")


def _line(key: str, values: Sequence[str]) -> str:
    return f"{key if key in _WORDS else in_quotes(key)} = {written_in_toml(values)}"


def _known_path(content: Mapping[str, Any], path: Sequence[str]) -> tuple[str, ...]:
    """Return the path as the file spells it: 3 and 0003 are one version."""
    found: list[str] = []
    table: Any = content
    for name in path:
        same = [
            key
            for key in (table if isinstance(table, dict) else {})
            if key == name or (key.isdecimal() and name.isdecimal() and int(key) == int(name))
        ]
        found.append(same[0] if same else name)
        table = table.get(found[-1]) if isinstance(table, dict) else None
    return tuple(found)


def _holds(content: Mapping[str, Any], path: Sequence[str], key: str) -> bool:
    table: Any = content
    for name in path:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    return isinstance(table, dict) and key in table


def _put(content: dict[str, Any], path: Sequence[str], key: str, values: Sequence[str]) -> None:
    table: Any = content
    for name in path:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise CannotAddError(f"{'.'.join(path)} is no table in it")
    table[key] = list(values) if len(values) > 1 else values[0]


def _after_header(text: str, path: Sequence[str]) -> int | None:
    """Return where the line after a table's header begins, None where it has no header."""
    for line in _LINES.finditer(text):
        match = _HEADER.fullmatch(line[0].rstrip("\r\n"))
        if match and _path_of(match["path"]) == tuple(path):
            return line.end()
    return None


def _path_of(written: str) -> tuple[str, ...]:
    """Return the path that a header spells, empty where it is none."""
    try:
        table: Any = tomllib.loads(f"[{written}]")
    except tomllib.TOMLDecodeError:
        return ()
    found = []
    while table:
        [(name, table)] = table.items()
        found.append(name)
    return tuple(found)
