"""Find which virtual table needs a module or a tokenizer that a connection does not have.

An extension brings them, which an application loads into its own connections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["MissingModule", "missing_module", "tables_needing"]

_MISSING = re.compile(
    r"no such module: (?P<module>.+)|(?:no such|unknown) tokenizer: (?P<tokenizer>.+)", re.DOTALL
)
_LONGEST_HEAD = len(tokenize("VIRTUAL TABLE IF NOT EXISTS main.name"))
_WORDS = re.compile(r"\w+")


class MissingModule(NamedTuple):
    """A module of virtual tables, or a full-text tokenizer, that a connection lacks."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def missing_module(message: str) -> MissingModule | None:
    """Return what SQLite's message says is missing, None for any other message."""
    found = _MISSING.search(message)
    if found is None:
        return None
    kind = "module" if found["module"] else "tokenizer"
    return MissingModule(kind, found[kind])


def tables_needing(missing: MissingModule, statements: Iterable[str]) -> tuple[str, ...]:
    """Return the virtual tables that the statements make with that module or tokenizer."""
    found = (name for sql in statements for name in _made(tokenize(sql), missing))
    return tuple(dict.fromkeys(found))


def _made(tokens: tuple[Token, ...], missing: MissingModule) -> Iterator[str]:
    for index, token in enumerate(tokens):
        if not token.is_word("USING") or index < 3:
            continue
        made = tokens[:index]
        start = max((n for n, one in enumerate(made) if one.is_word("VIRTUAL")), default=None)
        # CREATE VIRTUAL TABLE, perhaps with IF NOT EXISTS and a schema's name before its own.
        if start is None or index - start > _LONGEST_HEAD or not made[-1].is_identifier:
            continue
        end = next((n for n, one in enumerate(tokens) if n > index and one.text == ";"), None)
        if _names(tokens[index + 1 : end], missing):
            yield made[-1].value


def _names(tokens: tuple[Token, ...], missing: MissingModule) -> bool:
    wanted = fold(missing.name)
    if missing.kind == "module":
        return bool(tokens) and fold(tokens[0].value) == wanted
    begun = next((n for n, one in enumerate(tokens) if fold(one.value) == "tokenize"), len(tokens))
    words = (word for one in tokens[begun:] for word in _WORDS.findall(fold(one.value)))
    return wanted in words
