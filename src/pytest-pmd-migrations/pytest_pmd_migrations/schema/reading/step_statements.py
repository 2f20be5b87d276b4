"""Read from a step's statements what it did by name: tables renamed, dropped, made, filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["StepStatements", "read_statements"]

_CREATE_OPTIONS = ("TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL")
_FROM = ("FROM", "JOIN")


@dataclass(frozen=True)
class StepStatements:
    """What a step's statements say that they do, each name as SQLite folds it.

    ``tables`` are ("drop", name, "") and ("rename", old name, new name) in their order;
    ``dropped`` are (kind, name) of the indexes and triggers that a DROP names; ``copied`` are
    (from, into) of the tables whose rows a SELECT copies into another. Without any statement
    they are not ``known``: the runner works on the database past the connection.
    """

    tables: tuple[tuple[str, str, str], ...] = ()
    dropped: frozenset[tuple[str, str]] = frozenset()
    copied: frozenset[tuple[str, str]] = frozenset()
    known: bool = True

    def survivors(self, before: frozenset[str], after: frozenset[str]) -> dict[str, str]:
        """Return the new name of each table of ``before`` that is still there ``after`` the step.

        It may have been renamed, or made anew: under its old name, or under one of its own into
        which its rows were copied.
        """
        names = {name: name for name in before}
        # Each name that a table had on the way: of what it was, and what became of a new one.
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
        found = {origin: name for name, origin in names.items() if name in after}
        # A table that another one has given its name to is the other one.
        anew = (name for name in before & after if names.get(name, name) == name)
        found.update((name, name) for name in anew)
        for source, target in sorted(self.copied):
            origin, end = origins.get(source), ends.get(target, target)
            if origin and origin not in after and end not in before and end in after:
                found.setdefault(origin, end)
        return found


def read_statements(texts: Iterable[str]) -> StepStatements:
    """Return what statements and scripts say that they do; a text that is no SQL says nothing."""
    tables: list[tuple[str, str, str]] = []
    dropped: set[tuple[str, str]] = set()
    copied: set[tuple[str, str]] = set()
    known = False
    for text in texts:
        known = True
        for tokens in _split(tokenize(text)):
            verb, kind, name, rest = _head(tokens)
            match verb, kind:
                case "DROP", "INDEX" | "TRIGGER":
                    dropped.add((kind.lower(), name))
                case "DROP", "TABLE":
                    tables.append(("drop", name, ""))
                case "ALTER", "TABLE" if [t.word for t in rest[:2]] == ["RENAME", "TO"] and rest[
                    2:
                ]:
                    tables.append(("rename", name, fold(rest[2].value)))
                case (("CREATE" | "INSERT"), "TABLE"):
                    copied.update((source, name) for source in _sources(rest))
    return StepStatements(tuple(tables), frozenset(dropped), frozenset(copied), known)


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
