"""Python Markdown search: a full-text index of Markdown collections in one SQLite file."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
