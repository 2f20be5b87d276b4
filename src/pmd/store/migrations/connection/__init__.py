"""A connection during a run: taken over from the caller, prepared for steps, and given back."""

from __future__ import annotations
