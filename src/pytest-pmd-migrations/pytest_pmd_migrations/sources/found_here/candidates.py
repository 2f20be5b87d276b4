"""All that ``migration_source`` may be set to in a project, what a tool's own file says first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_pmd_migrations.sources.found_here.folders_here import folders_here
from pytest_pmd_migrations.sources.found_here.objects_here import objects_here
from pytest_pmd_migrations.sources.found_here.project_files import Candidate, ProjectFiles
from pytest_pmd_migrations.sources.found_here.tools_here import tools_here

__all__ = ["find_candidates", "told_candidates"]


_OTHER_DATABASES = ("postgres", "mysql", "mariadb", "mssql", "cockroach")
_SHOWN = 3
_WRITE = "Write it: pmd-migrations init"


def find_candidates(root: Path) -> tuple[Candidate, ...]:
    """Return what is found below ``root``, each once."""
    files = ProjectFiles(root.resolve())
    found: dict[str, Candidate] = {}
    for part in (tools_here, objects_here, folders_here):
        for candidate in part(files):
            found.setdefault(candidate.source, candidate)
    return tuple(one for one in found.values() if not _is_of_another(one.source, found))


def _is_of_another(source: str, found: Mapping[str, Candidate]) -> bool:
    """Return whether a folder is another database's, with one of SQLite's beside it."""
    parent, _, name = source.rpartition("/")
    if not any(word in name.lower() for word in _OTHER_DATABASES):
        return False
    beside = (one.rpartition("/") for one in found)
    return any(where == parent and "sqlite" in last.lower() for where, _, last in beside)


def told_candidates(root: Path) -> str:
    """Return what was found below ``root``, and the command that writes it, as sentences."""
    found = find_candidates(root)
    if not found:
        return f"No migrations were found here. {_WRITE} --source TEXT"
    shown = ", ".join(f'"{one.source}" ({one.whose})' for one in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"Found here: {shown}{more}. {_WRITE}"
