"""Count what ``migration_ignore`` hides, and refuse a pattern that hides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from difflib import SequenceMatcher

from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.schema import Schema, read_schema

__all__ = ["count_hidden"]

_OF_THEIR_OWN = ("table", "virtual table", "index", "view", "trigger")
_GLOB = "*?[]!"
_ALIKE = 0.6
"""How much of a name must be the same for a pattern to have meant it."""


def count_hidden(project: Project) -> Mapping[History, int]:
    """Return how many objects are hidden from each history's checks.

    Raises SettingError for a pattern that hides nothing anywhere. No pattern is
    judged where a database cannot be read, since its objects are not known: its cells fail.
    """
    patterns = project.rules.ignore_patterns
    if not patterns:
        return {}
    schemas = {history: tuple(_schemas(history)) for history in project.histories}
    read = [schema for found in schemas.values() for schema in found]
    known = [schema for schema in read if schema is not None]
    if len(known) == len(read):
        _refuse_idle(patterns, known, project)
    counts = {}
    for history in project.histories:
        own = [schema for schema in schemas[history] if schema is not None]
        hidden = {name for schema in own for name in _hidden(schema, patterns)}
        if hidden:
            counts[history] = len(hidden)
    return counts


def _schemas(history: History) -> Iterator[Schema | None]:
    """Yield the schema of every stored snapshot and of fresh, None for one that cannot be read."""
    for name in history.store.names:
        try:
            with closing(history.store.read(name).connect()) as conn:
                yield read_schema(conn)
        except MigrationTestError:
            yield None
    try:
        yield history.fresh.schema(history.application.latest)
    except MigrationTestError:
        yield None


def _refuse_idle(patterns: Sequence[str], schemas: Sequence[Schema], project: Project) -> None:
    for pattern in patterns:
        if _hides(pattern, schemas) or _hides(pattern, _on_the_way(project)):
            continue
        close = _close_names(
            pattern,
            {o.name for schema in schemas for o in schema.objects if o.kind in _OF_THEIR_OWN},
        )
        meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise SettingError(
            f"migration_ignore {pattern!r} hides nothing, neither in a stored snapshot nor in a"
            f" fresh database; expected a glob on names of tables, indexes, views or"
            f" triggers.{meant}"
        )


def _hides(pattern: str, schemas: Iterable[Schema]) -> bool:
    return any(schema.without([pattern]) != schema for schema in schemas)


def _on_the_way(project: Project) -> Iterator[Schema]:
    """Yield the fresh schema of every version: a table may be there for a while only."""
    for history in project.histories:
        for version in history.application.versions:
            yield history.fresh.schema(version)


def _close_names(pattern: str, names: Iterable[str]) -> list[str]:
    """Return up to three names that a pattern may have meant, the closest first.

    Where the pattern leaves the end or the beginning open, only the rest of a name is looked at.
    """
    plain = "".join(character for character in pattern.lower() if character not in _GLOB)
    found = []
    for name in sorted(names):
        parts = {name.lower()}
        if pattern.endswith("*"):
            parts.add(name.lower()[: len(plain)])
        if pattern.startswith("*"):
            parts.add(name.lower()[-len(plain) :])
        likeness = max(SequenceMatcher(None, plain, part).ratio() for part in parts)
        found.append((-likeness, name))
    return [name for likeness, name in sorted(found)[:3] if likeness <= -_ALIKE]


def _hidden(schema: Schema, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each hidden object once: columns and constraints go with the table they belong to."""
    left = set(schema.without(patterns).objects)
    tables = {found.name for found in left}
    for found in schema.objects:
        if found not in left and (found.kind in _OF_THEIR_OWN or found.owner in tables):
            yield found.kind, found.name.lower()
