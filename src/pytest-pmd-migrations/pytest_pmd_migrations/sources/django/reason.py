"""Say in one line what the project's own code raised when Django imported it."""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.messages.where_raised import find_syntax_error, raised_where
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["reason_of"]


def reason_of(error: BaseException) -> str:
    """Return in one line what the project's code raised, and where; for a syntax error its line."""
    syntax = find_syntax_error(error)
    if syntax is not None:
        return (
            f"SyntaxError: {syntax.msg} ({shown_path(Path(str(syntax.filename)))}:{syntax.lineno})"
        )
    return " ".join(raised_where(error).split())
