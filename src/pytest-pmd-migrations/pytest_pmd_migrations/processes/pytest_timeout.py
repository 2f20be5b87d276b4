"""Recognise pytest-timeout's end of a test, which strikes in whatever code runs at that moment."""

from __future__ import annotations

from pytest_pmd_migrations.errors import TimeoutStruckError
from pytest_pmd_migrations.messages.error_chain import follow

__all__ = ["raise_if_struck"]

_SAYS = "from pytest-timeout"


def raise_if_struck(error: BaseException, where: str) -> None:
    """Raise TimeoutStruckError where pytest-timeout made this error, or one that it came from.

    The timer strikes once a test: whoever takes it for an error of the application's, and goes on,
    goes on without a limit. ``where`` says in what it struck.
    """
    for found in follow(error, lambda one: one.__cause__ or one.__context__):
        # Known by its name: nothing but the ends of the package knows pytest.
        if type(found).__name__ == "Failed" and _SAYS in str(found):
            raise TimeoutStruckError(f"{where} was not done: {found}") from error
