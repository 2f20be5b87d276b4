"""Mark versions as released: the command ``release``."""

from __future__ import annotations

from dataclasses import replace

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.problems import find_problems
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.cli.survey import take_survey
from pytest_pmd_migrations.snapshots.lock_file import LockFile
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["mark_released"]


def mark_released(history: History, version: int | None) -> tuple[LockFile, str]:
    """Return the lock file with all versions up to ``version`` (None: all) released, and a line.

    The line says what was released. Raises UnusableError where there is no such version,
    ClickException where something up to it is missing or wrong.
    """
    application = history.application
    newest = application.latest if version is None else version
    if newest not in application.versions:
        raise UnusableError(
            f"there is no version {format_version(newest)} to release; versions are"
            f" {application.span}"
        )
    survey = take_survey(history)
    problems = [
        problem.text
        for problem in find_problems(survey)
        if problem.version <= newest and problem.mended_by != "release"
    ]
    if problems:
        raise click.ClickException(
            "nothing was released, since this must be mended first:\n" + "\n".join(problems)
        )
    lock_file = survey.lock_file
    unreleased = [
        number
        for number in application.versions
        if number <= newest and not lock_file.versions[number].released
    ]
    if not unreleased:
        return lock_file, "nothing to release: these versions are released already"
    for number in unreleased:
        line = replace(lock_file.versions[number], released=True)
        lock_file = lock_file.with_version(number, line)
    first, last = format_version(unreleased[0]), format_version(unreleased[-1])
    return lock_file, f"released {first if first == last else f'{first}..{last}'}"
