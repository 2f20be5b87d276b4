"""How the schemas of two versions or snapshots differ: ``show``."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.schema import Schema, compare, read_schema
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version

__all__ = ["schema_difference"]


def schema_difference(history: History, one: str, other: str) -> list[str]:
    """Return the lines that tell how two schemas differ, or that they do not.

    A version is shown as a fresh database has it, a variant as it is stored. Raises
    UnusableError where there is no version or snapshot of that name.
    """
    names = [_name(history, text) for text in (one, other)]
    labels = (str(names[0]), str(names[1]))
    diff = compare(*(_schema(history, name) for name in names))
    return diff_lines(diff, labels=labels) or [f"{labels[0]} and {labels[1]} have the same schema"]


def _name(history: History, text: str) -> SnapshotName:
    version, plus, variant = text.partition("+")
    try:
        name = SnapshotName.parse(version.zfill(4) + plus + variant)
    except SnapshotError:
        name = None
    known = {*map(SnapshotName, history.versions), *history.stored}
    if name is None or name not in known:
        variants = [str(stored) for stored in history.stored if stored.variant]
        raise UnusableError(
            f"there is no version or snapshot {text!r}; expected one of"
            f" {format_version(history.versions[0])}..{format_version(history.latest)}"
            + "".join(f", {variant}" for variant in variants)
        )
    return name


def _schema(history: History, name: SnapshotName) -> Schema:
    if name.version in history.versions and not name.variant:
        return history.fresh.schema(name.version).without(history.ignore)
    with closing(history.snapshot(name).connect()) as conn:
        return read_schema(conn).without(history.ignore)
