"""Compare two schemas fact by fact, and two databases by their schemas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.mend import Mend, Mends
from pytest_pmd_migrations.schema.reading.read import (
    Database,
    connected,
    read_connection,
    read_schema,
)
from pytest_pmd_migrations.schema.reading.spelling import column_list
from pytest_pmd_migrations.schema.reading.stored_rows import in_order, stored_rows
from pytest_pmd_migrations.schema.values import (
    ORDER,
    TABLES,
    UNREADABLE,
    Nameless,
    Schema,
    SchemaObject,
)

__all__ = ["Difference", "SchemaDiff", "compare", "compare_databases"]

_NOT_THERE = "none"
_Keyed = dict[tuple[str, str, str], SchemaObject]


@dataclass(frozen=True)
class Difference:
    """One fact that differs.

    ``part`` is empty when the whole object is on one side only; then the other side's value is
    None. ``mend`` says how to make the upgraded database like the fresh one, or is None; ``sql`` is
    the same where it is SQL to run, else None. ``nameless`` identifies a CHECK or a foreign key
    that is on one side only. ``column`` is the name of a column without its table's, None for
    other kinds.
    """

    kind: str
    object: str
    part: str
    upgraded: str | None
    fresh: str | None
    mend: str | None
    sql: str | None = None
    nameless: Nameless | None = None
    column: str | None = None


@dataclass(frozen=True)
class SchemaDiff:
    """Every difference between an upgraded and a fresh schema; false when there is none."""

    differences: tuple[Difference, ...] = ()

    @property
    def verdict(self) -> Literal["equal", "order", "different"]:
        """``order`` if nothing but the order of columns differs."""
        if not self.differences:
            return "equal"
        only_order = all(difference.part == ORDER for difference in self.differences)
        return "order" if only_order else "different"

    def __bool__(self) -> bool:
        return bool(self.differences)


def compare_databases(upgraded: Database, fresh: Database) -> SchemaDiff:
    """Return what differs between two databases, quickly where their stored text is equal.

    Accepts the same arguments as ``read_schema``, raises the same errors, and changes no file.
    """
    with connected(upgraded) as conn:
        rows = stored_rows(conn)
    with connected(fresh) as conn:
        others = stored_rows(conn)
        if rows == others or in_order(rows) == in_order(others):
            return SchemaDiff()
        wanted = read_connection(conn)
    return compare(read_schema(upgraded), wanted)


def compare(upgraded: Schema, fresh: Schema) -> SchemaDiff:
    """Return what differs: objects only in upgraded, objects only in fresh, then changed facts."""
    if upgraded.means(fresh):
        return SchemaDiff()
    ours = {found.key: found for found in upgraded.objects}
    theirs = {found.key: found for found in fresh.objects}
    found: list[Difference] = []
    mends = Mends(upgraded, fresh)
    for only_upgraded in _one_sided(ours, theirs):
        text = _describe(only_upgraded, upgraded)
        mend = mends.dropping(only_upgraded)
        found.append(_difference(only_upgraded, "", text, None, mend))
    for only_fresh in _one_sided(theirs, ours):
        text = _describe(only_fresh, fresh)
        mend = mends.creating(only_fresh)
        found.append(_difference(only_fresh, "", None, text, mend))
    for key in sorted(ours.keys() & theirs.keys()):
        found.extend(_changed(ours[key], theirs[key], mends))
    return SchemaDiff(tuple(found))


def _difference(
    about: SchemaObject, part: str, upgraded: str | None, fresh: str | None, mend: Mend | None
) -> Difference:
    return Difference(
        about.kind,
        about.name,
        part,
        upgraded,
        fresh,
        mend.text if mend else None,
        mend.text if mend and mend.is_sql else None,
        about.nameless if not part else None,
        about.column,
    )


def _one_sided(objects: _Keyed, other: _Keyed) -> Iterator[SchemaObject]:
    """Yield the objects that the other side lacks; a missing table includes what belongs to it."""
    missing = [objects[key] for key in sorted(objects.keys() - other.keys())]
    names = {fold(found.name) for found in missing if not found.owner}
    yield from (found for found in missing if fold(found.owner) not in names)


def _describe(found: SchemaObject, schema: Schema) -> str:
    """Return what one line says about an object that the other side lacks."""
    facts = dict(found.facts)
    if found.kind in TABLES:
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


def _changed(ours: SchemaObject, theirs: SchemaObject, mends: Mends) -> Iterator[Difference]:
    """Yield the facts that differ between the same object on both sides."""
    if ours.name == theirs.name and ours.facts == theirs.facts:
        return
    mend = mends.changing(ours, theirs)
    if ours.own_name != theirs.own_name:
        yield _difference(ours, "name", ours.own_name, theirs.own_name, mend)
    before, after = dict(ours.facts), dict(theirs.facts)
    for part in dict.fromkeys((*before, *after)):
        one, other = before.get(part, _NOT_THERE), after.get(part, _NOT_THERE)
        if part == ORDER:
            left, right = _common(ours.columns, theirs.columns)
            if [fold(name) for name in left] != [fold(name) for name in right]:
                yield _difference(ours, ORDER, column_list(left), column_list(right), mend)
        elif part == "columns" and _is_unread_view(ours, theirs):
            # What its columns are is not known on one side; its SELECT and its tables are compared.
            continue
        elif part == "columns" and one != other and _is_another_order(ours, theirs):
            yield _difference(ours, ORDER, one, other, None)
        elif one != other:
            yield _difference(ours, part, one, other, mend)


def _is_unread_view(*sides: SchemaObject) -> bool:
    """Return whether SQLite cannot prepare a view on one side, where a module may be missing."""
    columns = [dict(side.facts)["columns"] for side in sides if side.kind == "view"]
    return any(not listed or listed.startswith(UNREADABLE) for listed in columns)


def _is_another_order(ours: SchemaObject, theirs: SchemaObject) -> bool:
    """Return whether a view's columns have another order only because those of a table have."""
    return (
        ours.kind == "view"
        and dict(ours.facts)["SELECT"] == dict(theirs.facts)["SELECT"]
        and bool(ours.columns)
        and sorted(ours.columns) == sorted(theirs.columns)
    )


def _common(ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return both orders of the columns that both sides have; a missing one is told apart."""
    both = {fold(name) for name in ours} & {fold(name) for name in theirs}
    return (
        [name for name in ours if fold(name) in both],
        [name for name in theirs if fold(name) in both],
    )
