"""Mark versions as released: the command ``release``."""

from __future__ import annotations

from collections.abc import Sequence

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

    Variants that were stored since their version was released are released with them. The line
    says what was released. Raises UnusableError where there is no such version, ClickException
    where something up to it is missing or wrong.
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
    return _released(survey.lock_file, [v for v in application.versions if v <= newest])


def _released(lock_file: LockFile, versions: Sequence[int]) -> tuple[LockFile, str]:
    unreleased = [version for version in versions if not lock_file.versions[version].released]
    late = [
        name
        for name, line in sorted(lock_file.snapshots.items())
        if name.version <= versions[-1] and not line.released
    ]
    if not unreleased and not late:
        return lock_file, "nothing to release: these versions are released already"
    for number in unreleased:
        line = lock_file.versions[number]._replace(released=True)
        lock_file = lock_file.with_version(number, line)
    for name in late:
        stored = lock_file.snapshots[name]._replace(released=True)
        lock_file = lock_file.with_snapshot(name, stored)
    return lock_file, f"released {', '.join([*_span(unreleased), *map(str, late)])}"


def _span(versions: Sequence[int]) -> list[str]:
    if not versions:
        return []
    first, last = format_version(versions[0]), format_version(versions[-1])
    return [first if first == last else f"{first}..{last}"]
