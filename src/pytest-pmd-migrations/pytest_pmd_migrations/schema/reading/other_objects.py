"""Read indexes, views, triggers and virtual tables into schema objects."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pytest_pmd_migrations.connections.untrusted_schema import is_distrusted
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.scratch_database import SchemaCopy
from pytest_pmd_migrations.schema.reading.spelling import (
    canonical,
    capitals,
    column_list,
    spell_name,
)
from pytest_pmd_migrations.schema.reading.stand_ins import missing_name
from pytest_pmd_migrations.schema.reading.tokens import Token, split_list, tokenize
from pytest_pmd_migrations.schema.reading.trigger_event import trigger_event
from pytest_pmd_migrations.schema.values import ORDER, UNREADABLE, SchemaObject

__all__ = ["read_index", "read_trigger", "read_view", "read_virtual"]

_EXPRESSION = -2
_BODIES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES")
_WITH_OPTIONS = ("fts3", "fts4", "fts5")
_REFERENCES = ("content", "content_rowid")


def read_index(catalog: Catalog, entry: Entry, tokens: Sequence[Token]) -> SchemaObject:
    """Return an index: what it is on, its terms, and the condition of a partial one."""
    start = _after_word(tokens, "ON") + 2
    index = catalog.indexes(entry.table)[entry.name]
    terms = split_list(tokens[start:])
    texts = []
    for number, (column, name, descending, collation) in enumerate(index.terms):
        if column == _EXPRESSION:
            text = canonical(_without_direction(terms[number]))
        else:
            text = "rowid" if name is None else spell_name(fold(str(name)))
            if fold(collation) != "binary":
                text += f" COLLATE {capitals(collation)}"
        texts.append(text + (" DESC" if descending else ""))
    where = next((n for n in range(start, len(tokens)) if tokens[n].word == "WHERE"), None)
    facts = (
        ("table", fold(entry.table)),
        ("columns", ", ".join(texts)),
        ("unique", "yes" if index.unique else "no"),
        ("WHERE", canonical(tokens[where + 1 :]) if where else "none"),
    )
    return SchemaObject("index", entry.name, facts, owner=entry.table, sql=entry.sql)


def read_view(
    catalog: Catalog, entry: Entry, tokens: Sequence[Token], copy: SchemaCopy
) -> SchemaObject:
    """Return a view: its columns and its SELECT.

    Where it uses a function or a collation that the connection lacks, SQLite is asked in the copy.
    """
    columns: list[str] | None
    try:
        columns = catalog.view_columns(entry.name)
        unread = ""
    except sqlite3.OperationalError as error:
        if is_distrusted(error):
            raise
        columns = _columns_in_copy(entry, copy) if missing_name(str(error)) else None
        unread = f"{UNREADABLE}: {error}"
    spelled = _ColumnNames(tokens)
    names = tuple(spelled.of(name) for name in columns or ())
    listed = unread if columns is None else column_list(names)
    facts = (
        ("columns", listed),
        ("SELECT", canonical(tokens[_after_word(tokens, "AS") :])),
    )
    return SchemaObject("view", entry.name, facts, sql=entry.sql, columns=names)


def _columns_in_copy(view: Entry, copy: SchemaCopy) -> list[str] | None:
    """Return the names of a view's columns by the copy, None if it cannot be prepared there."""
    copy.create_referenced((Token("name", view.name, view.name),))
    found = copy.columns(view.name)
    return None if found is None else [name for name, _ in found]


def read_trigger(entry: Entry, tokens: Sequence[Token]) -> SchemaObject:
    """Return a trigger: when it fires, on what, and what it does."""
    timing, event, named, on = trigger_event(tokens)
    columns = sorted({fold(name) for name in named})
    begin = _body(tokens, on)
    when = next((n for n in range(on + 2, begin) if tokens[n].is_word("WHEN")), None)
    facts = (
        ("table", fold(entry.table)),
        ("timing", "INSTEAD OF" if timing == "INSTEAD" else timing),
        ("event", f"{event} OF {column_list(columns)}" if columns else event),
        ("WHEN", canonical(tokens[when + 1 : begin]) if when else "none"),
        ("body", canonical(tokens[begin + 1 :])),
    )
    return SchemaObject("trigger", entry.name, facts, owner=entry.table, sql=entry.sql)


def read_virtual(catalog: Catalog, entry: Entry) -> SchemaObject:
    """Return a virtual table: its module and the module's arguments.

    Arguments of the FTS modules with an ``=`` are options, whose order means nothing
    (https://www.sqlite.org/fts5.html). The arguments of other modules are compared in order.
    """
    tokens = tokenize(entry.sql)
    position = _after_word(tokens, "USING")
    module = fold(tokens[position].value)
    arguments = split_list(tokens[position + 2 :], empty=True) if len(tokens) > position + 1 else []
    facts = [("module", module)]
    names: tuple[str, ...] = ()
    if module in _WITH_OPTIONS:
        options = [part for part in arguments if _is_option(part, module)]
        # SQLite hands no empty argument to a module.
        columns = [part for part in arguments if part and not _is_option(part, module)]
        names = tuple(part[0].value for part in columns)
        facts.append((ORDER, column_list(names)))
        # FTS3 and FTS4 ignore everything about a column but its name.
        facts.extend(
            (
                f"column {name}",
                _value(part[1:] if module == "fts5" else ()).upper() or "indexed",
            )
            for name, part in zip(names, columns, strict=True)
        )
        facts.extend(_options(options))
        facts.extend(
            (f"setting {name}", str(value)) for name, value in catalog.fts5_config(entry.name)
        )
    else:
        facts.append(("arguments", ", ".join(_value(part) for part in arguments) or "none"))
    return SchemaObject("virtual table", entry.name, tuple(facts), sql=entry.sql, columns=names)


def _is_option(part: Sequence[Token], module: str) -> bool:
    """Return whether an argument of an FTS module is an option rather than a column.

    FTS3 and FTS4 take a tokenizer without an equals sign. To them a name in quotes is a column,
    whatever follows it; FTS5 refuses that.
    """
    if len(part) > 1 and part[1].value == "=" and part[0].kind == "word":
        return True
    return module != "fts5" and len(part) > 1 and part[0].is_word("TOKENIZE")


def _options(options: Sequence[Sequence[Token]]) -> list[tuple[str, str]]:
    """Return options sorted by name; one that is given more than once is one fact."""
    values: dict[str, list[str]] = {}
    for part in options:
        name = fold(part[0].value)
        # The second of two equals signs belongs to the value.
        value = _value(part[2:] if part[1].text == "=" else part[1:])
        values.setdefault(name, []).append(fold(value) if name in _REFERENCES else value)
    # "none" without quotes means that an option is missing, so a value "none" is quoted.
    return sorted(
        (name, "'none'" if given == ["none"] else ", ".join(sorted(given)))
        for name, given in values.items()
    )


def _value(part: Sequence[Token]) -> str:
    """Return a module's argument without its quotes, which mean nothing."""
    return " ".join(t.text if t.kind == "operator" else t.value for t in part)


class _ColumnNames:
    """Spells the names of one view's columns, those that SQLite made of an expression too."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._texts = tuple(token.text for token in tokens)
        self._identifiers = {token.value for token in tokens if token.is_identifier}
        # What a quoted word is, its text does not tell: a name, or a string.
        self._quoted = {token.text for token in tokens if token.text[0] in "\"'"}
        self._parts: dict[int, dict[tuple[str, ...], int]] = {}

    def of(self, name: str) -> str:
        """Return the name of a column; one made of an expression in one spelling."""
        if spell_name(name) == name or name in self._identifiers:
            return name
        made = tokenize(name)
        texts = tuple(token.text for token in made)
        if made and not self._quoted.isdisjoint(texts):
            position = self._part(len(made)).get(texts)
            if position is not None:
                # Among these tokens a double-quoted string is known to be one.
                return canonical(self._tokens[position : position + len(made)])
        return canonical(made)

    def _part(self, length: int) -> dict[tuple[str, ...], int]:
        """Return where each part of the statement with so many tokens begins for the first time."""
        if length not in self._parts:
            found = self._parts[length] = {}
            for position in range(len(self._texts) - length + 1):
                found.setdefault(self._texts[position : position + length], position)
        return self._parts[length]


def _body(tokens: Sequence[Token], on: int) -> int:
    """Return the position of BEGIN, which may also be the name of a column."""
    return next(
        n
        for n in range(on + 2, len(tokens) - 1)
        if tokens[n].is_word("BEGIN") and tokens[n + 1].is_word(*_BODIES)
    )


def _without_direction(term: tuple[Token, ...]) -> tuple[Token, ...]:
    return term[:-1] if term[-1].is_word("ASC", "DESC") else term


def _after_word(tokens: Sequence[Token], word: str) -> int:
    """Return the position after the first bare ``word``, which the statement must have."""
    return next(position for position, token in enumerate(tokens) if token.word == word) + 1
