"""Tools that are told by a file of their own: Alembic, Flask-Migrate, Django, yoyo."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pytest_pmd_migrations.sources.found_here.project_files import Candidate, ProjectFiles

__all__ = ["tools_here"]

_ALEMBIC = re.compile(r"^\[alembic\]", re.MULTILINE)
_MIGRATE = re.compile(r"\bMigrate\(|\.init_app\(")
_FACTORY = re.compile(r"^(?:async\s+)?def\s+(create_app|make_app)\s*\(", re.MULTILINE)
_FLASK = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:flask\.)?Flask\(", re.MULTILINE)
_DJANGO = "DJANGO_SETTINGS_MODULE"
_SETTINGS_FILES = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


def tools_here(files: ProjectFiles) -> Iterator[Candidate]:
    """Yield what is found of tools that have a file of settings, or a script, in the project."""
    yield from _alembic(files)
    yield from _django(files)
    yield from _yoyo(files)


def _alembic(files: ProjectFiles) -> Iterator[Candidate]:
    found = [path for path in files.named("alembic.ini") if _ALEMBIC.search(files.text(path))]
    for path in found:
        if "current_app" in files.text(path.parent / "env.py"):
            yield from _flask(files)
        else:
            yield Candidate(files.shown(path), "Alembic")
    if files.root / "alembic.ini" in found:
        # One environment: what pyproject.toml says is read beside it.
        return
    try:
        tool = tomllib.loads(files.text(files.root / "pyproject.toml")).get("tool", {})
    except tomllib.TOMLDecodeError:
        return
    if isinstance(tool, dict) and "alembic" in tool:
        yield Candidate("alembic", "Alembic")


def _flask(files: ProjectFiles) -> Iterator[Candidate]:
    """Yield each application, a factory or the object itself: those told of Flask-Migrate first.

    Where none is seen, Flask is left to look for it, as its own command does.
    """
    told: list[str] = []
    others: list[str] = []
    for path, text in files.modules():
        name = files.dotted(path)
        made = (_FACTORY.search(text) or _FLASK.search(text)) if "flask" in text.lower() else None
        if made is not None and name:
            (told if _MIGRATE.search(text) else others).append(f"flask:{name}:{made[1]}")
    yield from (Candidate(source, "Flask-Migrate") for source in told or others or ["flask"])


def _django(files: ProjectFiles) -> Iterator[Candidate]:
    near = (files.root, *(each for each in files.folders if each.parent == files.root))
    told = [folder / "manage.py" for folder in near]
    if any(
        _DJANGO in files.text(path) for path in (*told, *map(files.root.joinpath, _SETTINGS_FILES))
    ):
        yield Candidate("django", "Django")


def _yoyo(files: ProjectFiles) -> Iterator[Candidate]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(files.text(files.root / "yoyo.ini"))
    except configparser.Error:
        return
    for source in parser.defaults().get("sources", "").split():
        folder = (files.root / source.replace("%(here)s/", "")).resolve()
        if folder.is_dir() and folder.is_relative_to(files.root):
            yield Candidate(f"yoyo:{files.shown(Path(folder))}", "yoyo")
