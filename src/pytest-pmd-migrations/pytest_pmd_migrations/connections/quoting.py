"""Write the name of a table or column so that SQL takes it for a name, whatever it holds."""

from __future__ import annotations

__all__ = ["quote"]


def quote(name: str) -> str:
    """Return ``name`` in double quotes, for use in SQL."""
    return '"' + name.replace('"', '""') + '"'
