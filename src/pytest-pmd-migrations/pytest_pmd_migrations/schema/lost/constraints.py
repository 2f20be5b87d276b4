"""Find the constraints of a surviving table that a step lost: UNIQUE, CHECK, foreign keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.surviving_table import (
    SurvivingTable,
    columns_of_key,
    facts_of,
    key_of,
    names_in,
)
from pytest_pmd_migrations.schema.values import SchemaObject

__all__ = ["content_of", "lost_checks", "lost_foreign_keys", "lost_uniques"]

_ACTIONS = {"ON UPDATE": "NO ACTION", "ON DELETE": "NO ACTION", "deferred": "no"}
"""What a foreign key does where nothing is said of it."""


def lost_uniques(table: SurvivingTable) -> Iterator[str]:
    """Yield the UNIQUE constraints that are gone, or whose ON CONFLICT is."""
    olds, news = table.both("unique constraint")
    conflicts = {tuple(columns_of_key(one)): facts_of(one)["ON CONFLICT"] for one in news}
    for one in olds:
        columns, conflict = columns_of_key(one), facts_of(one)["ON CONFLICT"]
        if table.own_gone_columns & set(columns):
            continue
        if not table.stays_unique(key_of(one)):
            yield f"UNIQUE on {table.said(columns)}"
        elif conflict != "ABORT" == conflicts.get(tuple(columns)):
            yield f"ON CONFLICT {conflict} of UNIQUE on {table.said(columns)}"


def lost_checks(table: SurvivingTable) -> Iterator[str]:
    """Yield the CHECKs that are gone without another one on one of their columns."""
    olds, news = table.both("check")
    columns = table.before.columns(table.old_name)

    def concerned(one: SchemaObject) -> frozenset[str]:
        return columns & names_in(content_of(one))

    came = frozenset[str]().union(*map(concerned, _without(news, olds)))
    lost, labels = list[SchemaObject](), list[str]()
    order = {fold(name): number for number, name in enumerate(table.old.columns)}
    for one in _without(olds, news):
        named = concerned(one)
        if not table.lost_column_in(content_of(one)) and not named & came:
            lost.append(one)
            labels.append(table.said(table.old.columns[n] for n in sorted(order[c] for c in named)))
    told = Counter(labels)
    for one, label in zip(lost, labels, strict=True):
        yield f"CHECK on {label}" if label and told[label] == 1 else f"CHECK ({content_of(one)})"


def content_of(one: SchemaObject) -> str:
    """Return the expression of a CHECK, or what a foreign key refers to."""
    return one.nameless.content if one.nameless else ""


def lost_foreign_keys(table: SurvivingTable) -> Iterator[str]:
    """Yield the foreign keys that are gone, or whose actions are.

    One to a parent that the step took away went along with it.
    """
    olds, news = table.both("foreign key")
    there = {_identity(one): one for one in news}
    known = {_identity(one) for one in olds}
    came = [one for one in news if _identity(one) not in known]
    alike: dict[frozenset[str], list[SchemaObject]] = {}
    for one in came:
        alike.setdefault(frozenset(columns_of_key(one)), []).append(one)
    touched = frozenset[str]().union(*alike)
    for one in olds:
        columns = frozenset(columns_of_key(one))
        if table.own_gone_columns & columns or _parent(one) in table.gone_tables:
            continue
        label = f"foreign key on {table.said(columns_of_key(one))}"
        same = [there[_identity(one)]] if _identity(one) in there else alike.get(columns, [])
        if same:
            # Of two keys on the same columns, the one that kept more.
            yield from min((list(_lost_actions(label, one, new)) for new in same), key=len)
        elif not touched & columns:
            yield label


def _identity(key: SchemaObject) -> tuple[tuple[str, ...], str]:
    """Return the columns of a foreign key, and what they refer to."""
    return tuple(columns_of_key(key)), content_of(key)


def _lost_actions(label: str, before: SchemaObject, after: SchemaObject) -> Iterator[str]:
    old, new = facts_of(before), facts_of(after)
    for part, nothing in _ACTIONS.items():
        if old[part] != nothing == new[part]:
            yield f"{'DEFERRED' if part == 'deferred' else f'{part} {old[part]}'} of {label}"


def _parent(one: SchemaObject) -> str:
    """Return the folded name of the table that a foreign key refers to.

    Its columns, a name that may hold a parenthesis too, stand behind it in the key's content.
    """
    content = content_of(one)
    return content[: content.rindex("(")] if content.endswith(")") else content


def _without(ones: list[SchemaObject], others: list[SchemaObject]) -> list[SchemaObject]:
    there = {content_of(one) for one in others}
    return [one for one in ones if content_of(one) not in there]
