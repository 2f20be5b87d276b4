"""Build and write what is missing: snapshots, text twins and lock lines; ``snapshot``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.new_migration import how_to_begin
from pytest_pmd_migrations.cli.build_one import BuiltSnapshot, build_snapshot
from pytest_pmd_migrations.cli.built_from import base_past, newest_before
from pytest_pmd_migrations.cli.failed_steps import failed_steps
from pytest_pmd_migrations.cli.problems import find_problems
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.cli.refuse_varying import refuse_varying
from pytest_pmd_migrations.cli.survey import Survey, compare_twin, is_released, take_survey
from pytest_pmd_migrations.cli.update_lock_file import list_changes, updated_lock_file
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.files.kept_bytes import Kept, content_of
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.lock_file import LockFile, write_lock_file
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.snapshots.temporary_files import remove_dead_files
from pytest_pmd_migrations.snapshots.write import replace_file

__all__ = ["Built", "build_missing", "write_built"]

_MENDED_BY_ROWS = ("empty", "single", "null")
_REFUSED = "nothing was built, since this must be mended first:\n"


@dataclass(frozen=True)
class Built:
    """Everything that is to be written for one application.

    ``lines`` say what was built, and which tables stayed empty; ``refused`` what is wrong with
    variants that are not stored; ``failed`` which steps cannot be taken from what is stored.
    """

    survey: Survey
    images: Mapping[SnapshotName, Image]
    twins: Mapping[SnapshotName, Kept]
    lock_file: LockFile
    lines: tuple[str, ...]
    refused: tuple[str, ...]
    failed: tuple[str, ...] = ()


def build_missing(history: History, *, rewrite: SnapshotName | None) -> Built:
    """Build every missing snapshot, text twin and lock line; nothing is written yet.

    ``rewrite`` is a snapshot that is built anew, and with it those of all later versions, which
    were built from it; or a variant, whose file is stored as it is now. Raises UnusableError where
    there is none of that name, ClickException where it or a later one is released, where something
    is wrong that building does not mend, and where upgraded and fresh differ. What is wrong with a
    variant keeps that variant alone from being stored. A step that a new database can take, and
    some stored one cannot, keeps nothing but the newest version from being built, whose migration
    is still to be mended: later snapshots are built past it.
    """
    if rewrite is not None:
        _refuse_rewrite(history, rewrite)
    survey = take_survey(
        history,
        rebuilt=_names_to_build(history, rewrite),
        stored_again=rewrite if rewrite is not None and rewrite.variant else None,
    )
    told = _refuse_wrong(survey)
    survey = survey.without_failing_variants()
    made = _build_in_order(survey)
    scripts = {name: one.run for name, one in made.items() if _is_script(history, name)}
    # Before each of them is walked to latest, which takes its time; scripts hardly ever vary.
    refuse_varying(survey, {name: one.run for name, one in made.items() if name not in scripts})
    walked = survey.with_built(_images(made))
    failed = [step for step in failed_steps(walked, _images(made)) if not step.of_variants]
    texts = [step.text for step in failed]
    newest = SnapshotName(history.application.latest)
    if newest in survey.rebuilt and any(step.version == newest.version for step in failed):
        if rewrite is not None and not rewrite.variant:
            raise click.ClickException(_REFUSED + "\n".join(texts))
        made.pop(newest, None)
        walked = walked.without_lineage(newest)
        texts.append(f"Then store {newest} too: pmd-migrations snapshot")
    refuse_varying(walked, {name: run for name, run in scripts.items() if name in made})
    images, lock_file = _images(made), updated_lock_file(walked, _images(made))
    twins = _other_twins(survey, {name: one.twin_text for name, one in made.items()})
    if not (images or twins or lock_file != survey.lock_file) and (told or survey.rebuilt):
        raise click.ClickException(_REFUSED + "\n".join((*told, *texts)))
    return Built(survey, images, twins, lock_file, tuple(_lines(made)), told, tuple(texts))


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


def _refuse_wrong(survey: Survey) -> tuple[str, ...]:
    """Raise where something is wrong that building neither mends nor can leave as it is.

    Returns what is wrong with variants, which are left out then.
    """
    problems = [one for one in find_problems(survey) if one.mended_by != "snapshot"]
    if not all(one.of_variants or one.of_databases for one in problems):
        raise click.ClickException(_REFUSED + "\n".join(one.text for one in problems))
    told = [one.text for one in problems if one.of_variants]
    others = {one.version for one in problems if not one.of_variants}
    for name in sorted(survey.failing_variants):
        failure = survey.lineages[name].failure
        if failure is not None and failure.version in others:
            told.append(f"{name}: the step to {format_version(failure.version)} fails from it too")
    return tuple(told)


def _build_in_order(survey: Survey) -> dict[SnapshotName, BuiltSnapshot]:
    """Build each snapshot that is to be built, from the one before it, past steps that fail there.

    The newest is left out where the step to it fails: that migration is still to be mended.
    """
    made: dict[SnapshotName, BuiltSnapshot] = {}
    for name in sorted(survey.rebuilt):
        base = newest_before(survey, name, _images(made))
        while name not in made:
            try:
                one = build_snapshot(survey, name, base)
            except StepFailedError as error:
                if error.version == survey.history.application.latest:
                    break
                base = base_past(survey, base, error)
                continue
            made[name] = one
    return made


def _is_script(history: History, name: SnapshotName) -> bool:
    """Return whether the migration to a version is SQL text alone."""
    return history.application.file_name(name.version).endswith(".sql")


def _lines(made: Mapping[SnapshotName, BuiltSnapshot]) -> Iterator[str]:
    """Yield the lines on what was built; why a table stays empty is told of the first version."""
    told: set[str] = set()
    for one in made.values():
        yield from one.lines
        new = [line for line in one.empty if line not in told]
        told.update(new)
        yield from new
        if one.how_to_fill and any(line.startswith(_MENDED_BY_ROWS) for line in new):
            yield one.how_to_fill


def _images(made: Mapping[SnapshotName, BuiltSnapshot]) -> dict[SnapshotName, Image]:
    return {name: one.image for name, one in made.items()}


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
