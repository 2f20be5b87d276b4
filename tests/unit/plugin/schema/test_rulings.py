"""What counts as a difference between two schemas, ruling by ruling."""

from __future__ import annotations

import pytest
from pytest_pmd_migrations.schema import compare

from tests.every import as_parameters, holds_for_every
from tests.unit.plugin.schema.made_schemas import read_again, schema
from tests.unit.plugin.schema.rulings import RULINGS, Ruling


@pytest.mark.parametrize("ruling", as_parameters(RULINGS))
def test_each_ruling(ruling: Ruling) -> None:
    """The verdict is the same both ways, and fingerprints are equal exactly if schemas are."""
    upgraded, fresh = schema(ruling.upgraded), schema(ruling.fresh)
    diff = compare(upgraded, fresh)
    assert diff.verdict == ruling.verdict, diff.differences
    assert bool(diff) == (ruling.verdict != "equal")
    assert compare(fresh, upgraded).verdict == ruling.verdict
    assert (upgraded.fingerprint == fresh.fingerprint) == (ruling.verdict == "equal")


def equals_itself(script: str) -> None:
    assert compare(schema(script), read_again(script)).verdict == "equal"


def test_a_schema_equals_itself() -> None:
    scripts = {script for ruling in RULINGS.values() for script in ruling[:2]}
    holds_for_every({script: script for script in sorted(scripts)}, equals_itself)
