"""List what a survey found missing or wrong, and how each is mended: the command ``check``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.put_back import put_back, removed_name
from pytest_pmd_migrations.application.recorded_text import Moved, find_moved, is_edited
from pytest_pmd_migrations.application.stale_snapshots import OF_ITS_PROCESS, is_edited_up_to
from pytest_pmd_migrations.application.varying_step import find_varying_step
from pytest_pmd_migrations.checks.moved_migration import mend_moved
from pytest_pmd_migrations.cli.failed_steps import failed_steps
from pytest_pmd_migrations.cli.survey import Survey, is_released
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.messages.wording import folded_names, typed_path
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start, format_version
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only

__all__ = ["Problem", "find_problems"]

_BUILD = "pmd-migrations snapshot"


@dataclass(frozen=True)
class Problem:
    """One thing that is missing or wrong.

    ``version`` is the version it is about. ``mended_by`` is the command that mends it, "snapshot"
    or "release"; empty where a person must, and ``text`` says how. ``of_variants`` says that it
    hinders nothing but the variants that it names, ``of_databases`` that it is a step that a new
    database can take, and only some stored ones cannot.
    """

    version: int
    text: str
    mended_by: Literal["snapshot", "release", ""] = ""
    of_variants: bool = False
    of_databases: bool = False


def find_problems(survey: Survey) -> Iterator[Problem]:
    """Yield what is missing or wrong: snapshots, then lock lines, then steps and their results."""
    store = survey.history.store
    if store.has_lost_releases:
        what = f"{LOCK_FILE} is gone, and with it what is released"
        mend = f"git checkout HEAD -- {typed_path(store.lock_path)}"
        yield Problem(0, f"{what}.  {mend}")
        return
    yield from _snapshot_problems(survey)
    yield from _line_problems(survey)
    yield from _unrecorded_versions(survey)
    yield from _failed_steps(survey)
    yield from _changed_results(survey)


def _snapshot_problems(survey: Survey) -> Iterator[Problem]:
    history = survey.history
    expected = {
        *map(SnapshotName, history.application.versions),
        *history.store.names,
        *survey.lock_file.snapshots,
    }
    for name in history.store.folder.orphaned_twins(expected):
        file = typed_path(history.store.folder.twin(name))
        text = f"{name}.sql is the text of a snapshot that is not there.  rm {file}"
        yield Problem(name.version, text, of_variants=True)
    for name in sorted(expected - survey.rebuilt):
        if name in survey.unsound:
            mend = "" if is_released(history, name) else _rewrite(history, name)
            text = f"{survey.unsound[name]}{mend}"
            yield Problem(name.version, text, of_variants=bool(name.variant))
        elif name in survey.snapshots:
            yield from _stored_problems(survey, name)
        else:
            yield _missing(survey, name)


def _rewrite(history: History, name: SnapshotName) -> str:
    option = history.application.option
    if name.variant:
        stored = name in history.store.lock_file.snapshots
        return f" Or store it as it is.  {_BUILD} --rewrite {name}{option}" if stored else ""
    if name.version not in history.application.versions:
        return ""
    return f" Or build it anew.  {_BUILD} --rewrite {name}{option}"


def _missing(survey: Survey, name: SnapshotName) -> Problem:
    if name.variant or is_released(survey.history, name):
        text = f"snapshot {name} is gone.  {survey.history.store.mend_missing(name)}"
        return Problem(name.version, text, of_variants=bool(name.variant))
    recorded = name in survey.lock_file.snapshots
    what = f"snapshot {name} is gone" if recorded else f"{name} has no snapshot"
    return Problem(name.version, f"{what}.  {_BUILD}", mended_by="snapshot")


def _stored_problems(survey: Survey, name: SnapshotName) -> Iterator[Problem]:
    if name not in survey.lock_file.snapshots:
        yield Problem(
            name.version, f"{name} is not in {LOCK_FILE}.  {_BUILD}", mended_by="snapshot"
        )
    twin = survey.snapshots[name].twin
    if isinstance(twin, SnapshotError):
        yield Problem(name.version, str(twin), of_variants=bool(name.variant))
    elif twin != "same":
        what = f"is not the text of {name}.db" if twin == "other" else "is missing"
        file = survey.history.store.folder.twin(name).name
        yield Problem(name.version, f"{file} {what}.  {_BUILD}", mended_by="snapshot")


def _line_problems(survey: Survey) -> Iterator[Problem]:
    """Yield the lock lines without a migration, and those that are not released in their turn."""
    application, lock_file = survey.history.application, survey.lock_file
    newest = lock_file.newest_released
    for version, line in sorted(lock_file.versions.items()):
        number = format_version(version)
        if version not in application.versions:
            if goes_to_latest_only(application.source):
                continue
            moved = find_moved(survey.history, version)
            if moved is not None:
                yield Problem(version, _told_moved(survey.history, version, moved))
            elif line.released:
                name, mend = (
                    removed_name(survey.history, version),
                    put_back(survey.history, version),
                )
                yield Problem(version, f"{name} was removed after release.  {mend}")
            else:
                what = f"{LOCK_FILE} has {number}, which the source has not"
                yield Problem(version, f"{what}.  {_BUILD}", mended_by="snapshot")
        elif not line.released and version < newest:
            what = f"{number} is not released, but {format_version(newest)} is"
            mend = f"pmd-migrations release {number}{application.option}"
            yield Problem(version, f"{what}.  {mend}", mended_by="release")


def _told_moved(history: History, version: int, moved: Moved) -> str:
    what = "to" if moved.how == "renumbered" else "by"
    mend = " ".join(mend_moved(history, version, moved))
    return f"{moved.was} was {moved.how} {what} {moved.now} after release.  {mend}"


def _unrecorded_versions(survey: Survey) -> Iterator[Problem]:
    """Yield the migrations without a lock line, where their snapshot does not say so already."""
    application, lock_file = survey.history.application, survey.lock_file
    newest = lock_file.newest_released
    for version in application.versions:
        if version in lock_file.versions:
            continue
        number = format_version(version)
        if SnapshotName(version) in lock_file.snapshots:
            # Written anew, it would not be released, whatever it was.
            what = f"{number} has no line in {LOCK_FILE}"
            mend = f"git checkout HEAD -- {typed_path(survey.history.store.lock_path)}"
            yield Problem(version, f"{what}.  {mend}")
        elif version < newest:
            what = (
                f"{application.step_name(version)} was inserted before {format_version(newest)},"
                f" which is released: databases at it never run {number}"
            )
            yield Problem(version, f"{what}.  Give it the next free number")


def _failed_steps(survey: Survey) -> Iterator[Problem]:
    for step in failed_steps(survey):
        yield Problem(
            step.version,
            step.text,
            of_variants=step.of_variants,
            of_databases=FRESH not in step.starts,
        )


def _changed_results(survey: Survey) -> Iterator[Problem]:
    """Yield the versions that do not give what is recorded, each with those that follow it."""
    history = survey.history
    changed = _changed_versions(survey)
    while changed:
        version, other = changed.pop(0)
        number = format_version(version)
        moved = _moved(history, version)
        if moved is not None:
            yield Problem(version, _told_moved(history, version, moved))
        elif survey.lock_file.versions[version].released:
            step, after = history.application.step_name(version), _take_following(survey, changed)
            what = f"{step} no longer does what it did at release"
            if after:
                others = folded_names(after)
                what = f"{step} no longer does what it did at release; the same goes for {others}"
            yield Problem(version, f"{what}.  pytest --migration-matrix -k {number}")
        else:
            yield _changed_unreleased(history, version, other)
            # Its snapshot is built anew, and those of all later versions with it.
            return


def _changed_versions(survey: Survey) -> list[tuple[int, list[Start]]]:
    """Return the versions that do not give what is recorded, and the lineages with other rows."""
    unknown = {
        lineage.failure.version
        for start, lineage in survey.lineages.items()
        if lineage.failure and not start.variant
    }
    unknown.update(name.version for name in survey.rebuilt)
    found = []
    for version in survey.history.application.versions:
        recorded = survey.lock_file.versions.get(version)
        if recorded is None or version in unknown:
            continue
        other = [
            start
            for start, now in survey.rows(version).items()
            if recorded.rows.get(start, now) != now and start != survey.stored_again
        ]
        reached = version in survey.fresh_schemas
        if other or (reached and survey.result(version).schema != recorded.schema):
            found.append((version, other))
    return found


def _moved(history: History, version: int) -> Moved | None:
    """Return where a released migration stands now, if under another number or not at all."""
    moved = find_moved(history, version)
    return moved if moved is not None and moved.how != "renamed" else None


def _take_following(survey: Survey, changed: list[tuple[int, list[Start]]]) -> list[str]:
    """Take the next released versions out of ``changed`` whose own text is as it was."""
    history, taken = survey.history, list[str]()
    while changed:
        version, _ = changed[0]
        released = survey.lock_file.versions[version].released
        if not released or is_edited(history, version) or _moved(history, version):
            break
        changed.pop(0)
        taken.append(format_version(version))
    return taken


def _changed_unreleased(history: History, version: int, other: list[Start]) -> Problem:
    """Return that a version whose snapshot can be built anew does not give what is recorded."""
    number = format_version(version)
    varying = find_varying_step(history, version, other)
    if varying is not None and varying.line:
        what = f"{number} gives other values in each run: {', '.join(varying.columns)}"
        return Problem(version, f"{what}{varying.why}.  {varying.line}")
    what = f"{number} changed since its snapshot was made"
    if varying is None and not is_edited_up_to(history, version):
        what = f"{number} does something else now, by the same text: {OF_ITS_PROCESS}"
    return Problem(version, f"{what}.  {_BUILD} --rewrite {number}{history.application.option}")
