"""Mark versions as released: from then on they are history."""

from __future__ import annotations

from dataclasses import replace

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.cli.survey import find_problems
from pytest_pmd_migrations.snapshots.lock_file import LockFile
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["mark_released"]


def mark_released(history: History, version: int | None) -> tuple[LockFile, str]:
    """Return the lock with all versions up to ``version`` (None: all) released, and what to say.

    Raises UnusableError where there is no such version, ClickException where something up to
    it is missing or wrong.
    """
    newest = history.application.latest if version is None else version
    if newest not in history.application.versions:
        raise UnusableError(
            f"there is no version {format_version(newest)} to release; versions are"
            f" {history.application.span}"
        )
    wrong = [
        problem.text
        for problem in find_problems(history)
        if problem.version <= newest and problem.mended_by != "release"
    ]
    if wrong:
        raise click.ClickException(
            "nothing was released, since this must be mended first:\n" + "\n".join(wrong)
        )
    lock = history.store.lock_file
    born = [
        one
        for one in history.application.versions
        if one <= newest and not lock.versions[one].released
    ]
    for one in born:
        lock = lock.with_version(one, replace(lock.versions[one], released=True))
    if not born:
        return lock, "nothing to release: these versions are released already"
    first, last = format_version(born[0]), format_version(born[-1])
    return lock, f"released {first if first == last else f'{first}..{last}'}"
