"""Read a list of migrations in Python: SQL strings and functions, some of them with names."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.in_python.function_location import (
    location_of_function,
    written_function,
)
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["ListElement", "is_sql", "is_sql_for_name", "read_elements", "shortened"]

_EXPECTED = "expected SQL strings, functions, or pairs of a name and one of these"


_SHOWN = 60
"""How many characters of a value a message shows."""

_STATEMENT = re.compile(
    r"(?:\s+|--[^\n]*|/\*.*?\*/)*+(?:"
    r"CREATE\s+(?:(?:TEMP|TEMPORARY|UNIQUE|VIRTUAL)\s+)?(?:TABLE|INDEX|VIEW|TRIGGER)\b"
    r".+(?:\(|\bAS\b|\bBEGIN\b|\bUSING\b)"
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


def is_sql_for_name(name: object) -> bool:
    """Return whether SQL stands where a name is expected; "drop table notes" may be a name."""
    if not isinstance(name, str) or not is_sql(name) or len(name.split()) == 1:
        return False
    return re.search(r"[(;='\"*]", name) is not None or name.split()[0].isupper()


def shortened(value: object) -> str:
    """Return what a message shows of a value: no more than sixty characters."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


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
            return inspect.getsource(written_function(self.change))
        except (OSError, TypeError) as error:
            name = self.name or "a function"
            raise SourceError(f"the text of {name} cannot be read: {error}") from error


def read_elements(
    found: Any,  # noqa: ANN401 - whatever stands in a module
    file: Path,
    attribute: str,
    named: str,
    *,
    known_by_names: bool,
) -> tuple[ListElement, ...]:
    """Return the migrations that stand in ``found``, in their order.

    ``file`` is the module that it stands in, ``attribute`` its name there, ``named`` how messages
    name the setting. ``known_by_names`` says that a database keeps the names, so that functions
    must differ by theirs. Raises SourceError for what is no migration, and for a name that two
    have.
    """
    pairs = _pairs(found, named, known_by_names=known_by_names)
    lines = _lines_of(file, attribute, len(pairs))
    elements: list[ListElement] = []
    given = Counter(name for name, _ in pairs if isinstance(name, str) and name)
    for number, ((given_name, change), line) in enumerate(zip(pairs, lines, strict=True), start=1):
        name = _checked_name(given_name, number, named)
        if not (isinstance(change, str) or callable(change)):
            raise SourceError(f"{named}: element {number} is {shortened(change)}; {_EXPECTED}")
        if isinstance(change, str):
            element = ListElement(name, change, Location(file, line))
        else:
            own_name = getattr(change, "__name__", "").replace("<lambda>", "")
            element = ListElement(name or own_name, change, location_of_function(change))
            _refuse_other_arguments(change, element.name or "a function", number, named)
        elements.append(element)
    all_names = Counter(element.name for element in elements if element.name)
    for name, count in (all_names if known_by_names else given).items():
        if count > 1:
            raise SourceError(
                f"{named}: two elements are named {name!r}; expected other names, which a pair may"
                ' give to a function too: ("name", function)'
            )
    return tuple(elements)


def _checked_name(name: object, number: int, named: str) -> str:
    if is_sql_for_name(name):
        raise SourceError(
            f"{named}: element {number} has SQL for its name, {shortened(name)}; expected a pair of"
            ' a name and one step, as in ("notes", SQL): what goes down has no place there'
        )
    if not isinstance(name, str):
        raise SourceError(
            f"{named}: element {number} has {shortened(name)} for its name; expected a text, as in"
            f' ("0001", SQL), the number {number} that it has in the list, or the SQL alone'
        )
    return name


def _refuse_other_arguments(
    function: Callable[..., object], name: str, number: int, named: str
) -> None:
    """Raise SourceError where a function cannot be called with a connection alone."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # What it takes shows when it is called.
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise SourceError(
            f"{named}: element {number}, {name}, cannot be called with a connection alone:"
            f" {error}; expected a function of one parameter, as in lambda conn: {name}(...)"
        ) from error


def _pairs(
    found: Any,  # noqa: ANN401 - whatever stands in a module
    named: str,
    *,
    known_by_names: bool,
) -> Sequence[tuple[object, object]]:

    def named_by(number: int) -> str:
        return str(number) if known_by_names else ""

    if isinstance(found, Mapping) and not all(isinstance(key, str) for key in found):
        numbers = range(1, len(found) + 1)
        if any(type(key) is not int for key in found) or {*found} != {*numbers}:
            raise SourceError(
                f"{named} has the keys {shortened([*found])}; expected the versions 1, 2, 3 and so"
                " on as whole numbers, without a gap, or names alone"
            )
        return [(named_by(key), found[key]) for key in numbers]
    if isinstance(found, Mapping):
        written = [int(key) for key in found if key.isdecimal()]
        if len(written) == len(found) and written != sorted(written):
            raise SourceError(
                f"{named} has the keys {shortened([*found])}; expected numbers in texts in their"
                " order, or a list of pairs, which says the order by itself"
            )
        return [*found.items()]
    pairs = [
        (one[0], one[1]) if isinstance(one, (tuple, list)) and len(one) == 2 else ("", one)
        for one in found
    ]
    return [
        (named_by(number) if type(name) is int and name == number else name, change)
        for number, (name, change) in enumerate(pairs, start=1)
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
    if not isinstance(value, ast.Dict):
        return ()
    keys = [key.value if isinstance(key, ast.Constant) else None for key in value.keys]
    numbers = [key for key in keys if isinstance(key, int)]
    if len(numbers) < len(keys):
        return value.values
    return [one for _, one in sorted(zip(numbers, value.values, strict=True), key=itemgetter(0))]
