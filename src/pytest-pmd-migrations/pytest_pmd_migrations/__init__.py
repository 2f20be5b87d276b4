"""Check that every stored SQLite database can be brought to the newest version."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
