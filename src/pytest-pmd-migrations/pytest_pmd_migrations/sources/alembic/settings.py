"""The source that ``migration_source = "alembic.ini"`` names, or pyproject's [tool.alembic]."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.alembic.environment import Environment
from pytest_pmd_migrations.sources.alembic.load import load_scripts, refusing
from pytest_pmd_migrations.sources.alembic.source import AlembicSource
from pytest_pmd_migrations.sources.alembic.tool import Tool
from pytest_pmd_migrations.sources.protocol import usable_name

__all__ = ["make_source"]

_INI = "alembic.ini"
_PYPROJECT = "pyproject.toml"


def make_source(text: str, root: Path, named: str) -> AlembicSource:
    """Return the source of the Alembic environment that ``text`` names, below ``root``.

    That is the path of an ini file, or ``"alembic"`` for alembic.ini and what ``[tool.alembic]``
    in pyproject.toml says. ``named`` is how messages name the setting.
    Raises SourceError, one line, where Alembic or the environment cannot be used.
    """
    root = root.absolute()
    ini = root / (text if text.endswith(".ini") else _INI)
    in_pyproject = _has_table(root / _PYPROJECT, named)
    if not ini.is_file() and not in_pyproject:
        raise SourceError(
            f"{named} cannot be used: {ini} does not exist, and {_PYPROJECT} has no"
            " [tool.alembic]; expected the file that alembic init writes"
        )
    tool = Tool(named)
    folder = _called_in(ini, root)
    config = _config(tool, ini, root / _PYPROJECT if in_pyproject else None, named)
    scripts = load_scripts(tool.scripts, config, folder, named)
    environment = Environment(tool, config, scripts, folder)
    name = "alembic" if ini.parent == root else usable_name(ini.parent.name)
    return AlembicSource(environment, name=name, runner=tool.runner, named=named)


def _has_table(pyproject: Path, named: str) -> bool:
    if not pyproject.is_file():
        return False
    with refusing(named):
        read = tomllib.loads(pyproject.read_text("utf-8"))
    return isinstance(read.get("tool", {}).get("alembic"), dict)


def _called_in(ini: Path, root: Path) -> Path:
    """Return the folder in which Alembic is called, to which relative paths in an ini file belong.

    That is the root, ``alembic -c db/alembic.ini``, unless the scripts are where they would be
    for one who calls it beside the file.
    """
    beside = ini.parent
    written = _written_location(ini)
    if written and not (root / written).is_dir() and (beside / written).is_dir():
        return beside
    return root


def _written_location(ini: Path) -> str:
    """Return script_location as an ini file has it, empty where it says nothing simple."""
    if not ini.is_file():
        return ""
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read(ini, "utf-8")
    except (Error, UnicodeDecodeError):
        # Alembic reads it too, and its own error is the one to tell.
        return ""
    return parser.get("alembic", "script_location", fallback="")


def _config(tool: Tool, ini: Path, pyproject: Path | None, named: str) -> Any:  # noqa: ANN401
    """Return Alembic's Config as its command line makes it for ``alembic upgrade heads``."""
    with refusing(named):
        options = tool.command_line().parser.parse_args(["-c", str(ini), "upgrade", "heads"])
        tables = {} if pyproject is None else {"toml_file": str(pyproject)}
        return tool.config(str(ini), ini_section=options.name, cmd_opts=options, **tables)
