"""Keep what is known about documents: profiles, tags and attributes."""

from __future__ import annotations

__all__: list[str] = []
