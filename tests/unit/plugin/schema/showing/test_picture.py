"""The tables of a schema as a Mermaid diagram, whatever they are called."""

from __future__ import annotations

from pytest_pmd_migrations.schema.showing.picture import draws, picture_lines

from tests.unit.plugin.schema.made_schemas import schema

OLD = """
CREATE TABLE a(id INTEGER PRIMARY KEY, "x y" TEXT NOT NULL, z, kept INT);
CREATE TABLE b(a_id INT NOT NULL REFERENCES A(id), c DECIMAL(10, 2), PRIMARY KEY(a_id, c));
CREATE TABLE alone(a);
CREATE TABLE old(pk TEXT REFERENCES alone);
"""
NEW = """
CREATE TABLE a(id INTEGER PRIMARY KEY, z TEXT, kept INT, n INT);
CREATE TABLE b(a_id INT NOT NULL REFERENCES a(id), c DECIMAL(10, 2), PRIMARY KEY(a_id, c));
CREATE TABLE alone(a);
CREATE TABLE self(id INTEGER PRIMARY KEY, parent REFERENCES b, FOREIGN KEY(parent) REFERENCES self);
"""


def test_tables_columns_and_keys() -> None:
    assert picture_lines(schema(OLD)) == [
        "erDiagram",
        '    "a" {',
        "        INTEGER id PK",
        '        TEXT x_y "x y, NOT NULL"',
        "        none z",
        "        INT kept",
        "    }",
        '    "alone" {',
        "        none a",
        "    }",
        '    "b" {',
        '        INT a_id PK, FK "NOT NULL"',
        '        DECIMAL(10_2) c PK "DECIMAL(10,2)"',
        "    }",
        '    "old" {',
        '        TEXT pk_ FK "pk"',
        "    }",
        '    "b" }o--|| "a" : "a_id"',
        '    "old" }o--o| "alone" : "pk"',
    ]


def test_of_two_schemas_what_is_new_gone_or_changed_beside_what_it_refers_to() -> None:
    lines = picture_lines(schema(NEW), schema(OLD))
    assert lines == [
        "erDiagram",
        '    "a" {',
        "        INTEGER id PK",
        '        TEXT z "changed"',
        "        INT kept",
        '        INT n "new"',
        '        TEXT x_y "x y, NOT NULL, gone"',
        "    }",
        '    "alone" {',
        "        none a",
        "    }",
        '    "b" {',
        '        INT a_id PK, FK "NOT NULL"',
        '        DECIMAL(10_2) c PK "DECIMAL(10,2)"',
        "    }",
        '    "old"["old (gone)"] {',
        '        TEXT pk_ FK "pk"',
        "    }",
        '    "self"["self (new)"] {',
        "        INTEGER id PK",
        "        none parent FK",
        "    }",
        '    "b" }o--|| "a" : "a_id"',
        '    "self" }o--o| "b" : "parent"',
        '    "self" }o--o| "self" : "parent"',
        '    "old" }o--o| "alone" : "pk"',
    ]
    assert picture_lines(schema(OLD), schema(OLD)) == ["erDiagram"]


def test_no_name_ends_a_line_a_quote_or_a_block_of_markdown() -> None:
    name = 'we""ird ```<b> %%{init: 1}%% | ] } \n\u202e é'
    lines = picture_lines(schema(f'CREATE TABLE "{name}"("9 ""`x" "a}}b" REFERENCES "{name}")'))
    shown = (
        "we#34;ird #96;#96;#96;#60;b#62; #37;#37;#123;init#58; 1#125;#37;#37; #124; #93; #125;"
        " #92;n#92;u202e é"
    )
    assert lines == [
        "erDiagram",
        f'    "table no. 1"["{shown}"] {{',
        '        A___B _9___x FK "9 #34;#96;x, A #125; B"',
        "    }",
        '    "table no. 1" }o--o| "table no. 1" : "9 #34;#96;x"',
    ]


def test_more_than_mermaid_draws_is_known_beforehand() -> None:
    column = ", ".join(f"c{n} REFERENCES t" for n in range(500))
    assert draws(picture_lines(schema(f"CREATE TABLE t({column})")))
    assert not draws(picture_lines(schema(f"CREATE TABLE t({column}, d REFERENCES t)")))
    assert not draws(picture_lines(schema(f"CREATE TABLE t({'c' * 50_000})")))
