"""Answers are kept by the hash of their question."""

from __future__ import annotations

import pytest

from pmd.store.repositories.cache import CacheEntry, CacheRepository

NOON = "2026-01-02T12:00:00+00:00"  # what conftest.py's clock says


@pytest.fixture
def cache(store, clock):
    return CacheRepository(store, clock=clock)


def test_an_answer_is_found_by_its_question(cache):
    put = cache.put("test-1", "answer\0 — 文", model="m", created_at="c")
    assert put == CacheEntry("test-1", "answer\0 — 文", "c", "m")
    assert cache.get("test-1") == put


def test_a_question_never_asked_has_no_answer(cache):
    assert cache.get("test-unknown") is None


def test_a_new_answer_takes_the_place_of_the_old(cache):
    cache.put("test-1", "old", model="m")
    cache.put("test-1", "new")
    assert cache.get("test-1") == CacheEntry("test-1", "new", NOON, None)


def test_an_answer_can_be_forgotten(cache):
    cache.put("test-1", "answer")
    assert cache.delete("test-1") is True
    assert cache.delete("test-1") is False
    assert cache.get("test-1") is None


def test_a_models_answers_can_be_forgotten(cache):
    cache.put("test-1", "a", model="test-old")
    cache.put("test-2", "b", model="test-old")
    cache.put("test-3", "c", model="test-new")
    assert cache.delete_model("test-old") == 2
    assert cache.get("test-3") is not None
