"""Whoever asks for fewer searches for garbage meanwhile finds the collector as it was."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Iterator

import pytest
from pytest_pmd_migrations.pytest_side.paused_collector import paused_collector


class Circle:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count()
    gc.unfreeze()
    with warnings.catch_warnings():
        # What other tests left is theirs.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    yield
    gc.unfreeze()
    if was_frozen:
        gc.freeze()
    (gc.enable if was_enabled else gc.disable)()


def test_the_collector_rests_meanwhile_and_what_was_made_is_old_and_not_lost() -> None:
    gc.enable()
    with paused_collector():
        assert not gc.isenabled()
        circle = weakref.ref(Circle())
    assert gc.isenabled()
    gc.collect(1)
    assert circle() is not None
    gc.collect()
    assert circle() is None


def test_one_that_rests_already_stays_at_rest() -> None:
    gc.disable()
    with paused_collector():
        pass
    assert not gc.isenabled()


def test_what_somebody_has_frozen_stays_frozen() -> None:
    gc.enable()
    gc.freeze()
    frozen = gc.get_freeze_count()
    with paused_collector():
        pass
    # Objects that nobody holds any more go meanwhile; one unfreeze would let go of all.
    assert gc.get_freeze_count() > 0.9 * frozen > 0
