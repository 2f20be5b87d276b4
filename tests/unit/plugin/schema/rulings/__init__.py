"""What is a difference, by docs/explanation/schema-rulings.md: a pair of schemas a ruling."""

from __future__ import annotations

from typing import NamedTuple

from tests.unit.plugin.schema.rulings.different import DIFFERENT
from tests.unit.plugin.schema.rulings.equal import EQUAL
from tests.unit.plugin.schema.rulings.order import ORDER

__all__ = ["DIFFERENT", "EQUAL", "ORDER", "RULINGS", "Ruling"]


class Ruling(NamedTuple):
    """Two scripts and the verdict on the schemas that they make."""

    upgraded: str
    fresh: str
    verdict: str


RULINGS = {
    f"{verdict}: {name}": Ruling(*pair, verdict)
    for verdict, pairs in {"equal": EQUAL, "different": DIFFERENT, "order": ORDER}.items()
    for name, pair in pairs.items()
}
