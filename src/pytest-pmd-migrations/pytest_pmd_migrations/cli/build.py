"""Build and write what is missing: snapshots, text twins and lock lines; ``snapshot``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.new_migration import how_to_begin
from pytest_pmd_migrations.cli.build_one import Base, build_snapshot
from pytest_pmd_migrations.cli.problems import find_problems, told_generated
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.cli.refuse_varying import BuiltRun, refuse_varying
from pytest_pmd_migrations.cli.survey import Survey, compare_twin, is_released, take_survey
from pytest_pmd_migrations.cli.update_lock_file import list_changes, updated_lock_file
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.kept_bytes import Kept, content_of
from pytest_pmd_migrations.snapshots.lock_file import LockFile, write_lock_file
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName
from pytest_pmd_migrations.snapshots.temporary_files import remove_dead_files
from pytest_pmd_migrations.snapshots.write import replace_file

__all__ = ["Built", "build_missing", "write_built"]

_REFUSED = "nothing was built, since this must be mended first:\n"


@dataclass(frozen=True)
class Built:
    """Everything that is to be written for one application.

    ``lines`` say what was built, and which tables stayed empty; ``refused`` what is wrong with
    variants that are not stored.
    """

    survey: Survey
    images: Mapping[SnapshotName, Image]
    twins: Mapping[SnapshotName, Kept]
    lock_file: LockFile
    lines: tuple[str, ...]
    refused: tuple[str, ...]


def build_missing(history: History, *, rewrite: SnapshotName | None) -> Built:
    """Build every missing snapshot, text twin and lock line; nothing is written yet.

    ``rewrite`` is a snapshot that is built anew, and with it those of all later versions, which
    were built from it; or a variant, whose file is stored as it is now. Raises UnusableError where
    there is none of that name, ClickException where it or a later one is released, where something
    is wrong that building does not mend, and where upgraded and fresh differ. What is wrong with a
    variant keeps that variant alone from being stored.
    """
    if rewrite is not None:
        _refuse_rewrite(history, rewrite)
    survey = take_survey(
        history,
        rebuilt=_names_to_build(history, rewrite),
        stored_again=rewrite if rewrite is not None and rewrite.variant else None,
    )
    problems = [problem for problem in find_problems(survey) if problem.mended_by != "snapshot"]
    told = tuple(problem.text for problem in problems)
    if not all(problem.of_variants for problem in problems):
        raise click.ClickException(_REFUSED + "\n".join(told))
    survey = survey.without_failing_variants()
    built: dict[SnapshotName, Image] = {}
    lines: list[str] = []
    runs: dict[SnapshotName, BuiltRun] = {}
    texts: dict[SnapshotName, Kept] = {}
    for name in sorted(survey.rebuilt):
        one = build_snapshot(survey, name, _newest_before(survey, name, built))
        built[name], runs[name], texts[name] = one.image, one.run, one.twin_text
        lines.extend(one.lines)
    walked = survey.with_built(built)
    _refuse_unable(history, walked, built)
    refuse_varying(walked, runs)
    lock_file = updated_lock_file(walked, built)
    twins = _other_twins(survey, texts)
    if told and not (built or twins or lock_file != survey.lock_file):
        raise click.ClickException(_REFUSED + "\n".join(told))
    return Built(survey, built, twins, lock_file, tuple(lines), told)


def write_built(built: Built) -> Iterator[str]:
    """Write what was built, the lock file last, and yield a line for each thing done.

    Each file is replaced whole, and what a killed run left is removed. Raises SnapshotError where
    a file cannot be written; writing what was built again, after that or after a kill, gives the
    same files.
    """
    store = built.survey.history.store
    for file in remove_dead_files(store.folder.path):
        yield f"removed  {file}  left by a run that was killed"
    yield from built.lines
    for name in sorted({*built.images, *built.twins}):
        if name in built.images:
            image = built.images[name]
            replace_file(store.folder.file(name), image.stored)
            yield f"wrote    {name}.db  {image.size / 1024:.0f} KiB"
        if name in built.twins:
            replace_file(store.folder.twin(name), content_of(built.twins[name]))
            yield f"wrote    {name}.sql  text twin, for the reviewer's diff"
    if built.lock_file != built.survey.lock_file:
        write_lock_file(store.lock_path, built.lock_file)
        yield from list_changes(built.survey.lock_file, built.lock_file)


def _refuse_rewrite(history: History, rewrite: SnapshotName) -> None:
    """Raise where there is no such snapshot, or it is released, or a later one built from it is."""
    if rewrite.variant:
        _refuse_variant(history, rewrite)
        return
    versions = history.application.versions
    if rewrite.version not in versions:
        raise UnusableError(
            f"there is no version {rewrite} to rewrite; versions are {history.application.span}"
        )
    for name in (SnapshotName(version) for version in versions if version >= rewrite.version):
        if is_released(history, name):
            which = f", and was built from {rewrite}" if name != rewrite else ""
            raise click.ClickException(
                f"{name} is released{which}: nothing rewrites its snapshot. Put a change into a"
                f" new migration: {how_to_begin(history.application, 'describe the change')}"
            )


def _refuse_variant(history: History, variant: SnapshotName) -> None:
    if variant not in history.store.names:
        names = [str(name) for name in history.store.names if name.variant]
        known = f"variants are {', '.join(names)}" if names else "no variant is stored"
        raise UnusableError(f"there is no snapshot {variant} to store again; {known}")
    if is_released(history, variant):
        file = history.store.folder.file(variant)
        raise click.ClickException(
            f"{variant} is released: nothing rewrites it. Store your rows under another name:"
            f" copy {file.name} to {variant}2.db, restore {file.name} from version control, and"
            " run pmd-migrations snapshot"
        )


def _names_to_build(history: History, rewrite: SnapshotName | None) -> frozenset[SnapshotName]:
    names = [SnapshotName(version) for version in history.application.versions]
    first = rewrite if rewrite is not None and not rewrite.variant else None
    return frozenset(
        name
        for name in names
        if (first is not None and name >= first)
        or (name not in history.store.names and not is_released(history, name))
    )


def _newest_before(survey: Survey, name: SnapshotName, built: Mapping[SnapshotName, Image]) -> Base:
    """Return the newest older snapshot that is no variant, stored or just built; else fresh."""
    images = {other: stored.image for other, stored in survey.snapshots.items()} | dict(built)
    older = [
        other
        for other in images
        if not other.variant
        and other.version < name.version
        and not survey.history.why_unsupported(other)
    ]
    if not older:
        return Base(FRESH, survey.history.application.empty)
    return Base(max(older), images[max(older)])


def _refuse_unable(history: History, survey: Survey, built: Mapping[SnapshotName, Image]) -> None:
    """Raise where a snapshot that was just built cannot be upgraded further."""
    for name, image in built.items():
        failure = survey.lineages[name].failure
        if failure is not None:
            told = (failure.story, *told_generated(history, failure.version, name, image))
            raise click.ClickException(f"{name} cannot be upgraded: " + "\n".join(told))


def _other_twins(survey: Survey, built: Mapping[SnapshotName, Kept]) -> dict[SnapshotName, Kept]:
    """Return the text twins to be written: those of what was built, and those that are not right.

    One that cannot be read is left to a person.
    """
    stored = {
        name: one.twin_text for name, one in survey.snapshots.items() if one.twin_text is not None
    }
    other = {
        name: text
        for name, text in built.items()
        if compare_twin(survey.history, name, content_of(text)) != "same"
    }
    return stored | other
