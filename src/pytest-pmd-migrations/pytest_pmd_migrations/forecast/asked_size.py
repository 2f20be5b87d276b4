"""What is asked of a forecast: which steps, and at which size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.forecast.filled_file import FileSettings, fill_file, start_image
from pytest_pmd_migrations.forecast.row_targets import LikeFile, RowTargets
from pytest_pmd_migrations.messages.wording import folded_names
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["AskedSize", "file_settings", "targets_of", "versions_to_forecast"]

_SMALL, _LARGE = 1_000, 4_000


@dataclass(frozen=True)
class AskedSize:
    """The size that is asked for: ``rows`` of each table, or ``file_size`` bytes of the file.

    With ``like``, tables have rows in the proportions of that database; alone, as many as it has.
    """

    rows: int = 0
    file_size: int = 0
    like: LikeFile | None = None


def versions_to_forecast(history: History, asked: Sequence[int]) -> tuple[int, ...]:
    """Return the versions whose steps are forecast: the unreleased ones, else the newest.

    Raises SettingError where there is no migration of an asked one.
    """
    versions = history.application.versions
    for version in asked:
        if version not in versions:
            raise SettingError(
                f"there is no migration {format_version(version)};"
                f" expected one of {history.application.span}"
            )
    released = history.store.lock_file.newest_released
    unreleased = tuple(version for version in versions if version > released)
    return tuple(dict.fromkeys(asked)) or unreleased or versions[-1:]


def file_settings(new: FileSettings, like: LikeFile | None, journal_mode: str) -> FileSettings:
    """Return the settings of the filled files: what is asked for, else like the given database's.

    Else they are those of a new database.
    """
    if like is None:
        return FileSettings(journal_mode or new.journal_mode, new.page_size)
    return FileSettings(journal_mode or like.journal_mode, like.page_size)


def targets_of(
    history: History, version: int, asked: AskedSize, folder: Path, settings: FileSettings
) -> RowTargets:
    """Return how many rows the tables are to have before the step to ``version``.

    Raises SettingError where the size asked for is smaller than what is stored, or where a database
    that it is to be like has none of its tables.
    """
    like = asked.like
    known = {} if like is None else _rows_of_known(history, version, like)
    most = max(known.values(), default=0)
    lengths = {} if like is None else like.lengths
    rows = asked.rows or most or _LARGE
    scaled = {name: -(-count * rows // most) for name, count in known.items()} if most else {}
    targets = RowTargets(rows, scaled, like is None, lengths)
    if not asked.file_size:
        return targets
    return _of_file_size(history, version, asked.file_size, targets, folder, settings)


def _rows_of_known(history: History, version: int, like: LikeFile) -> Mapping[str, int]:
    """Return the rows of those tables of a database that the one before a step has as well.

    Raises SettingError where that leaves none.
    """
    if not any(like.counts.values()):
        raise SettingError("the database that --like names has no rows; expected one with some")
    image = start_image(history, version)
    if not image.size:
        return {}
    with closing(image.connect()) as conn:
        known = frozenset(list_tables(conn))
    found = {name: count for name, count in like.counts.items() if name in known}
    if known and not any(found.values()):
        raise SettingError(
            "the database that --like names has no rows in the tables that are there before"
            f" {format_version(version)}: {folded_names(sorted(known))}; it has some in"
            f" {folded_names(sorted(name for name, count in like.counts.items() if count))}"
        )
    return found


def _of_file_size(
    history: History,
    version: int,
    file_size: int,
    targets: RowTargets,
    folder: Path,
    settings: FileSettings,
) -> RowTargets:
    """Return as many rows as make a file of that size, by the sizes of two small ones."""
    image, path = start_image(history, version), folder / "sized.db"
    if not image.size:
        return targets
    sizes: list[tuple[int, int]] = []
    for rows in (_SMALL, _LARGE):
        filled = fill_file(history, image, path, targets, rows, settings=settings)
        sizes.append((filled.most, path.stat().st_size))
        path.unlink()
    (few, small), (many, large) = sizes
    if many <= few or large <= small or file_size < large:
        raise SettingError(
            f"a file of {file_size:,} bytes is too small to forecast: with {many:,} rows it has"
            f" {large:,} already; expected a larger size"
        )
    wanted = many + round((file_size - large) * (many - few) / (large - small))
    scaled = {name: count * wanted // targets.rows for name, count in targets.counts.items()}
    return RowTargets(wanted, scaled, targets.others, targets.lengths)
