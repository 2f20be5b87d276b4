"""Register checks and select them by name, in the order of the grid's columns."""

from __future__ import annotations

import re

from pytest_pmd_migrations.checks.again import AGAIN
from pytest_pmd_migrations.checks.atomic import ATOMIC
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.frozen import FROZEN
from pytest_pmd_migrations.checks.model import AnyCheck
from pytest_pmd_migrations.checks.schema import SCHEMA
from pytest_pmd_migrations.checks.statements import STATEMENTS
from pytest_pmd_migrations.errors import SettingError

__all__ = ["all_checks", "register", "select_checks"]

_NAME = re.compile(r"[\w-]+")
_OWN = (SCHEMA, DATA, STATEMENTS, AGAIN, ATOMIC, FROZEN)
_CHECKS: dict[str, AnyCheck] = {check.name: check for check in _OWN}


def all_checks() -> tuple[AnyCheck, ...]:
    """Return every check, the package's own first."""
    return tuple(_CHECKS.values())


def register(check: AnyCheck) -> None:
    """Add a check: a column of the grid and a cell for every row of its kind.

    Call it from a ``conftest.py`` at the root. Raises SettingError when the name is taken, or
    could not stand in an id.
    """
    if not _NAME.fullmatch(check.name):
        raise SettingError(
            f"a check is named {check.name!r}; expected letters, digits, '_' and '-' only"
        )
    if _CHECKS.get(check.name, check) is not check:
        raise SettingError(f"a check named {check.name!r} exists already; choose another name")
    _CHECKS[check.name] = check


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
    return tuple(check for check in _CHECKS.values() if not names or check.name in names)
