"""Many cases under one law: as one item each, or all in one item that names what is wrong."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from typing import TypeVar

import pytest
from pytest_pmd_migrations.schema import Schema, read_schema

__all__ = ["as_parameters", "holds_for_every", "read_again", "schema"]

Case = TypeVar("Case")


def as_parameters(cases: Mapping[str, Case]) -> list[object]:
    """Return the cases as parameters whose ids are their names, as a person can type them.

    "equal: order of triggers" is chosen by ``-k order-of-triggers``. Raises ValueError if there is
    no case, since a test without parameters is skipped, or if two ids are equal.
    """
    found = {re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-"): name for name in cases}
    if not cases or len(found) != len(cases):
        raise ValueError(f"equal ids of {sorted(set(cases) - set(found.values()))}, or no case")
    return [pytest.param(cases[name], id=typed) for typed, name in found.items()]


def holds_for_every(cases: Mapping[str, Case], judge: Callable[[Case], None]) -> None:
    """Judge each case; fail with the name of each one that ``judge`` raised for, and the error."""
    wrong = []
    for name, case in cases.items():
        try:
            judge(case)
        except Exception as error:  # each error is reported beside the others
            text = "\n    ".join(f"{type(error).__name__}: {error}".splitlines())
            wrong.append(f"{name}\n    {text}")
    if wrong:
        pytest.fail("\n".join([f"{len(wrong)} of {len(cases)} cases:", *wrong]), pytrace=False)
    assert cases


@cache
def schema(script: str) -> Schema:
    """Return the schema that a script makes, read once."""
    return read_again(script)


def read_again(script: str) -> Schema:
    """Return the schema that a script makes, in a new database."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(script)
        return read_schema(conn)
