"""Find which functions and collations a schema needs that a connection does not have.

SQLite reads such a schema without a word. It then fails wherever a CHECK, an index, a generated
column or a sorted value is needed, and each time says something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.connections.connection import Preparation
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import HOW_TO_PREPARE, MissingNameError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.stand_ins import MissingName, execute
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["missing_names_error", "named_by", "refuse_missing_names"]

_TABLES_KEPT = 4096
_LACKING_NOTHING: WeakKeyDictionary[Preparation, set[tuple[Any, ...]]] = WeakKeyDictionary()
"""The rows of schemas that a preparation was enough for: most steps change one of hundreds."""
_ORDINARY = "CREATE TABLE "
"""How SQLite stores the beginning of what makes a table, unless that is a virtual one."""


def refuse_missing_names(text: Sequence[tuple[Any, ...]], preparation: Preparation) -> None:
    """Raise MissingNameError where a connection so prepared lacks what tables and indexes need.

    ``text`` is the stored text of a schema. Views and triggers may need more: a database that
    nobody asks for them works without.
    """
    lacking_nothing = _LACKING_NOTHING.setdefault(preparation, set())
    if lacking_nothing.issuperset(text):
        return
    needed = [
        (thing, missing)
        for table, indexes in _tables(text)
        for thing, missing in _missing(table, indexes, preparation)
    ]
    if needed:
        raise missing_names_error(*needed)
    lacking_nothing.update(text)


def missing_names_error(*needed: tuple[str, MissingName]) -> MissingNameError:
    """Return the error that tells what needs which function or collation, and what to write."""
    by_thing: dict[str, list[str]] = {}
    for thing, missing in needed:
        names = by_thing.setdefault(printable_line(thing), [])
        names.append(f"the {printable_line(str(missing))}")
    told = "; ".join(f"{thing} needs {', '.join(names)}" for thing, names in by_thing.items())
    return MissingNameError(
        f"{told}: the application adds that to its own connections. Name the function that does:"
        f" {HOW_TO_PREPARE}",
        tuple((thing, missing.kind, missing.name) for thing, missing in needed),
    )


def named_by(text: Sequence[tuple[Any, ...]], missing: MissingName) -> tuple[str, ...]:
    """Return the triggers of a schema that name a function or collation, as messages name them."""
    return tuple(
        f"trigger {name}"
        for kind, name, _, sql, *_ in text
        if kind == "trigger" and _names(str(sql), missing)
    )


def _names(sql: str, missing: MissingName) -> bool:
    """Return whether a statement names that function or collation; REGEXP is an operator too."""
    wanted = fold(missing.name)
    tokens = tokenize(sql)
    for position, token in enumerate(tokens):
        if token.kind == "string" or fold(token.value) != wanted:
            continue
        after_collate = position > 0 and tokens[position - 1].is_word("COLLATE")
        if after_collate == (missing.kind == "collation"):
            return True
    return False


def _tables(
    text: Sequence[tuple[Any, ...]],
) -> Iterator[tuple[tuple[str, str], tuple[tuple[str, str], ...]]]:
    """Yield each table, its name and its SQL, with its indexes likewise."""
    indexes: dict[str, list[tuple[str, str]]] = {}
    for kind, name, table, sql, *_ in text:
        if kind == "index" and isinstance(sql, str):
            indexes.setdefault(table, []).append((name, sql))
    for kind, name, _, sql, *_ in text:
        if kind == "table" and isinstance(sql, str):
            yield (name, sql), tuple(indexes.get(name, ()))


@lru_cache(maxsize=_TABLES_KEPT)
def _missing(
    table: tuple[str, str], indexes: tuple[tuple[str, str], ...], preparation: Preparation
) -> tuple[tuple[str, MissingName], ...]:
    """Return what a table and its indexes lack, by making them in an empty database."""
    name, sql = table
    if not sql.startswith(_ORDINARY):
        return ()
    own = quote(name)
    uses = (f"EXPLAIN INSERT INTO {own} DEFAULT VALUES", f"EXPLAIN SELECT * FROM {own}")
    things = [(f"table {name}", sql), *((f"index {index}", made) for index, made in indexes)]
    missing: dict[MissingName, str] = {}
    with closing(Image(b"", preparation).connect()) as conn:
        for thing, statement in (things[0], *((things[0][0], use) for use in uses), *things[1:]):
            try:
                _, met = execute(conn, statement)
            except ValueError:
                # Text that is not UTF-8 or holds a NUL cannot be given to SQLite: nothing is known.
                continue
            missing |= dict.fromkeys(met, thing)
    # What a table lacks, SQLite does not miss once more for its index.
    return tuple(
        (thing, one)
        for thing, statement in things
        for one, first in missing.items()
        if thing == first or _names(statement, one)
    )
