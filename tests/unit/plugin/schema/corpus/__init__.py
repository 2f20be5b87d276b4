"""Pairs of schemas derived from SQLite's documentation, a module a topic."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus import (
    altered,
    checks,
    columns,
    conflicts,
    defaults,
    foreign_keys,
    generated,
    indexes,
    keys,
    names,
    triggers,
    uniques,
    views,
    virtual,
)
from tests.unit.plugin.schema.corpus.pair import Pair

__all__ = ["PAIRS", "TOPICS", "Pair"]

TOPICS = {
    "columns": columns,
    "defaults": defaults,
    "keys": keys,
    "unique constraints": uniques,
    "conflicts": conflicts,
    "foreign keys": foreign_keys,
    "checks": checks,
    "generated columns": generated,
    "indexes": indexes,
    "views": views,
    "triggers": triggers,
    "virtual tables": virtual,
    "names": names,
    "altered tables": altered,
}
PAIRS: dict[str, Pair] = {
    f"{topic}: {pair.name}": pair for topic, module in TOPICS.items() for pair in module.PAIRS
}
