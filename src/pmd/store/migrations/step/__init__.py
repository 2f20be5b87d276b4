"""One step: its `up(db)` under guard, and what it must neither lose nor leave behind."""

from __future__ import annotations
