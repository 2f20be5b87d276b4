"""Hold a table that survived a step, as it was before and after, with what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.uniques import NO_CONDITION, Unique, Uniques
from pytest_pmd_migrations.schema.reading.spelling import collated_terms
from pytest_pmd_migrations.schema.reading.step_statements import StepStatements
from pytest_pmd_migrations.schema.reading.tokens import tokenize
from pytest_pmd_migrations.schema.values import TABLES, Schema, SchemaObject

__all__ = [
    "Side",
    "SurvivingTable",
    "columns_of_key",
    "facts_of",
    "key_of",
    "names_in",
    "terms_of",
]


@dataclass(frozen=True)
class Side:
    """A schema before or after a step.

    ``tables`` are its tables and views by their folded names, ``owned`` what belongs to each, by
    kind; ``names`` are (kind, folded name) of its indexes and triggers.
    """

    tables: Mapping[str, SchemaObject]
    owned: Mapping[tuple[str, str], list[SchemaObject]]
    names: frozenset[tuple[str, str]]
    _columns: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, schema: Schema) -> Side:
        """Return a schema as the side of a step."""
        owned: dict[tuple[str, str], list[SchemaObject]] = {}
        for one in schema.objects:
            if one.owner:
                owned.setdefault((fold(one.owner), one.kind), []).append(one)
        return cls(
            {fold(o.name): o for o in schema.objects if o.kind in (*TABLES, "view")},
            owned,
            frozenset(
                (o.kind, fold(o.name)) for o in schema.objects if o.kind in ("index", "trigger")
            ),
        )

    def owned_by(self, table: str, kind: str) -> list[SchemaObject]:
        """Return the objects of one kind that belong to a table."""
        return self.owned.get((table, kind), [])

    def columns(self, table: str) -> frozenset[str]:
        """Return the folded names of a table's columns."""
        if table not in self._columns:
            self._columns[table] = frozenset(map(fold, self.tables[table].columns))
        return self._columns[table]


@dataclass(frozen=True)
class SurvivingTable:
    """A table on both sides of a step, and what of the schema the step took away.

    ``gone_tables`` and ``gone_columns`` are folded names, the latter of any table; ``statements``
    are those of the step. Columns that it renamed have their new names on both sides; ``renamed``
    has their old ones by these.
    """

    old_name: str
    new_name: str
    before: Side
    after: Side
    gone_tables: frozenset[str]
    gone_columns: frozenset[str]
    statements: StepStatements
    renamed: Mapping[str, str]

    @property
    def old(self) -> SchemaObject:
        """The table before the step."""
        return self.before.tables[self.old_name]

    @property
    def new(self) -> SchemaObject:
        """The table after the step."""
        return self.after.tables[self.new_name]

    @property
    def is_as_it_was(self) -> bool:
        """Whether the step left the statements alone that made it and what belongs to it."""
        return self.old.sql == self.new.sql and all(
            {(one.name, one.sql) for one in before} <= {(one.name, one.sql) for one in after}
            for before, after in map(self.both, ("index", "trigger"))
        )

    @cached_property
    def own_gone_columns(self) -> frozenset[str]:
        """The folded names of the columns that this table has no longer."""
        return self.before.columns(self.old_name) - self.after.columns(self.new_name)

    def said(self, columns: Iterable[str]) -> str:
        """Return columns for people to read, each that was renamed by its old name too."""
        return ", ".join(
            f"{self.renamed[fold(one)]} (now {one})" if fold(one) in self.renamed else one
            for one in columns
        )

    def both(self, kind: str) -> tuple[list[SchemaObject], list[SchemaObject]]:
        """Return what of a kind belongs to the table before and after the step."""
        return (
            self.before.owned_by(self.old_name, kind),
            self.after.owned_by(self.new_name, kind),
        )

    def lost_column_in(self, *texts: str) -> bool:
        """Return whether an expression or a list names a column that the table has no longer."""
        gone = self.own_gone_columns
        return bool(gone) and any(gone & names_in(text) for text in texts)

    def was_dropped(self, one: SchemaObject) -> bool:
        """Return whether a DROP of its own took an index or trigger away.

        Where nobody saw the statements, it did if the table itself was left as it was.
        """
        if not self.statements.known:
            return self.old.sql == self.new.sql
        return (one.kind, fold(one.name)) in self.statements.dropped

    def came(self, kind: str) -> list[SchemaObject]:
        """Return the table's indexes or triggers whose names are new with the step."""
        return [o for o in self.both(kind)[1] if (kind, fold(o.name)) not in self.before.names]

    @cached_property
    def uniques(self) -> Uniques:
        """What is unique in the table, before and after the step."""
        before = (self.was_unique(*each) for each in _unique_terms(self.before, self.old_name))
        after = (Unique.of(*each) for each in _unique_terms(self.after, self.new_name))
        return Uniques(tuple(before), tuple(after))

    def stays_unique(self, terms: str, condition: str = NO_CONDITION) -> bool:
        """Return whether rows still differ by what an index or a key kept apart."""
        return self.uniques.stay(self.was_unique(terms, condition))

    def was_unique(self, terms: str, condition: str) -> Unique:
        """Return what the terms and the condition of an index or a key kept apart.

        A collation that a column itself lost is told of the column, and not of its keys too.
        """
        return Unique.of(terms, condition, without=self._lost_collations)

    @cached_property
    def _lost_collations(self) -> frozenset[str]:
        """The folded names of the columns that lost a collation, or have no use for one."""
        olds, news = self.both("column")
        now = {fold(one.own_name): facts_of(one) for one in news}
        collated = (fold(o.own_name) for o in olds if facts_of(o)["collation"] != "BINARY")
        return frozenset(
            name
            for name in collated
            if name in now
            and (now[name]["collation"] == "BINARY" or now[name]["primary key"] == "rowid alias")
        )


def _unique_terms(side: Side, table: str) -> Iterator[tuple[str, str]]:
    """Yield the terms and the condition of each UNIQUE, unique index and primary key of a table."""
    for one in side.owned_by(table, "unique constraint"):
        yield key_of(one), NO_CONDITION
    for one in side.owned_by(table, "index"):
        facts = facts_of(one)
        if facts["unique"] == "yes":
            yield facts["columns"], facts["WHERE"]
    key = facts_of(side.tables[table])["primary key"]
    if key != "none":
        yield key, NO_CONDITION


def facts_of(one: SchemaObject) -> dict[str, str]:
    """Return the facts of an object by their parts."""
    return dict(one.facts)


def names_in(text: str) -> frozenset[str]:
    """Return the folded names in an expression or a list of columns; keywords are among them."""
    return frozenset(fold(token.value) for token in tokenize(text) if token.is_identifier)


def terms_of(columns: str) -> list[str]:
    """Return the folded name of each column of a list, or the whole term of an expression."""
    return [term for term, _ in collated_terms(columns)]


def columns_of_key(one: SchemaObject) -> list[str]:
    """Return the columns of a UNIQUE or a foreign key."""
    return terms_of(key_of(one))


def key_of(one: SchemaObject) -> str:
    """Return the list of columns of a UNIQUE or a foreign key, which stands behind its table."""
    subject = one.nameless.subject if one.nameless else one.name
    return subject[len(fold(one.owner)) + 1 : -1]
