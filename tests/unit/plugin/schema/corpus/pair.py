"""A pair of schemas and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Pair", "different", "equal", "order"]


@dataclass(frozen=True)
class Pair:
    """Two scripts and the verdict on the schemas that they make.

    ``at`` is the kind and the name of an object that the report must name, ``part`` the part of it
    that differs. ``ruling`` says why the verdict holds although SQLite itself shows something else.
    ``probe`` holds statements that different schemas answer differently.
    """

    name: str
    verdict: Literal["equal", "order", "different"]
    upgraded: str
    fresh: str
    at: str = ""
    part: str = ""
    ruling: str = ""
    probe: str = ""


def equal(name: str, upgraded: str, fresh: str, *, given: str = "", ruling: str = "") -> Pair:
    """Return a pair in which only the spelling differs."""
    return Pair(name, "equal", f"{given} {upgraded}", f"{given} {fresh}", ruling=ruling)


def order(name: str, upgraded: str, fresh: str, at: str) -> Pair:
    """Return a pair that differs only in the order of columns."""
    return Pair(name, "order", upgraded, fresh, at=at, part="order of columns")


def different(
    name: str,
    upgraded: str,
    fresh: str,
    at: str,
    part: str = "",
    *,
    given: str = "",
    ruling: str = "",
    probe: str = "",
) -> Pair:
    """Return a pair that differs; without ``part`` the object is on one side only."""
    scripts = f"{given} {upgraded}", f"{given} {fresh}"
    return Pair(name, "different", *scripts, at=at, part=part, ruling=ruling, probe=probe)
