"""Tell a revision that says it has no way back from one whose way back is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import IrreversibleError

__all__ = ["says_irreversible"]

_TOOLS = frozenset(("alembic", "sqlalchemy"))
"""They raise NotImplementedError for what SQLite cannot do, such as to alter a constraint."""


@contextmanager
def says_irreversible(script: Any) -> Iterator[None]:  # noqa: ANN401 - Alembic's
    """Let Alembic take ``script`` back in the block.

    Raises IrreversibleError where the script has no function ``downgrade``, or where that raised
    NotImplementedError itself, and not a tool that it called.
    """
    if not callable(getattr(script.module, "downgrade", None)):
        raise IrreversibleError(f"{Path(script.path).name} has no function downgrade()")
    try:
        yield
    except NotImplementedError as error:
        if _raised_by(error) in _TOOLS:
            raise
        raise IrreversibleError(str(error)) from error


def _raised_by(error: BaseException) -> str:
    """Return the name of the package whose code raised an error."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return str(place.tb_frame.f_globals.get("__name__", "")).partition(".")[0] if place else ""
