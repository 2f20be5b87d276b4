"""One test for many cases: an item of pytest costs more than a case does.

Every case is judged, and each that is wrong is named, with what is wrong with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from typing import TypeVar

import pytest
from pytest_pmd_migrations.schema import Schema, read_schema

__all__ = ["holds_for_every", "read_again", "schema"]

Case = TypeVar("Case")


def holds_for_every(cases: Mapping[str, Case], judge: Callable[[Case], None]) -> None:
    """Judge each case; fail with the names of all of which ``judge`` raised, and what it said."""
    wrong = []
    for name, case in cases.items():
        try:
            judge(case)
        except Exception as error:  # what went wrong in one case is told beside the others
            said = "\n    ".join(f"{type(error).__name__}: {error}".splitlines())
            wrong.append(f"{name}\n    {said}")
    if wrong:
        pytest.fail("\n".join([f"{len(wrong)} of {len(cases)} cases:", *wrong]), pytrace=False)
    assert cases


@cache
def schema(script: str) -> Schema:
    """Return the schema that a script makes, read once."""
    return read_again(script)


def read_again(script: str) -> Schema:
    """Return the schema that a script makes, in a database made for it."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(script)
        return read_schema(conn)
