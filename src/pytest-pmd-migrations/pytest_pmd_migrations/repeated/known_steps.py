"""Keep the steps that were taken, each by what it depends on and by what that was."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from pytest_pmd_migrations.application.connection_marks import Marks
from pytest_pmd_migrations.pages.database_parts import DatabaseParts
from pytest_pmd_migrations.repeated.high_water_marks import MARKS, is_mark, marks_as_parts

__all__ = ["Facts", "KnownStep", "KnownSteps"]

Seen = TypeVar("Seen")
"""What somebody saw of a step, and of each that is the same."""

Held = tuple[bytes | None, ...]
"""What some tables hold, in the order of their names; None of one that is not there."""


@dataclass
class Facts:
    """What is known of a database without looking at it: what it says, and its connection's marks.

    ``settings``, ``schema`` and ``tables`` are digests as :class:`DatabaseParts` has them, but for
    the high-water marks, of which each has its own.
    ``page_size`` is that of the file's header. ``sound_keys`` says that no row points at nothing.
    """

    page_size: bytes
    settings: bytes
    schema: bytes
    tables: dict[str, bytes]
    marks: Marks
    sound_keys: bool

    @classmethod
    def of(
        cls,
        parts: DatabaseParts,
        marks: Marks,
        conn: sqlite3.Connection,
        *,
        page_size: bytes,
        sound_keys: bool,
    ) -> Facts:
        """Return the facts of a database, which ``conn`` shows, whose parts were read."""
        tables = marks_as_parts(parts.tables, conn)
        return cls(page_size, parts.settings, parts.schema, tables, marks, sound_keys)

    def held(self, names: tuple[str, ...]) -> Held:
        """Return what the tables of these names hold."""
        get = self.tables.get
        if MARKS not in names:
            return tuple([get(name) for name in names])
        return tuple([self._marks() if name == MARKS else get(name) for name in names])

    def changed_since(self, before: Facts) -> dict[str, bytes | None]:
        """Return what the tables hold that held something else; None of those that are gone."""
        then, now = before.tables, self.tables
        changed = {name: held for name, held in now.items() if then.get(name) != held}
        return {**dict.fromkeys(then.keys() - now.keys()), **changed}

    def become(self, known: KnownStep[Seen]) -> None:
        """Become those of the database after a step that is the same here."""
        self.settings, self.schema, self.marks = known.settings, known.schema, known.marks
        for name, held in known.changed.items():
            if held is None:
                self.tables.pop(name, None)
            else:
                self.tables[name] = held
        self.sound_keys = self.sound_keys and known.sound_keys

    def _marks(self) -> bytes:
        """Return all high-water marks as one."""
        every = sorted((name, held) for name, held in self.tables.items() if is_mark(name))
        return repr(every).encode(errors="surrogatepass")


class KnownStep(NamedTuple, Generic[Seen]):
    """A step that was taken: what it depended on, what it made of that, and what was seen of it.

    ``tables`` are the names of those it depends on, sorted; ``changed`` what it made of some of
    them, None of those it dropped. ``needs_sound_keys`` says that the application looked at all
    foreign keys, ``needs_page_size`` which size it was told, if it asked.
    """

    version: int
    tables: tuple[str, ...]
    settings: bytes
    schema: bytes
    changed: Mapping[str, bytes | None]
    marks: Marks
    sound_keys: bool
    needs_sound_keys: bool
    needs_page_size: bytes | None
    seen: Seen

    def suits(self, facts: Facts) -> bool:
        """Return whether it finds in a database all that it asked for beside tables."""
        return (facts.sound_keys or not self.needs_sound_keys) and (
            self.needs_page_size in (None, facts.page_size)
        )


_ByTables = dict[tuple[str, ...], dict[Held, KnownStep[Seen]]]


class KnownSteps(Generic[Seen]):
    """The steps that the lineages of one history took, for the lineages that come after them.

    They are found by version and all that counts for every step, then by the names of the tables
    that they depend on, then by what these held.
    """

    def __init__(self) -> None:
        self._starts: dict[tuple[int, bytes, bytes], list[tuple[Marks, _ByTables[Seen]]]] = {}

    def add(self, before: Facts, step: KnownStep[Seen]) -> None:
        """Keep a step that was taken from a database with these facts."""
        starts = self._starts.setdefault((step.version, before.settings, before.schema), [])
        by_tables = next((found for marks, found in starts if marks == before.marks), None)
        if by_tables is None:
            by_tables = {}
            starts.append((before.marks, by_tables))
        by_tables.setdefault(step.tables, {}).setdefault(before.held(step.tables), step)

    def find(self, version: int, facts: Facts) -> KnownStep[Seen] | None:
        """Return a step to ``version`` that does the same to a database with these facts."""
        for marks, by_tables in self._starts.get((version, facts.settings, facts.schema), ()):
            if marks != facts.marks:
                continue
            for tables, steps in by_tables.items():
                known = steps.get(facts.held(tables))
                if known is not None and known.suits(facts):
                    return known
        return None
