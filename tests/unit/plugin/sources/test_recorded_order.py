"""Released migrations keep the numbers that the lock file has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.applied.numbered_ids import NumberedIds
from pytest_pmd_migrations.sources.applied.recorded_order import (
    asks_for_recorded_order,
    inserted_before,
    keep_recorded_order,
    own_order,
    positions,
)

IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(known=IDS, recorded=IDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_recorded_ids_keep_their_numbers_and_new_ones_come_behind(
    known: list[str], recorded: list[str]
) -> None:
    numbers = dict(enumerate(recorded, start=1))
    found = positions(known, numbers)
    assert sorted(found.values()) == sorted(known)
    assert all(found[number] == name for number, name in numbers.items() if name in known)
    new = [found[number] for number in sorted(found) if number > len(recorded)]
    assert new == [name for name in known if name not in recorded]


def of(ids: NumberedIds, **more: object) -> Any:
    return SimpleNamespace(
        name="notes", versions=ids.versions, label=ids.label, own_order=ids.own_order, **more
    )


def test_an_inserted_one_gets_the_next_number_and_is_seen_to_be_inserted() -> None:
    source = of(NumberedIds(["a", "new", "b", "c"]))
    assert asks_for_recorded_order(source)
    keep_recorded_order(source, {1: "a", 2: "b", 3: "c"})
    assert [source.label(version) for version in source.versions()] == ["a", "b", "c", "new"]
    assert own_order(source) == [1, 4, 2, 3]
    assert [inserted_before(source, version) for version in (1, 2, 3, 4)] == [None, None, None, 2]


def test_a_removed_one_leaves_its_number_out() -> None:
    ids = NumberedIds(["a", "c", "d"])
    assert list(ids.versions({1: "a", 2: "b", 3: "c"})) == [1, 3, 4]
    assert (ids.number("d"), ids.up_to(3)) == (4, ["a", "c"])


def test_a_source_that_moves_a_recorded_one_is_refused() -> None:
    ids = NumberedIds(["b", "a"])
    careless = SimpleNamespace(name="notes", versions=lambda _=None: [1, 2], label=ids.label)
    with pytest.raises(SourceError) as raised:
        keep_recorded_order(careless, {1: "a", 2: "b"})  # type: ignore[arg-type]  # only what is asked
    assert str(raised.value) == (
        "source notes: versions(recorded) gave b the number 1, which the lock file has for a;"
        " expected recorded ones to keep their numbers"
    )


def test_an_order_that_leaves_a_version_out_is_refused() -> None:
    careless = SimpleNamespace(name="notes", versions=lambda: [1, 2], own_order=lambda: [2])
    with pytest.raises(SourceError) as raised:
        own_order(careless)  # type: ignore[arg-type]  # only what is asked
    assert str(raised.value) == (
        "source notes: own_order() returned [2]; expected every version once"
    )
    assert not asks_for_recorded_order(careless)  # type: ignore[arg-type]  # only what is asked
