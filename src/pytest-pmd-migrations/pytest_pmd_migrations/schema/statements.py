"""Read what stands on its own: indexes, views, triggers and virtual tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.schema.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.columns import split_list
from pytest_pmd_migrations.schema.compare import ORDER
from pytest_pmd_migrations.schema.tables import strings_in
from pytest_pmd_migrations.schema.tokens import Token, canonical, one_line, tokenize
from pytest_pmd_migrations.schema.values import SchemaObject

__all__ = ["read_index", "read_trigger", "read_view", "read_virtual"]

_EXPRESSION = -2
_TIMINGS = ("BEFORE", "AFTER", "INSTEAD")
_EVENTS = ("DELETE", "INSERT", "UPDATE")


def read_index(catalog: Catalog, entry: Entry, names: frozenset[str]) -> SchemaObject:
    """Return an index: what it is on, its terms, and the condition of a partial one."""
    tokens = tokenize(entry.sql)
    strings = strings_in(entry.sql, names)
    start = _after_word(tokens, "ON") + 2
    terms = split_list(tokens[start:])
    texts = []
    for row in catalog.pragma("index_xinfo", entry.name):
        sequence, column, name, descending, collation, in_key = row
        if not in_key:
            continue
        if column == _EXPRESSION:
            text = canonical(_without_direction(terms[sequence]), strings=strings)
        else:
            text = "rowid" if name is None else str(name)
            if str(collation).upper() != "BINARY":
                text += f" COLLATE {str(collation).upper()}"
        texts.append(text + (" DESC" if descending else ""))
    where = next((n for n, t in enumerate(tokens) if n >= start and t.is_word("WHERE")), None)
    unique = any(
        row[1] == entry.name and row[2] for row in catalog.pragma("index_list", entry.table)
    )
    facts = (
        ("table", entry.table),
        ("columns", ", ".join(texts)),
        ("unique", "yes" if unique else "no"),
        ("WHERE", canonical(tokens[where + 1 :], strings=strings) if where else "none"),
    )
    return SchemaObject("index", entry.name, facts, owner=entry.table, sql=one_line(entry.sql))


def read_view(catalog: Catalog, entry: Entry, names: frozenset[str]) -> SchemaObject:
    """Return a view: its columns and its SELECT."""
    tokens = tokenize(entry.sql)
    body = tokens[_after_word(tokens, "AS") :]
    try:
        rows = catalog.pragma("table_xinfo", entry.name)
        columns = ", ".join(str(row[1]) for row in rows)
    except catalog.conn.OperationalError as error:
        columns = f"cannot be read: {error}"
    facts = (
        ("columns", columns),
        ("SELECT", canonical(body, strings=strings_in(entry.sql, names))),
    )
    return SchemaObject("view", entry.name, facts, sql=one_line(entry.sql))


def read_trigger(entry: Entry, names: frozenset[str]) -> SchemaObject:
    """Return a trigger: when it fires, on what, and what it does."""
    tokens = tokenize(entry.sql)
    strings = strings_in(entry.sql, names)
    begin = _after_word(tokens, "BEGIN")
    head, body = tokens[: begin - 1], tokens[begin:]
    # The name may be any word; what follows it is not part of it.
    place = _after_word(head, "TRIGGER") + 1
    timing = next((t.value.upper() for t in head[place:] if t.is_word(*_TIMINGS)), "BEFORE")
    event_at = next(n for n, t in enumerate(head) if n >= place and t.is_word(*_EVENTS))
    on_at = next(n for n, t in enumerate(head) if n > event_at and t.is_word("ON"))
    columns = sorted(t.value.lower() for t in head[event_at + 2 : on_at] if t.is_identifier)
    when = next((n for n, t in enumerate(head) if n > on_at + 1 and t.is_word("WHEN")), None)
    event = head[event_at].value.upper()
    facts = (
        ("table", entry.table),
        ("timing", "INSTEAD OF" if timing == "INSTEAD" else timing),
        ("event", f"{event} OF {', '.join(columns)}" if columns else event),
        ("WHEN", canonical(head[when + 1 :], strings=strings) if when else "none"),
        ("body", canonical(body, strings=strings)),
    )
    return SchemaObject("trigger", entry.name, facts, owner=entry.table, sql=one_line(entry.sql))


def read_virtual(catalog: Catalog, entry: Entry, names: frozenset[str]) -> Iterator[SchemaObject]:
    """Yield a virtual table, and its columns where its module tells them.

    Of FTS5's arguments those with an ``=`` are options, whose order means nothing
    (https://www.sqlite.org/fts5.html); those of other modules are compared in order.
    """
    del names
    tokens = tokenize(entry.sql)
    place = _after_word(tokens, "USING")
    module = tokens[place].value.lower()
    arguments = split_list(tokens[place + 2 :]) if len(tokens) > place + 1 else []
    facts = [("module", module)]
    if module == "fts5":
        options = [part for part in arguments if len(part) > 1 and part[1].value == "="]
        columns = [part for part in arguments if part not in options]
        facts.append((ORDER, ", ".join(part[0].value for part in columns)))
        facts.extend(
            (f"column {part[0].value}", _spelled(part[1:]) or "indexed") for part in columns
        )
        facts.extend(sorted((part[0].value.lower(), _option(part[2:])) for part in options))
        facts.extend(
            (f"setting {name}", str(value)) for name, value in catalog.fts5_config(entry.name)
        )
    else:
        facts.append(("arguments", ", ".join(_spelled(part) for part in arguments) or "none"))
    yield SchemaObject("virtual table", entry.name, tuple(facts), sql=one_line(entry.sql))


def _spelled(part: Sequence[Token]) -> str:
    return " ".join(token.value for token in part)


def _option(part: Sequence[Token]) -> str:
    """Return an option's value, which means the same in any quotes."""
    return " ".join(token.value for token in part)


def _without_direction(term: tuple[Token, ...]) -> tuple[Token, ...]:
    return term[:-1] if term[-1].is_word("ASC", "DESC") else term


def _after_word(tokens: Sequence[Token], word: str) -> int:
    """Return the place after the first bare ``word``, which the statement is known to have."""
    return next(n for n, token in enumerate(tokens) if token.is_word(word)) + 1
