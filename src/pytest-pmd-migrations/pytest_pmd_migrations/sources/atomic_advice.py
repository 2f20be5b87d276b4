"""Ask a source how its runner makes a step one transaction."""

from __future__ import annotations

from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["atomic_advice_of"]


def atomic_advice_of(source: Source, version: int) -> tuple[str, ...]:
    """Return the lines on that for one version, () where the source says nothing of it.

    Raises SourceError unless they are strings.
    """
    found = getattr(source, "atomic_advice", ())

    def lines() -> tuple[str, ...]:
        return tuple(map(printable_line, found(version) if callable(found) else found))

    return ask(described(source), "atomic_advice", lines)
