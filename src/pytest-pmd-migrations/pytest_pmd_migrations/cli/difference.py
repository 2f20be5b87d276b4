"""Tell how the schemas of two versions or snapshots differ: the command ``show``."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.report.github.markdown import as_text, fenced
from pytest_pmd_migrations.schema import Schema, compare, read_schema
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.schema.showing.picture import picture_lines
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["schema_difference", "schema_markdown", "schema_picture"]


def schema_difference(history: History, one: str, other: str) -> list[str]:
    """Return the lines that tell how two schemas differ, or that they do not.

    A version is shown as a fresh database has it, a variant as it is stored. Raises
    UnusableError where there is no version or snapshot of that name.
    """
    first, second = _find_names(history, one, other)
    diff = compare(_schema(history, first), _schema(history, second))
    lines = diff_lines(diff, labels=(str(first), str(second)))
    return lines or [f"{first} and {second} have the same schema"]


def schema_picture(history: History, one: str, other: str) -> list[str]:
    """Return a Mermaid diagram of the tables that differ; of one schema alone, of all its tables.

    Raises UnusableError as :func:`schema_difference` does.
    """
    first, second = _find_names(history, one, other)
    after = _schema(history, second)
    return picture_lines(after, None if first == second else _schema(history, first))


def schema_markdown(history: History, one: str, other: str) -> list[str]:
    """Return both as Markdown, for a pull request or a page.

    Raises UnusableError as :func:`schema_difference` does.
    """
    first, second = _find_names(history, one, other)
    parts = [
        f"### Schema: {as_text(f'{first} to {second}')}",
        fenced(schema_difference(history, one, other), "text"),
    ]
    picture = schema_picture(history, one, other)
    if len(picture) > 1:
        parts.append(fenced(picture, "mermaid"))
    return "\n\n".join(parts).splitlines()


def _find_names(history: History, one: str, other: str) -> tuple[SnapshotName, SnapshotName]:
    return _find_name(history, one), _find_name(history, other)


def _find_name(history: History, text: str) -> SnapshotName:
    try:
        name = SnapshotName.typed(text)
    except SnapshotError:
        name = None
    known = {*map(SnapshotName, history.application.versions), *history.store.names}
    if name is None or name not in known:
        variants = [str(stored) for stored in history.store.names if stored.variant]
        raise UnusableError(
            f"there is no version or snapshot {text!r}; expected one of"
            f" {history.application.span}" + "".join(f", {variant}" for variant in variants)
        )
    return name


def _schema(history: History, name: SnapshotName) -> Schema:
    if name.version in history.application.versions and not name.variant:
        return history.fresh_schema(name.version)
    with closing(history.store.read(name).connect()) as conn:
        return history.rules.visible(read_schema(conn))
