"""A report of a shop's twelve migrations, five of which are wrong, with hostile texts in it."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.plugin.report_page.drawn_reports import (
    HOSTILE,
    application_of,
    column,
    finding,
    index,
    moved_rows,
    report_of,
    rows_of,
    stored,
    table,
    version,
)

LATEST = 12
ID = column("id", "INTEGER", key=1)

OBJECTS = [
    table("customers", ID, column("name", not_null=True), column("mail")),  # 0
    table(  # 1
        "orders",
        ID,
        column("customer_id", "INTEGER", not_null=True),
        column("state"),
        refers=[("customer_id", "customers")],
    ),
    table(  # 2
        "order_lines",
        ID,
        column("order_id", "INTEGER"),
        column("article_id", "INTEGER"),
        column("amount", "INTEGER"),
        refers=[("order_id", "orders"), ("article_id", "articles")],
    ),
    table("articles", ID, column("title", not_null=True), column("price", "NUMERIC")),  # 3
    index("orders_by_state", "orders", "CREATE INDEX orders_by_state ON orders(state)"),  # 4
    table(  # 5: after 0008
        "orders",
        ID,
        column("customer_id", "INTEGER", not_null=True),
        column("state", not_null=True),
        column("paid_at"),
        refers=[("customer_id", "customers")],
    ),
    table(
        "article_tags",
        column("article_id", "INTEGER"),
        column("tag"),
        refers=[("article_id", "articles")],
    ),  # 6
    table("legacy_prices", column("article_id", "INTEGER"), column("price")),  # 7: dropped by 0010
    table(HOSTILE, ID, column("<img onerror=alert(2)>")),  # 8
    table("customers", ID, column("name", not_null=True), column("mail", not_null=True)),  # 9
    {
        **index(
            "orders_logged",
            "orders",
            "CREATE TRIGGER orders_logged AFTER UPDATE ON orders BEGIN UPDATE orders SET state ="
            " 'seen' WHERE id = new.id; END",
        ),
        "type": "trigger",
    },  # 10
]

FINDINGS = [
    finding(
        "0008_rebuild_orders.py: orders lost 2 of 5 rows",
        [
            "  seen from 0000+grown, 0003..0007 (numbers of 0000+grown)",
            "",
            "    gone: id 3, customer_id 9, state 'open'",
            f"    gone: id 4, customer_id 9, state {HOSTILE!r}",
            "    where that is meant, declare it in 0008_rebuild_orders.py:",
            '      DELETES = {"orders": ("customer_id NOT IN (SELECT id FROM c)", "<reason>")}',
        ],
        ["migrations::0000+grown..0012[data]", *stored(3, 4, 5, 6, 7, check="data", latest=LATEST)],
        version=8,
        file="src/shop/migrations/0008_rebuild_orders.py",
        line=14,
        closing=[
            "copy of the database: .pytest_cache/d/migrations/0000+grown..0012.db",
            'again: pytest --migration-matrix "migrations::0000+grown..0012[data]"',
        ],
    ),
    finding(
        "0001 upgraded to 0012: 1 difference from fresh 0012",
        [
            "  first differs: after 0009_mail_needed.py",
            "",
            "  different          column customers.mail",
            "                       NOT NULL   upgraded: no   fresh: yes",
            "                     mend: needs a table rebuild",
        ],
        stored(1, 2, check="schema", latest=LATEST),
        version=9,
        file="src/shop/migrations/0009_mail_needed.py",
        line=9,
        details=["CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT)"],
    ),
    finding(
        "0006_price_list.py is not idempotent",
        [
            "Run a second time directly after itself, a step must change nothing, or",
            "raise and leave everything as it was.",
            "",
            "  upgraded from 0003:",
            "    table articles: 4 rows, after the second run 8",
            "",
            "Make the step look before it changes:",
            "  IF NOT EXISTS, OR IGNORE, WHERE ... IS NULL",
            "where it is released, declare it:",
            '  AGAIN = "<reason>"',
        ],
        ["migrations::0006[again]"],
        version=6,
        file="src/shop/migrations/0006_price_list.py",
        line=21,
    ),
    finding(
        "0004_tags.py was edited after release",
        [
            "  released; what it builds now differs from the stored 0004:",
            "  only in fresh now  table article_tags (2 columns)",
            "",
            "Undo the edit and put the change into a new migration:",
            '  pmd-migrations new "describe the change"',
        ],
        ["migrations::0004[frozen]"],
        version=4,
        file="src/shop/migrations/0004_tags.py",
        line=3,
    ),
    finding(
        "0012_add_language.py cannot be imported: line 7: expected...",
        [
            "0012_add_language.py cannot be imported: line 7: expected ':'",
            "",
            "  src/shop/migrations/0012_add_language.py:7",
            '    7 |     if "language" not in columns',
            "                                        ^",
        ],
        ["migrations::0012[again]"],
        version=12,
        file="src/shop/migrations/0012_add_language.py",
        line=7,
        blocks=["migrations::0012[atomic]", "migrations::0012[frozen]"],
    ),
]

SCHEMAS = {
    1: [0, 3],
    2: [0, 1, 3],
    3: [0, 1, 2, 3, 7],
    4: [0, 1, 2, 3, 6, 7],
    5: [0, 1, 2, 3, 4, 6, 7],
    6: [0, 1, 2, 3, 4, 6, 7],
    7: [0, 1, 2, 3, 4, 6, 7],
    8: [0, 2, 3, 4, 5, 6, 7, 10],
    9: [2, 3, 4, 5, 6, 7, 9, 10],
    10: [2, 3, 4, 5, 6, 9, 10],
    11: [2, 3, 4, 5, 6, 8, 9, 10],
    12: None,
}

DESCRIBED = {
    1: ("initial schema", "0001_initial.py"),
    2: ("orders of a customer", "0002_orders.py"),
    3: ("lines of an order", "0003_lines.py"),
    4: ("tags of articles", "0004_tags.py"),
    5: ("find orders by state", "0005_index.py"),
    6: ("the price list of 2026", "0006_price_list.py"),
    7: ("trim names", "0007_trim.py"),
    8: ("rebuild orders, state is needed", "0008_rebuild_orders.py"),
    9: ("mail is needed", "0009_mail_needed.py"),
    10: ("drop the old prices", "0010_drop_legacy.py"),
    11: (HOSTILE, "0011_odd.py"),
    12: ("add a language", "0012_add_language.py"),
}

LOST = moved_rows(
    "orders",
    before=5,
    after=3,
    kept=2,
    changed=1,
    deleted=2,
    evidence=["gone: id 3, customer_id 9, state 'open'", f"gone: id 4, state {HOSTILE!r}"],
)
DROPPED = moved_rows(
    "legacy_prices",
    after_name=None,
    after=None,
    kept=0,
    deleted=4,
    declared=[
        {"kind": "DELETES", "name": "legacy_prices", "reason": "kept in articles since 0006"}
    ],
    evidence=["gone: article_id 1, price '9.50'"],
)


def five_planted_defects(**said: Any) -> dict[str, Any]:
    """The whole report; ``said`` goes to :func:`report_of`."""
    return report_of(shop(), **said)


def two_applications() -> dict[str, Any]:
    """The same of a shop and its cache, whose cells are named by the application."""
    both = [
        json.loads(json.dumps(shop()).replace("migrations::", f"migrations::{name}::"))
        | {"name": name}
        for name in ("shop", "cache")
    ]
    return report_of(*both)


def shop() -> dict[str, Any]:
    """The application of which all this is told."""
    steps = {
        8: [{"start": "0000+grown", "also": [f"{n:04}" for n in range(3, 8)], "tables": [LOST]}],
        10: [
            {"start": start, "also": [], "tables": [DROPPED]}
            for start in ("fresh", "0000+grown", *(f"{n:04}" for n in range(3, 10)))
        ],
    }
    versions = [
        version(
            number,
            description=DESCRIBED[number][0],
            file=f"src/shop/migrations/{DESCRIBED[number][1]}",
            schema=schema,
            steps=steps.get(number, []),
            lost=["DEFAULT on orders.state"] if number == 8 else [],
            released=number < 11,
            date=None if number > 10 else f"2026-{number:02}-14",
            seconds=None if number == 12 else 0.0031,
            faults=None if number == 12 else {"points": 180, "broken": 0},
        )
        for number, schema in SCHEMAS.items()
    ]
    rows = rows_of(range(1, LATEST), ["0000+grown"])
    rows.append({"of": "migration", "id": "0012", "title": "0012", "version": 12})
    notes = [{"about": "0012", "text": "no snapshot yet", "command": "pmd-migrations snapshot"}]
    return application_of(rows, FINDINGS, OBJECTS, versions, notes=notes)
