"""Draw the tables of a schema as a Mermaid entity-relationship diagram, or how they changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TABLES, Schema, SchemaObject

__all__ = ["draws", "picture_lines"]

_LONGEST = 50_000
_EDGES = 500
"""What Mermaid refuses to draw, by its own default: more characters, more relations."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*")
_NO_WORD = re.compile(r"[^A-Za-z0-9_()]")
_SPELLED = re.compile(r'"(?:[^"]|"")*"|[^,\s][^,]*')
_SPACED = re.compile(r"\s*([(),])\s*")
_KEYS = ("pk", "fk", "uk")


def picture_lines(schema: Schema, before: Schema | None = None) -> list[str]:
    """Return the lines of the diagram: a box a table, a line a foreign key.

    With ``before``, only the tables that differ and those that they refer to are drawn. What is
    new, gone or another says so; the tables and columns that are gone are drawn too.
    """
    tables = _Tables(schema, before)
    lines = ["erDiagram"]
    for name in tables.drawn():
        lines.append(f"    {tables.box(name)} {{")
        lines.extend(f"        {column}" for column in tables.columns(name))
        lines.append("    }")
    lines.extend(f"    {relation}" for relation in tables.relations())
    return lines


def draws(lines: list[str]) -> bool:
    """Return whether Mermaid draws so large a diagram."""
    edges = sum(" }o--" in line for line in lines)
    return edges <= _EDGES and sum(len(line) + 1 for line in lines) <= _LONGEST


@dataclass(frozen=True)
class _Relation:
    """A foreign key: from a table to another, by folded names, over columns as they are spelled."""

    child: str
    parent: str
    columns: tuple[str, ...]
    is_required: bool


class _Side:
    """The tables, columns and foreign keys of one schema, by folded name."""

    def __init__(self, schema: Schema) -> None:
        self.tables = {fold(one.name): one for one in schema.objects if one.kind in TABLES}
        self._columns = {
            (fold(one.owner), fold(one.own_name)): dict(one.facts)
            for one in schema.objects
            if one.kind == "column"
        }
        self.relations = [*self._relations(schema)]

    def facts(self, table: str, column: str) -> Mapping[str, str]:
        """Return the facts of a column; those of a virtual table have none."""
        return self._columns.get((table, fold(column)), {})

    def parts(self, table: str) -> object:
        """Return all that a table's box and relations show, to compare with another schema's."""
        columns = self.tables[table].columns
        facts = [(fold(column), self.facts(table, column)) for column in columns]
        return sorted(facts, key=lambda one: one[0]), [
            relation for relation in self.relations if relation.child == table
        ]

    def _relations(self, schema: Schema) -> Iterator[_Relation]:
        for one in schema.objects:
            if one.kind != "foreign key" or one.nameless is None:
                continue
            child = fold(one.owner)
            columns = tuple(_SPELLED.findall(one.nameless.subject[len(child) + 1 : -1]))
            named = [name for name in self.tables if one.nameless.content.startswith(f"{name}(")]
            if named:
                facts = [self.facts(child, _unquoted(column)) for column in columns]
                required = all(each.get("NOT NULL") == "yes" for each in facts)
                yield _Relation(child, max(named, key=len), columns, required)


class _Tables:
    """What is drawn of a schema, beside the one before where there is one."""

    def __init__(self, schema: Schema, before: Schema | None) -> None:
        self._now = _Side(schema)
        self._before = None if before is None else _Side(before)
        old = {} if self._before is None else self._before.tables
        self._all = {**old, **self._now.tables}

    def drawn(self) -> list[str]:
        """Return the folded names of the tables that are drawn, in order."""
        if self._before is None:
            return sorted(self._all)
        changed = {name for name in self._all if self._mark(name) or self._differs(name)}
        both = (*self._now.relations, *self._gone_relations())
        parents = {one.parent for one in both if one.child in changed}
        return sorted(changed | parents)

    def box(self, name: str) -> str:
        """Return how a table is named in the diagram, and what stands above its columns."""
        table, mark = self._all[name], self._mark(name)
        title = table.name + (" (virtual)" if table.kind != "table" else "") + mark
        known = self._id(name)
        return known if known == f'"{title}"' else f"{known}[{_quoted(title)}]"

    def columns(self, name: str) -> Iterator[str]:
        """Yield a line a column: type, name, keys, and what else there is to say."""
        now, old = self._now.tables.get(name), self._old(name)
        columns = now.columns if now else ()
        drawn = {fold(column) for column in columns}
        for column in columns:
            remark = self._column_remark(name, column) if old else ""
            yield _column_line(self._now, name, column, remark)
        if self._before is not None and old is not None:
            for column in old.columns:
                if fold(column) not in drawn:
                    yield _column_line(self._before, name, column, "gone" if now else "")

    def _column_remark(self, name: str, column: str) -> str:
        """Return "new" or "changed" of a column in the diagram, or nothing."""
        old = self._old(name)
        if old is None or fold(column) not in map(fold, old.columns):
            return "new"
        return "changed" if self._facts(name, column) != self._now.facts(name, column) else ""

    def relations(self) -> Iterator[str]:
        """Yield a line a foreign key of the drawn tables."""
        drawn = {*self.drawn()}
        for one in (*self._now.relations, *self._gone_relations()):
            if {one.child, one.parent} <= drawn:
                parent = "||" if one.is_required else "o|"
                label = _quoted(", ".join(map(_unquoted, one.columns)))
                yield f"{self._id(one.child)} }}o--{parent} {self._id(one.parent)} : {label}"

    def _gone_relations(self) -> list[_Relation]:
        """Return the foreign keys of the tables that are gone."""
        old = [] if self._before is None else self._before.relations
        return [one for one in old if one.child not in self._now.tables]

    def _id(self, name: str) -> str:
        """Return the name of a box: the table's own where Mermaid can read it."""
        if _PLAIN.fullmatch(self._all[name].name):
            return f'"{self._all[name].name}"'
        return f'"table no. {[*self._all].index(name) + 1}"'

    def _mark(self, name: str) -> str:
        if self._before is None:
            return ""
        if name not in self._before.tables:
            return " (new)"
        return "" if name in self._now.tables else " (gone)"

    def _differs(self, name: str) -> bool:
        return self._before is not None and self._now.parts(name) != self._before.parts(name)

    def _old(self, name: str) -> SchemaObject | None:
        return None if self._before is None else self._before.tables.get(name)

    def _facts(self, name: str, column: str) -> Mapping[str, str]:
        return {} if self._before is None else self._before.facts(name, column)


def _column_line(side: _Side, table: str, column: str, remark: str) -> str:
    facts = side.facts(table, column)
    declared = _SPACED.sub(r"\1", facts.get("type", "none"))
    kind, name = _word(declared), _word(column)
    keys = [] if facts.get("primary key", "no") == "no" else ["PK"]
    if any(
        one.child == table and fold(column) in (fold(_unquoted(each)) for each in one.columns)
        for one in side.relations
    ):
        keys.append("FK")
    said = [
        *([] if name == column else [column]),
        *([] if kind == declared else [declared]),
        *(["NOT NULL"] if facts.get("NOT NULL") == "yes" else []),
        *([remark] if remark else []),
    ]
    parts = [kind, name, ", ".join(keys), _quoted(", ".join(said)) if said else ""]
    return " ".join(filter(None, parts))


def _word(text: str) -> str:
    """Return a type or a column's name as Mermaid can read it: letters, digits, ``_``, ``()``."""
    word = _NO_WORD.sub("_", text)
    if word.lower() in _KEYS:
        return f"{word}_"
    return word if word[:1].isalpha() or word[:1] == "_" else f"_{word}"


def _unquoted(spelled: str) -> str:
    return spelled[1:-1].replace('""', '"') if spelled[:1] == '"' else spelled.strip()


def _quoted(text: str) -> str:
    """Return any text in quotes; what Mermaid or Markdown could obey as a character's number."""
    shown = printable_line(text)
    return '"{}"'.format(
        "".join(one if one.isalnum() or one in " _.,-()" else f"#{ord(one)};" for one in shown)
    )
