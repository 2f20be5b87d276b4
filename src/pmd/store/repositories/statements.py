"""List every SQL statement that the repositories run, so that a check can prepare them all.

Statements on the vector table are not among them: they prepare only where sqlite-vec is loaded,
and their names begin with VECTOR_.
"""

from __future__ import annotations

from types import ModuleType

from pmd.metadata.store import repository as document_metadata
from pmd.store.repositories import (
    cache,
    content,
    contexts,
    documents,
    embeddings,
    search,
    source_collections,
    source_metadata,
)

__all__ = ["all_statements"]

_MODULES: tuple[ModuleType, ...] = (
    cache,
    content,
    contexts,
    documents,
    embeddings,
    search,
    source_collections,
    source_metadata,
    document_metadata,
)


def all_statements() -> tuple[tuple[str, str], ...]:
    """Return (name, SQL) of each statement, in order of names.

    A name is the module and its constant: `pmd.store.repositories.search.SEARCH_SQL`.
    """
    found = [
        (f"{module.__name__}.{name}", sql)
        for module in _MODULES
        for name, sql in vars(module).items()
        if name.endswith("_SQL") and not name.startswith("VECTOR_")
    ]
    return tuple(sorted(found))
