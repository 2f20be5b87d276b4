"""The verdict on every pair of the corpus, and what its report names."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pytest_pmd_migrations.schema import compare

from tests.every import as_parameters, holds_for_every
from tests.unit.plugin.schema.corpus import PAIRS, TOPICS, Pair
from tests.unit.plugin.schema.made_schemas import schema


def groups() -> dict[str, dict[str, Pair]]:
    """Return the pairs of one topic that have one verdict, by topic and verdict."""
    found: dict[str, dict[str, Pair]] = {}
    for name, pair in PAIRS.items():
        topic, _, of_topic = name.partition(": ")
        found.setdefault(f"{topic} {pair.verdict}", {})[of_topic] = pair
    return found


@pytest.mark.parametrize("pairs", as_parameters(groups()))
def test_every_pair_gets_its_verdict_and_a_report_that_names_what_differs(
    pairs: Mapping[str, Pair],
) -> None:
    holds_for_every(pairs, gets_its_verdict)


def gets_its_verdict(pair: Pair) -> None:
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
    assert sum(len(pairs) for pairs in groups().values()) == len(PAIRS)
    verdicts = {pair.verdict for pair in PAIRS.values()}
    assert verdicts == {"equal", "order", "different"}
