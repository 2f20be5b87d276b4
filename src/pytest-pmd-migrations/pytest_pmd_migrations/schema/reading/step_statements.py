"""Read from a step's statements what became of tables and columns: renamed, dropped, filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.column_copies import (
    ColumnCopy,
    created_copies,
    inserted_copies,
    updated_copies,
)
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["StepStatements", "TableNames", "named_together", "only_renamed", "read_statements"]

_CREATE_OPTIONS = ("TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL")
_FROM = ("FROM", "JOIN")


class TableNames(NamedTuple):
    """Each name that a table had on the way through a step.

    ``last`` are the names at the end of the tables that were there, and ``origins`` all their
    names: what each table was called before the step. ``ends`` are the names that the step gave
    its new tables, and what each is called at the end.
    """

    last: dict[str, str]
    origins: dict[str, str]
    ends: dict[str, str]


class StepStatements(NamedTuple):
    """What a step's statements say that they do, each name as SQLite folds it.

    ``tables`` are ("drop", name, "") and ("rename", old name, new name) in their order;
    ``columns`` are (table, old name, new name) of the columns renamed, the last empty where one is
    dropped; ``dropped`` are (kind, name) of the indexes and triggers that a DROP names; ``copied``
    are (from, into) of the tables whose rows a SELECT copies into another, and ``column_copies``
    say which columns. Without any statement they are not ``known``: the runner works on the
    database past the connection.
    """

    tables: tuple[tuple[str, str, str], ...] = ()
    dropped: frozenset[tuple[str, str]] = frozenset()
    copied: frozenset[tuple[str, str]] = frozenset()
    known: bool = True
    columns: tuple[tuple[str, str, str], ...] = ()
    column_copies: tuple[ColumnCopy, ...] = ()

    def survivors(self, before: frozenset[str], after: frozenset[str]) -> dict[str, str]:
        """Return the new name of each table of ``before`` that is still there ``after`` the step.

        It may have been renamed, or made anew: under its old name, or under one of its own into
        which its rows were copied.
        """
        names, origins, ends = self.names(before)
        found = {origin: name for name, origin in names.items() if name in after}
        # A table that another one has given its name to is the other one.
        anew = (name for name in before & after if names.get(name, name) == name)
        found.update((name, name) for name in anew)
        for source, target in sorted(self.copied):
            origin, end = origins.get(source), ends.get(target, target)
            if origin and origin not in after and end not in before and end in after:
                found.setdefault(origin, end)
        return found

    def names(self, before: frozenset[str]) -> TableNames:
        """Return each name that the tables had on the way, of which ``before`` were there."""
        names = {name: name for name in before}
        origins, ends = dict(names), dict[str, str]()
        # What was made in the step, by the name that it has now.
        made: dict[str, list[str]] = {}
        for action, old, new in self.tables:
            if action == "rename" and old in names:
                names[new] = names.pop(old)
                origins[new] = names[new]
            elif action == "rename":
                moved = [old, *(name for name in made.pop(old, ()) if ends[name] == old)]
                ends.update(dict.fromkeys(moved, new))
                made.setdefault(new, []).extend(moved)
            else:
                names.pop(old, None)
        return TableNames(names, origins, ends)


def read_statements(texts: Iterable[str]) -> StepStatements:
    """Return what statements and scripts say that they do; a text that is no SQL says nothing."""
    found = _Found()
    known = False
    for text in texts:
        known = True
        for tokens in _split(tokenize(text)):
            found.add(*_head(tokens))
    return StepStatements(
        tuple(found.tables),
        frozenset(found.dropped),
        frozenset(found.copied),
        known,
        tuple(found.columns),
        tuple(found.column_copies),
    )


def only_renamed(texts: Iterable[str]) -> dict[str, str]:
    """Return the new name of each table that one statement renames and no other statement names.

    Nothing else can have become of its rows, whatever other tables hold. Names are folded.
    """
    naming: Counter[str] = Counter()
    renamed: dict[str, str] = {}
    for text in texts:
        for tokens in _split(tokenize(text)):
            verb, kind, name, rest = _head(tokens)
            is_rename = [token.word for token in rest[:2]] == ["RENAME", "TO"] and len(rest) == 3
            if (verb, kind) == ("ALTER", "TABLE") and is_rename:
                renamed[name] = fold(rest[2].value)
            naming.update({fold(token.value) for token in tokens})
    return {old: new for old, new in renamed.items() if naming[old] == 1 == naming[new]}


def named_together(texts: Iterable[str]) -> Iterator[frozenset[str]]:
    """Yield the words of each statement, folded: names of tables and all others."""
    for text in texts:
        for tokens in _split(tokenize(text)):
            yield frozenset(fold(token.value) for token in tokens)


@dataclass
class _Found:
    """What the statements read so far say that they do."""

    tables: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: set[tuple[str, str]] = field(default_factory=set)
    copied: set[tuple[str, str]] = field(default_factory=set)
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    column_copies: list[ColumnCopy] = field(default_factory=list)

    def add(self, verb: str, kind: str, name: str, rest: Sequence[Token]) -> None:
        """Add one statement: its verb, the kind and the name of its object, what follows it."""
        match verb, kind:
            case "DROP", "INDEX" | "TRIGGER":
                self.dropped.add((kind.lower(), name))
            case "DROP", "TABLE":
                self.tables.append(("drop", name, ""))
            case "ALTER", "TABLE":
                self._alter(name, rest)
            case (("CREATE" | "INSERT"), "TABLE"):
                self.copied.update((source, name) for source in _sources(rest))
                read = inserted_copies if verb == "INSERT" else created_copies
                self.column_copies.extend(read(name, rest))
            case "UPDATE", "TABLE":
                self.column_copies.extend(updated_copies(name, rest))

    def _alter(self, table: str, rest: Sequence[Token]) -> None:
        words = [token.word for token in rest]
        if words[:2] == ["RENAME", "TO"] and rest[2:]:
            self.tables.append(("rename", table, fold(rest[2].value)))
        elif words[:1] in (["RENAME"], ["DROP"]):
            named = rest[2:] if words[1:2] == ["COLUMN"] and len(rest) != 1 else rest[1:]
            new = named[2] if len(named) > 2 and named[1].word == "TO" else None
            if named and (new is not None or words[0] == "DROP"):
                self.columns.append((table, fold(named[0].value), fold(new.value) if new else ""))


def _split(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each statement; a trigger's body ends with its END."""
    start = 0
    for position, token in enumerate(tokens):
        if token.text != ";":
            continue
        words = [one.word for one in tokens[start : min(start + 3, position)]]
        if words[:1] == ["CREATE"] and "TRIGGER" in words:
            before_it = [one.text.upper() for one in tokens[position - 2 : position]]
            if before_it != [";", "END"]:
                continue
        yield tokens[start:position]
        start = position + 1
    yield tokens[start:]


def _head(tokens: Sequence[Token]) -> tuple[str, str, str, Sequence[Token]]:
    """Return a statement's verb, the kind of its object, the folded name and what follows it."""
    rest = list(tokens)
    verb = rest.pop(0).word if rest else ""
    if verb == "WITH":
        # INSERT is a keyword, so no name of a common table without quotes.
        start = next((n for n, t in enumerate(rest) if t.word in ("INSERT", "REPLACE")), len(rest))
        verb, rest = "INSERT", rest[start + 1 :]
    if verb in ("INSERT", "REPLACE"):
        while rest and rest[0].word != "INTO":
            rest.pop(0)
        verb, kind, rest = "INSERT", "TABLE", rest[1:]
    elif verb == "UPDATE":
        kind, rest = "TABLE", rest[2:] if rest and rest[0].word == "OR" else rest
    else:
        while rest and rest[0].word in _CREATE_OPTIONS:
            rest.pop(0)
        kind = rest.pop(0).word if rest else ""
        if rest and rest[0].word == "IF":
            rest = rest[2 if verb == "DROP" else 3 :]
    if len(rest) > 2 and rest[1].text == ".":
        rest = rest[2:]
    return verb, kind, fold(rest[0].value) if rest else "", rest[1:]


def _sources(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the folded names of the tables that a SELECT within reads from."""
    for position, token in enumerate(tokens):
        if token.word in _FROM and position + 1 < len(tokens):
            named = tokens[position + 1 : position + 4]
            name = named[2] if len(named) > 2 and named[1].text == "." else named[0]
            yield fold(name.value)
