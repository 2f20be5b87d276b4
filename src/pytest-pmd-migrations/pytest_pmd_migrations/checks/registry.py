"""Register checks and select them by name, in the order of the grid's columns.

Each of the package's own is imported when it is asked for: a run that leaves ``atomic`` out needs
no fault, and one in eight of the package's modules is about faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_pmd_migrations.errors import SettingError

if TYPE_CHECKING:
    from pytest_pmd_migrations.checks.model import AnyCheck

__all__ = ["all_checks", "is_own", "register", "select_checks"]

_NAME = re.compile(r"[\w-]+")


def _schema() -> AnyCheck:
    from pytest_pmd_migrations.checks.schema import SCHEMA

    return SCHEMA


def _data() -> AnyCheck:
    from pytest_pmd_migrations.checks.data import DATA

    return DATA


def _statements() -> AnyCheck:
    from pytest_pmd_migrations.checks.statements import STATEMENTS

    return STATEMENTS


def _again() -> AnyCheck:
    from pytest_pmd_migrations.checks.again import AGAIN

    return AGAIN


def _atomic() -> AnyCheck:
    from pytest_pmd_migrations.checks.atomic import ATOMIC

    return ATOMIC


def _down() -> AnyCheck:
    from pytest_pmd_migrations.checks.down import DOWN

    return DOWN


def _frozen() -> AnyCheck:
    from pytest_pmd_migrations.checks.frozen import FROZEN

    return FROZEN


def _forecast() -> AnyCheck:
    from pytest_pmd_migrations.checks.forecast import FORECAST

    return FORECAST


_CHECKS: dict[str, Callable[[], AnyCheck]] = {
    "schema": _schema,
    "data": _data,
    "statements": _statements,
    "again": _again,
    "atomic": _atomic,
    "frozen": _frozen,
    "down": _down,
    "forecast": _forecast,
}
_OWN = frozenset(_CHECKS)


def all_checks() -> tuple[AnyCheck, ...]:
    """Return every check, the package's own first."""
    return tuple(find() for find in _CHECKS.values())


def is_own(check: AnyCheck) -> bool:
    """Return whether a check is one of the package's own."""
    return check.name in _OWN and _CHECKS[check.name]() is check


def register(check: AnyCheck) -> None:
    """Add a check: a column of the grid and a cell for every row of its kind.

    Call it from a ``conftest.py`` at the root. Raises SettingError when the name is taken, or
    could not stand in an id.
    """
    if not _NAME.fullmatch(check.name):
        raise SettingError(
            f"a check is named {check.name!r}; expected letters, digits, '_' and '-' only"
        )
    known = _CHECKS.setdefault(check.name, lambda: check)
    if known() is not check:
        raise SettingError(f"a check named {check.name!r} exists already; choose another name")


def select_checks(text: str) -> tuple[AnyCheck, ...]:
    """Return the checks that ``--migration-checks`` names, all of them for an empty text.

    Raises SettingError naming the first one that does not exist.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in _CHECKS:
            raise SettingError(
                f"--migration-checks names {name!r}; expected some of {', '.join(_CHECKS)}"
            )
    return tuple(find() for name, find in _CHECKS.items() if not names or name in names)
