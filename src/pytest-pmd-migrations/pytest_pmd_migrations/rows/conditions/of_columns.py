"""Think of conditions over the columns of one row that rows have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from pytest_pmd_migrations.rows.conditions.literals import as_literal, plain_value, text_literal
from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import as_sql

__all__ = [
    "list_conditions",
    "name_conditions",
    "pair_conditions",
    "plain_conditions",
    "range_conditions",
    "shape_conditions",
    "shared_conditions",
]

_SIGNS = ("{0} < 0", "{0} = 0", "{0} > 0", "{0} <= 0", "{0} >= 0", "{0} <> 0")
_CASES = ("{0} <> lower({0})", "{0} <> upper({0})")
_TYPES = ("text", "integer", "real", "blob")
_PAIRS = ("{0} < {1}", "{0} = {1}", "{0} <> {1}", "{0} IS {1}", "{0} IS NOT {1}", "{0} <= {1}")
_MARKS = "@./:-_, "
"""Characters that a text of some kind has, and what is none of that kind lacks."""
_SEVERAL = 4
"""Values that a list of literals may have."""
_MANY = 40
"""Names that a list of texts may have, which are what a step that deletes settings knows."""

Values = Sequence[Value]


def plain_conditions(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield that a column has no value, an empty text, blanks around one, a negative number."""
    yield from (f"{as_sql(column)} IS NULL" for column in columns)
    yield from (f"{as_sql(column)} = ''" for column in columns)
    for column, values in _full(columns, rows):
        if any(isinstance(plain_value(value), str) for value in values):
            yield f"{column} <> trim({column})"
    for form in _SIGNS:
        for column, values in _full(columns, rows):
            if _are_numbers(values):
                yield form.format(column)


def shared_conditions(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield that a column has the one value that it has in all rows, or some value at all."""
    for column, values in _full(columns, rows):
        literal = as_literal(values[0])
        if literal is not None and len(set(values)) == 1:
            yield f"{column} = {literal}"
    for form in ("coalesce({0}, '') = ''", "{0} IS NOT NULL", "{0} <> ''"):
        yield from (form.format(as_sql(column)) for column in columns)


def shape_conditions(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield of which type the values of a column are, what texts begin with, how large they are."""
    for shape in (_types, _patterns, _cases, _limits, _lists):
        for column, values in _full(columns, rows):
            yield from shape(column, values)


def _full(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[tuple[str, Values]]:
    """Yield each column that has a value in all rows, as SQL names it, with these values."""
    for column in columns:
        values = [row.values[fold(column)] for row in rows]
        if None not in values:
            yield as_sql(column), values


def _are_texts(values: Values) -> bool:
    return all(isinstance(plain_value(value), str) for value in values)


def _are_numbers(values: Values) -> bool:
    return all(isinstance(plain_value(value), int | float) for value in values)


def pair_conditions(columns: Sequence[str]) -> Iterator[str]:
    """Yield conditions that compare two columns of a row."""
    for one, other in permutations(map(as_sql, columns), 2):
        for form in _PAIRS:
            # Where the order of the two makes no difference, one order is enough.
            if "<" in form.replace("<>", "") or one < other:
                yield form.format(one, other)


def list_conditions(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield the condition that names rows by the values of a column, which says nothing of why."""
    for column in columns:
        yield from _lists(as_sql(column), [row.values[fold(column)] for row in rows])


def name_conditions(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield the conditions that name rows by a text in a column, up to forty different ones."""
    for column, values in _full(columns, rows):
        if _are_texts(values):
            yield from _lists(column, values, _MANY)


def range_conditions(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield that the number in a column is above a limit, below one, or between two."""
    for column, values in _full(columns, rows):
        if _are_numbers(values) and len(set(values)) > 1:
            yield from _limits(column, values)
            low, *_, high = sorted(value for value in values if isinstance(value, int | float))
            yield f"{column} BETWEEN {low!r} AND {high!r}"


def _cases(column: str, values: Values) -> Iterator[str]:
    if _are_texts(values):
        yield from (form.format(column) for form in _CASES)


def _types(column: str, values: Values) -> Iterator[str]:
    found = {_type_of(value) for value in values}
    if len(found) == 1:
        yield f"typeof({column}) = '{found.pop()}'"
    else:
        yield from (f"typeof({column}) <> '{name}'" for name in _TYPES if name not in found)


def _type_of(value: Value) -> str:
    if isinstance(value, tuple):
        return value[0]
    return "integer" if isinstance(value, int) else "blob"


def _patterns(column: str, values: Values) -> Iterator[str]:
    """Yield what all texts begin with, end with, or contain."""
    texts = [text for text in map(plain_value, values) if isinstance(text, str)]
    if len(texts) < len(values):
        return
    for begins in dict.fromkeys((_as_far_as_mark(texts), _common_start(texts))):
        if begins and begins.isprintable():
            yield f"{column} GLOB {text_literal(_glob(begins) + '*')}"
    ends = _common_start([text[::-1] for text in texts])[::-1]
    if ends and ends.isprintable():
        yield f"{column} GLOB {text_literal('*' + _glob(ends))}"
    for mark in _MARKS:
        if not any(mark in text for text in texts):
            yield f"instr({column}, {text_literal(mark)}) = 0"
    for character in sorted(set(texts[0]).intersection(*texts[1:])):
        if not character.isalnum() and character.isprintable():
            yield f"instr({column}, {text_literal(character)}) > 0"


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    different = (n for n, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1)
    return first[: next(different, len(first))]


def _as_far_as_mark(texts: Sequence[str]) -> str:
    """Return what all texts begin with, up to its last character that is no letter or digit."""
    begins = _common_start(texts)
    while begins and (begins[-1].isalnum() or begins in texts):
        begins = begins[:-1]
    return begins


def _glob(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _limits(column: str, values: Values) -> Iterator[str]:
    """Yield the conditions that a number, or the length of a text, is above or below a limit."""
    plain = [plain_value(value) for value in values]
    numbers = [value for value in plain if isinstance(value, int | float)]
    texts = [value for value in plain if isinstance(value, str)]
    if len(numbers) == len(values):
        yield f"{column} >= {min(numbers)!r}"
        yield f"{column} <= {max(numbers)!r}"
    elif len(texts) == len(values):
        yield f"length({column}) > {min(map(len, texts)) - 1}"
        yield f"length({column}) < {max(map(len, texts)) + 1}"
        for operator, value in ((">=", min(texts)), ("<=", max(texts))):
            literal = as_literal(("text", value.encode()))
            if literal is not None:
                yield f"{column} {operator} {literal}"


def _lists(column: str, values: Values, longest: int = _SEVERAL) -> Iterator[str]:
    """Yield the condition that a column has one of a few values."""
    different = sorted(set(values), key=lambda value: (str(type(value)), value))
    literals = [literal for value in different if (literal := as_literal(value)) is not None]
    if not literals or not len(literals) == len(different) <= longest:
        return
    if len(literals) == 1:
        yield f"{column} = {literals[0]}"
    else:
        yield f"{column} IN ({', '.join(literals)})"
