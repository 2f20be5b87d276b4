"""Select the cells of a run: all of them, or those whose ids were given."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import AnyCheck
from pytest_pmd_migrations.errors import SettingError, SnapshotError
from pytest_pmd_migrations.grid.cells import Cell, list_cells
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["select_cells"]


def select_cells(
    histories: Sequence[History], checks: Sequence[AnyCheck], ids: Sequence[str]
) -> tuple[Cell, ...]:
    """Return the cells of ``ids``, or all when none is given, never an empty answer.

    ``migrations::`` stands for all cells, ``migrations::cache::`` for those of the source cache.
    Raises SnapshotError when nothing is stored, SettingError when there is no cell for the
    checks, or none of an id: then it says which there are.
    """
    cells: dict[str, Cell] = {}
    for history in histories:
        if not history.store.names and not history.store.lock_file.snapshots:
            raise SnapshotError(
                f"no snapshot is stored in {shown_path(history.store.folder.path)}, so nothing can"
                " be checked. Build them: pmd-migrations snapshot"
            )
        cells.update((cell.id, cell) for cell in list_cells(history, checks))
    if not cells:
        names = ", ".join(check.name for check in checks)
        raise SettingError(
            f"--migration-checks={names} leaves no cell: no source here can be asked that."
            " See docs/reference/sources.md and fixtures-and-hooks.md"
        )
    selected: dict[str, Cell] = {}
    for wanted in ids:
        found = [wanted] if wanted in cells else []
        if wanted.endswith("::"):
            found = [id_ for id_ in cells if id_.startswith(wanted)]
        if not found:
            raise SettingError(f"no such cell: {wanted}. {_what_there_is(histories, checks)}")
        selected.update((id_, cells[id_]) for id_ in found)
    return tuple(selected.values()) or tuple(cells.values())


def _what_there_is(histories: Sequence[History], checks: Sequence[AnyCheck]) -> str:
    sentences = []
    for history in histories:
        source = history.application.name
        variants = ", ".join(str(name) for name in history.store.names if name.variant)
        sentences.append(
            f"Versions{f' of {source}' if source else ''} are {history.application.span}"
            f"{f' and {variants}' if variants else ''}"
        )
    asked = [check for check in checks if any(check.applies(history) for history in histories)]
    for kind in ("snapshot", "migration"):
        found = ", ".join(check.name for check in asked if check.of == kind)
        if found:
            sentences.append(f"checks of a {kind} are {found}")
    return "; ".join(sentences) + "."
