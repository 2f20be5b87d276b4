"""At which version a database is, by the migrations that it says were applied."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.applied.current_version import current_version, version_after

from tests.every import for_every

LABELS = {1: "one", 2: "two", 3: "three", 4: "four"}


def source(applied: Collection[str], applies: str = "set") -> Any:
    return SimpleNamespace(
        name="notes",
        versions=lambda: sorted(LABELS),
        label=LABELS.__getitem__,
        applied=lambda _: applied,
        applies=applies,
    )


@for_every(
    "applied, at, after_two",
    [
        ((), 0, 2),
        (("one",), 1, 2),
        (("two", "one"), 2, 2),
        # It lacks the second only: with that, it has all.
        (("one", "three", "four"), 1, 4),
        (("four",), 0, 2),
    ],
)
def test_a_set_is_at_the_last_version_before_which_it_lacks_none(
    applied: Collection[str], at: int, after_two: int
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        assert current_version(source(applied), conn) == at
        assert version_after(source(applied), conn, 2) == after_two


@for_every(
    "applied, applies, message",
    [
        (
            ("one", "thre"),
            "set",
            "the database was migrated by thre, which source notes does not have. Restore that"
            " migration, or store a database that only has migrations of this project."
            " Did you mean three?",
        ),
        (
            tuple("abcdefg"),
            "highest",
            "the database was migrated by a, b, c, d, e and 2 more, which source notes does not"
            " have. Restore that migration, or store a database that only has migrations of this"
            " project.",
        ),
        (
            ("one", "four"),
            "highest",
            "the database lacks two, three and has four, which comes later: the runner of source"
            " notes applies what is above the highest one only, and never applies it. Store a"
            " database that has all of them",
        ),
    ],
)
def test_what_a_database_cannot_have_or_lack_is_named(
    applied: Collection[str], applies: str, message: str
) -> None:
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(SourceError) as raised:
        current_version(source(applied, applies), conn)
    assert str(raised.value) == message


def test_a_runner_of_numbers_has_no_version_ahead() -> None:
    numbered = SimpleNamespace(name="notes", versions=lambda: [1, 2, 3], applied="yesterday")
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("PRAGMA user_version = 2")
        assert current_version(numbered, conn) == 2  # type: ignore[arg-type]  # only what is asked
        assert version_after(numbered, conn, 3) == 3  # type: ignore[arg-type]  # only what is asked
