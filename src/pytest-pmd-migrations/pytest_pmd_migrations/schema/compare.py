"""Compare two schemas, fact by fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.schema.mend import changing, creating, dropping
from pytest_pmd_migrations.schema.reading.spelling import column_list
from pytest_pmd_migrations.schema.reading.tokens import fold, tokenize
from pytest_pmd_migrations.schema.values import ORDER, Schema, SchemaObject
from pytest_pmd_migrations.wording import counted

__all__ = ["Difference", "SchemaDiff", "compare"]

_NOT_THERE = "none"
_Keyed = dict[tuple[str, str, str], SchemaObject]


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

    @property
    def sql(self) -> str | None:
        """The SQL that mends it; None where that is no simple matter."""
        return self.mend if self.mend and self.mend.endswith(";") else None


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
    if upgraded.means(fresh):
        return SchemaDiff()
    ours = {found.key: found for found in upgraded.objects}
    theirs = {found.key: found for found in fresh.objects}
    found: list[Difference] = []
    for missing in _one_sided(ours, theirs):
        text = _describe(missing, upgraded)
        mend = dropping(missing, upgraded)
        found.append(Difference(missing.kind, missing.name, "", text, None, mend))
    for missing in _one_sided(theirs, ours):
        text = _describe(missing, fresh)
        mend = creating(missing, fresh)
        found.append(Difference(missing.kind, missing.name, "", None, text, mend))
    for key in sorted(ours.keys() & theirs.keys()):
        found.extend(_changed(ours[key], theirs[key]))
    return SchemaDiff(tuple(found))


def _one_sided(objects: _Keyed, other: _Keyed) -> Iterator[SchemaObject]:
    """Yield what the other side lacks; what belongs to a missing table is told with the table."""
    missing = [objects[key] for key in sorted(objects.keys() - other.keys())]
    names = {fold(found.name) for found in missing if not found.owner}
    yield from (found for found in missing if fold(found.owner) not in names)


def _describe(found: SchemaObject, schema: Schema) -> str:
    """Return what one line says of an object that the other side lacks."""
    facts = dict(found.facts)
    if found.kind in ("table", "virtual table"):
        owned = Counter(item.kind for item in schema.owned(found))
        plurals = {"column": "columns", "index": "indexes", "trigger": "triggers"}
        counts = [
            counted(owned[kind], kind, plural=plural)
            for kind, plural in plurals.items()
            if owned[kind]
        ]
        return f"({', '.join(counts)})" if counts else ""
    if found.kind == "index":
        return f"on {found.owner}({facts['columns']})"
    if found.kind == "trigger":
        return f"on {found.owner}"
    return facts["type"] if found.kind == "column" else ""


def _changed(ours: SchemaObject, theirs: SchemaObject) -> Iterator[Difference]:
    if ours.name == theirs.name and ours.facts == theirs.facts:
        return
    mend = changing(ours, theirs)
    if ours.own_name != theirs.own_name:
        yield Difference(ours.kind, ours.name, "name", ours.own_name, theirs.own_name, mend)
    before, after = dict(ours.facts), dict(theirs.facts)
    for part in dict.fromkeys((*before, *after)):
        one, other = before.get(part, _NOT_THERE), after.get(part, _NOT_THERE)
        if part == ORDER:
            one, other = _common(one, other)
            if fold(one) != fold(other):
                yield Difference(ours.kind, ours.name, ORDER, one, other, mend)
        elif one != other and _follows_a_table(part, before, after):
            yield Difference(ours.kind, ours.name, ORDER, one, other, None)
        elif one != other:
            yield Difference(ours.kind, ours.name, part, one, other, mend)


def _follows_a_table(part: str, before: dict[str, str], after: dict[str, str]) -> bool:
    """Return whether a view's columns stand in another order only because a table's do."""
    if part != "columns" or "SELECT" not in before or before["SELECT"] != after["SELECT"]:
        return False
    return sorted(_names(before[part])) == sorted(_names(after[part]))


def _common(one: str, other: str) -> tuple[str, str]:
    """Return both orders of the columns that both sides have: a missing one is told apart."""
    left, right = _names(one), _names(other)
    both = {fold(name) for name in left} & {fold(name) for name in right}
    return (
        column_list([name for name in left if fold(name) in both]),
        column_list([name for name in right if fold(name) in both]),
    )


def _names(columns: str) -> list[str]:
    return [token.value for token in tokenize(columns) if token.is_identifier]
