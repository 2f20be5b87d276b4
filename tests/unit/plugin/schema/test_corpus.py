"""The verdict on every pair of the corpus, and what its report names."""

from __future__ import annotations

import pytest
from pytest_pmd_migrations.schema import compare

from tests.unit.plugin.schema.corpus import PAIRS, TOPICS, Pair
from tests.unit.plugin.schema.every import as_parameters, schema


@pytest.mark.parametrize("pair", as_parameters(PAIRS))
def test_every_pair_gets_its_verdict_and_a_report_that_names_what_differs(pair: Pair) -> None:
    """The verdict is the same both ways, and fingerprints are equal exactly if schemas are."""
    upgraded, fresh = schema(pair.upgraded), schema(pair.fresh)
    diff = compare(upgraded, fresh)
    assert diff.verdict == pair.verdict, diff.differences
    assert bool(diff) == (pair.verdict != "equal")
    if pair.verdict != "equal":
        named = [(f"{found.kind} {found.object}", found.part) for found in diff.differences]
        assert (pair.at, pair.part) in named
    assert compare(fresh, upgraded).verdict == pair.verdict
    assert (upgraded.fingerprint == fresh.fingerprint) == (pair.verdict == "equal")


def test_the_corpus_has_as_many_pairs_as_promised_each_under_a_name_of_its_own() -> None:
    assert len(PAIRS) == sum(len(module.PAIRS) for module in TOPICS.values()) >= 360
    verdicts = {pair.verdict for pair in PAIRS.values()}
    assert verdicts == {"equal", "order", "different"}
