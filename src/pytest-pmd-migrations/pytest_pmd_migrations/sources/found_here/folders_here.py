"""Folders whose files say by their names, or in their first lines, which tool they are for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.found_here.project_files import Candidate, ProjectFiles
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.recognise import recognise

__all__ = ["folders_here"]

_FLYWAY = re.compile(r"V\d[\d._]*__\w.*\.sql")
_GOLANG = re.compile(r"\d+_.+\.up\.sql")
_DASHED = re.compile(r"\d{4}-.+\.(?:py|sql|sh)")
_NUMBERED = re.compile(r"\d+_\w+\.(?:py|sql)")
_DBMATE = re.compile(r"^--\s*migrate:up\b", re.MULTILINE)
_GOOSE = re.compile(r"^--\s*\+goose\b", re.MULTILINE)
_YOYO = re.compile(r"^from yoyo import|^import yoyo\b|^(?:--|#) *depends *:", re.MULTILINE)
_OTHERS = re.compile(r"^from django\b|^from alembic\b|^import alembic\b", re.MULTILINE)
_UP = re.compile(r"^(?:async\s+)?def\s+up\b", re.MULTILINE)


def folders_here(files: ProjectFiles) -> Iterator[Candidate]:
    """Yield each folder of migrations, named as its tool's source names it."""
    holding = {folder.parent: name for folder, name in _of_subfolders(files)}
    for folder, names in files.folders.items():
        tool = holding.get(folder) or _tool(files, folder, names)
        if tool and folder != files.root:
            yield _candidate(files, folder, tool)


def _of_subfolders(files: ProjectFiles) -> Iterator[tuple[Path, str]]:
    """Yield the folders of tools that give each migration a folder, or a file of a fixed name."""
    for name, tool in (("migration.sql", "Prisma"), ("up.sql", "diesel")):
        yield from ((path.parent, tool) for path in files.named(name))
    for path in files.named("_journal.json"):
        if path.parent.name == "meta":
            yield path.parent, "drizzle"


def _tool(files: ProjectFiles, folder: Path, names: Sequence[str]) -> str:
    """Return whose migrations lie in a folder, "" for nobody's."""
    if folder.name == "meta":
        return ""
    for pattern, tool in ((_FLYWAY, "Flyway or refinery"), (_GOLANG, "golang-migrate")):
        if any(pattern.fullmatch(name) for name in names):
            return tool
    texts = [files.text(folder / name) for name in names if name.endswith((".py", ".sql"))]

    def says(pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(text) for text in texts)

    if says(_DBMATE):
        return "dbmate"
    if says(_GOOSE):
        return "goose"
    if says(_YOYO):
        return "yoyo"
    if says(_OTHERS):
        # Before a name that begins with a date, as Alembic's file_template may have it.
        return ""
    return "fastmigrate" if any(map(_DASHED.fullmatch, names)) else _own(names, says)


def _own(names: Sequence[str], says: Callable[[re.Pattern[str]], bool]) -> str:
    numbered = [name for name in names if _NUMBERED.fullmatch(name)]
    scripts = any(name.endswith(".sql") for name in numbered)
    return "numbered files" if numbered and (scripts or says(_UP)) else ""


def _candidate(files: ProjectFiles, folder: Path, tool: str) -> Candidate:
    path = files.shown(folder)
    if tool in ("fastmigrate", "yoyo"):
        return Candidate(f"{tool}:{path}", tool)
    package = folder.parent if folder.name == "versions" else folder
    if tool == "numbered files" and "__init__.py" in files.folders.get(package, ()):
        return Candidate(files.dotted(package) or path, tool)
    return Candidate(path, _dialect(files, folder) or tool)


def _dialect(files: ProjectFiles, folder: Path) -> str:
    """Return by whose rules a folder of scripts is run, "" for nobody's or where that is told."""
    try:
        claim = recognise(SqlFolder(folder, files.root, ""))
    except (SourceError, OSError):
        # The setting is written all the same: the next command says what is wrong in the folder.
        return ""
    return claim.dialect if claim else ""
