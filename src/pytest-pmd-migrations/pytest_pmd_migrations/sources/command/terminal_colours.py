"""Leave out of a text what makes a terminal show it in colours, or as a link."""

from __future__ import annotations

import re

__all__ = ["without_colours"]

_ORDERS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
"""ECMA-48: control sequences, and operating system commands with what is theirs."""


def without_colours(text: str) -> str:
    """Return a text as it reads; what is no such order stays in it."""
    return _ORDERS.sub("", text) if "\x1b" in text else text
