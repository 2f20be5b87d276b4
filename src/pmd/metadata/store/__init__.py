"""Read and write document metadata."""

from __future__ import annotations

__all__: list[str] = []
