"""The references of one schema, as values: what is wrong with them, what only looks like them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["NOTHING_THERE", "Broken", "ObjectKey", "References"]

ObjectKey = tuple[str, str]
"""Identifies an object of a schema: its type in sqlite_schema, and its folded name."""


@dataclass(frozen=True, order=True)
class Broken:
    """One object of a schema that names what does not exist, or that SQLite cannot prepare.

    ``kind`` and ``name`` are the object's, ``owner`` is the table of an index or a trigger.
    ``missing`` is the name that means nothing, empty where SQLite's error gives none; ``problem``
    says it as the rest of a sentence that begins with the object: "names the table p_old, which
    does not exist". ``mend`` is SQL that mends it, or says what to do.
    """

    kind: str
    name: str
    missing: str
    problem: str
    owner: str = field(default="", compare=False)
    mend: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.problem}"


class References(NamedTuple):
    """What SQLite says of every reference in one schema.

    ``broken`` are those that mean nothing. ``unsure`` are about objects that need what only the
    application has (a function, a collation, a module). ``strings`` are the positions of the tokens
    in double quotes that SQLite takes for strings, of each view, trigger and index that has some.
    """

    broken: tuple[Broken, ...] = ()
    unsure: tuple[Broken, ...] = ()
    strings: Mapping[ObjectKey, frozenset[int]] = MappingProxyType({})


NOTHING_THERE = References()
"""Those of a database that has no tables."""
