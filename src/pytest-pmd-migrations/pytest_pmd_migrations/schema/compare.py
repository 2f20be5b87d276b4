"""Compare two schemas, fact by fact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.schema.values import Schema, SchemaObject

__all__ = ["ORDER", "REBUILD", "Difference", "SchemaDiff", "compare"]

ORDER = "order of columns"
"""The part of a table that is different when nothing but the order of its columns is."""

REBUILD = "needs a table rebuild"
"""What mends a difference that no single statement mends."""

_DROPPABLE = ("table", "virtual table", "index", "view", "trigger")
_NOT_THERE = "none"


@dataclass(frozen=True)
class Difference:
    """One fact that differs.

    ``part`` is empty when the whole object is on one side only; then the other side's value is
    None. ``mend`` is the SQL that makes the upgraded database like the fresh one, or why no
    single statement does, or None.
    """

    kind: str
    object: str
    part: str
    upgraded: str | None
    fresh: str | None
    mend: str | None


@dataclass(frozen=True)
class SchemaDiff:
    """Every difference between an upgraded and a fresh schema; false when there is none."""

    differences: tuple[Difference, ...] = ()

    @property
    def verdict(self) -> Literal["equal", "order", "different"]:
        """``order``: the columns of tables stand in another order, and nothing else differs."""
        if not self.differences:
            return "equal"
        only_order = all(difference.part == ORDER for difference in self.differences)
        return "order" if only_order else "different"

    def __bool__(self) -> bool:
        return bool(self.differences)


def compare(upgraded: Schema, fresh: Schema) -> SchemaDiff:
    """Return what differs, object by object: those only upgraded, only fresh, then the rest."""
    ours = {found.key: found for found in upgraded.objects}
    theirs = {found.key: found for found in fresh.objects}
    found: list[Difference] = []
    found.extend(_one_sided(upgraded, theirs, fresh_side=False))
    found.extend(_one_sided(fresh, ours, fresh_side=True))
    for key in sorted(ours.keys() & theirs.keys()):
        found.extend(_changed(ours[key], theirs[key]))
    return SchemaDiff(tuple(found))


def _one_sided(
    schema: Schema, other: dict[tuple[str, str], SchemaObject], *, fresh_side: bool
) -> Iterator[Difference]:
    missing = [found for found in schema.objects if found.key not in other]
    tables = {found.name for found in missing if found.kind in ("table", "virtual table")}
    for found in sorted(missing, key=lambda item: item.key):
        if found.owner in tables:
            continue
        description = _describe(found, schema)
        upgraded, fresh = (None, description) if fresh_side else (description, None)
        yield Difference(
            found.kind, found.name, "", upgraded, fresh, _mend_one_sided(found, fresh_side)
        )


def _describe(found: SchemaObject, schema: Schema) -> str:
    """Return what one line says of an object that the other side lacks."""
    facts = dict(found.facts)
    if found.kind in ("table", "virtual table"):
        owned = [item.kind for item in schema.objects if item.owner == found.name]
        counts = [
            f"{owned.count(kind)} {name if owned.count(kind) == 1 else plural}"
            for kind, name, plural in (
                ("column", "column", "columns"),
                ("index", "index", "indexes"),
                ("trigger", "trigger", "triggers"),
            )
            if kind in owned
        ]
        return f"({', '.join(counts)})" if counts else ""
    if found.kind == "index":
        return f"on {found.owner}({facts.get('columns', '')})"
    if found.kind == "trigger":
        return f"on {found.owner}"
    if found.kind == "column":
        return facts.get("type", "")
    return ""


def _mend_one_sided(found: SchemaObject, fresh_side: bool) -> str | None:
    if found.kind in _DROPPABLE:
        word = "TABLE" if found.kind == "virtual table" else found.kind.upper()
        return found.sql if fresh_side else f"DROP {word} {_quoted(found.name)};"
    if found.kind == "column" and not fresh_side and not _is_bound(found):
        return (
            f"ALTER TABLE {_quoted(found.owner)} DROP COLUMN {_quoted(found.name.split('.')[-1])};"
        )
    return REBUILD


def _is_bound(column: SchemaObject) -> bool:
    return dict(column.facts).get("primary key", "no") != "no"


def _changed(ours: SchemaObject, theirs: SchemaObject) -> Iterator[Difference]:
    before, after = dict(ours.facts), dict(theirs.facts)
    for part in dict.fromkeys((*before, *after)):
        one, other = before.get(part, _NOT_THERE), after.get(part, _NOT_THERE)
        if part == ORDER:
            one, other = _common(one, other)
        if one != other:
            yield Difference(ours.kind, ours.name, part, one, other, _mend_changed(theirs))


def _common(one: str, other: str) -> tuple[str, str]:
    """Return both orders of the columns that both sides have: a missing one is told apart."""
    left, right = one.split(", "), other.split(", ")
    return (
        ", ".join(name for name in left if name in right),
        ", ".join(name for name in right if name in left),
    )


def _mend_changed(theirs: SchemaObject) -> str:
    if theirs.kind in ("index", "view", "trigger"):
        return f"DROP {theirs.kind.upper()} {_quoted(theirs.name)}; {theirs.sql}"
    if theirs.kind == "virtual table":
        return "drop it, create it and fill it again"
    return REBUILD


def _quoted(name: str) -> str:
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return name if plain else '"' + name.replace('"', '""') + '"'
