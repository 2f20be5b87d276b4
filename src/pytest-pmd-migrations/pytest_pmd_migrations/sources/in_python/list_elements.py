"""Read a list of migrations in Python: SQL strings and functions, some of them with names."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.in_python.function_location import location_of_function
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["ListElement", "is_sql", "read_elements"]

_EXPECTED = "expected SQL strings, functions, or pairs of a name and one of these"


_STATEMENT = re.compile(
    r"(?:\s+|--[^\n]*|/\*.*?\*/)*+(?:"
    r"CREATE\s+(?:\w+\s+)?(?:TABLE|INDEX|VIEW|TRIGGER)\b.+(?:\(|\bAS\b|\bBEGIN\b|\bUSING\b)"
    r"|ALTER\s+TABLE\b.+\b(?:ADD|DROP|RENAME|ALTER)\b"
    r"|DROP\s+(?:TABLE|INDEX|VIEW|TRIGGER)\s+(?:IF\s+EXISTS\s+)?\S+\s*(?:;|\Z)"
    r"|(?:INSERT|REPLACE)\b.*\bINTO\b.+(?:\b(?:VALUES|SELECT)\b)"
    r"|UPDATE\b.+\bSET\b.+=|DELETE\s+FROM\s+\S|SELECT\b.+\bFROM\b|WITH\b.+\bAS\s*\("
    r"|PRAGMA\s+\S|BEGIN\b[\w\s]*;|(?:VACUUM|REINDEX|ANALYZE)\s*(?:;|\Z)"
    r")",
    re.IGNORECASE | re.DOTALL,
)
"""What begins as a statement does, and goes on as one: a name may be "create the notes"."""


def is_sql(text: str) -> bool:
    """Return whether a text is SQL rather than words that say something of it."""
    return _STATEMENT.match(text) is not None


@dataclass(frozen=True, eq=False)
class ListElement:
    """One migration of a list: its SQL or its function, and where it is written.

    ``name`` is empty for SQL that stands alone, and for a lambda.
    """

    name: str
    change: str | Callable[..., object]
    location: Location

    @property
    def text(self) -> str:
        """The migration's own text: the SQL, or the source of the function."""
        if isinstance(self.change, str):
            return self.change
        try:
            return inspect.getsource(self.change)
        except (OSError, TypeError) as error:
            name = self.name or "a function"
            raise SourceError(f"the text of {name} cannot be read: {error}") from error


def read_elements(found: Any, file: Path, attribute: str, named: str) -> tuple[ListElement, ...]:  # noqa: ANN401 - whatever stands in a module
    """Return the migrations that stand in ``found``, in their order.

    ``file`` is the module that it stands in, ``attribute`` its name there, ``named`` how messages
    name the setting. Raises SourceError for what is no migration, and for a name that two have.
    """
    pairs = _pairs(found)
    lines = _lines_of(file, attribute, len(pairs))
    elements: list[ListElement] = []
    for number, ((name, change), line) in enumerate(zip(pairs, lines, strict=True), start=1):
        if not isinstance(name, str) or not (isinstance(change, str) or callable(change)):
            raise SourceError(f"{named}: element {number} is {change!r:.60}; {_EXPECTED}")
        if isinstance(change, str):
            element = ListElement(name, change, Location(file, line))
        else:
            own_name = getattr(change, "__name__", "").replace("<lambda>", "")
            element = ListElement(name or own_name, change, location_of_function(change))
        if element.name and element.name in {other.name for other in elements}:
            told = f"{named}: two elements are named {element.name!r}; expected other names"
            raise SourceError(told)
        elements.append(element)
    return tuple(elements)


def _pairs(found: Any) -> Sequence[tuple[object, object]]:  # noqa: ANN401 - whatever stands in a module
    if isinstance(found, Mapping):
        # Numbers are the positions that the elements have anyway.
        return [(name if isinstance(name, str) else "", found[name]) for name in found]
    return [
        (one[0], one[1]) if isinstance(one, (tuple, list)) and len(one) == 2 else ("", one)
        for one in found
    ]


def _lines_of(file: Path, attribute: str, count: int) -> list[int]:
    """Return the line of each element where it is spelled out, else that of the whole list."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return [1] * count
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") == attribute for target in targets):
                values = _values(node.value)
                spelled = len(values) == count and not any(
                    isinstance(value, ast.Starred) for value in values
                )
                return [value.lineno for value in values] if spelled else [node.lineno] * count
    return [1] * count


def _values(value: ast.expr) -> Sequence[ast.expr]:
    if isinstance(value, (ast.List, ast.Tuple)):
        return value.elts
    return value.values if isinstance(value, ast.Dict) else ()
