"""Where document metadata is kept."""

from __future__ import annotations

__all__: list[str] = []
