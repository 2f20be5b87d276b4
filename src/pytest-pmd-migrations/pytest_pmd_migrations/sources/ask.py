"""Ask a source's own code a question: what it raises becomes an error that names the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pytest_pmd_migrations.errors import MigrationTestError, SourceError
from pytest_pmd_migrations.messages.wording import error_text

if TYPE_CHECKING:
    from typing import Protocol

    class _Named(Protocol):
        name: str


__all__ = ["ask", "described"]

Answer = TypeVar("Answer")


def described(source: _Named) -> str:
    """Return how messages name a source."""
    return f"source {source.name}"


def ask(who: str, call: str, question: Callable[[], Answer]) -> Answer:
    """Return what a source's own code answers; what it raises becomes a SourceError.

    Only KeyboardInterrupt goes through.
    """
    try:
        return question()
    except MigrationTestError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SourceError(f"{who}: {call} raised {error_text(error)}") from error
