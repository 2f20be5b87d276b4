"""Repositories: each module reads and writes one kind of row; `statements` lists their SQL."""

from __future__ import annotations
