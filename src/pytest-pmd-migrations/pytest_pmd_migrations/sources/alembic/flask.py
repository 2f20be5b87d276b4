"""The source that ``migration_source = "flask:webapp:create_app"`` names: Flask-Migrate's."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.sources.alembic.databases import FileDatabase
from pytest_pmd_migrations.sources.alembic.environment import Environment, application_code
from pytest_pmd_migrations.sources.alembic.load import load_scripts, refusing
from pytest_pmd_migrations.sources.alembic.source import AlembicSource
from pytest_pmd_migrations.sources.alembic.tool import Tool
from pytest_pmd_migrations.sources.import_tool import import_tool

__all__ = ["make_source"]

_KNOWN = "Flask-Migrate 4.1 with Flask 3.1"


def make_source(text: str, root: Path, named: str) -> AlembicSource:
    """Return the source of the Flask application that ``text`` names: ``"flask:webapp:app"``.

    What follows the first colon is what ``flask --app`` takes; without it, Flask looks for the
    application as its command does. ``named`` is how messages name the setting.
    Raises SourceError, one line, where Flask-Migrate or the application cannot be used.
    """
    import_tool("flask_migrate", named, package="flask-migrate", known=_KNOWN, oldest=(4, 0))
    tool = Tool(named)
    folder = root.absolute()
    app = _application(tool, text.partition(":")[2], folder, named)
    extension = app.extensions.get("migrate")
    if extension is None:
        raise SourceError(
            f"{named}: the application has no Flask-Migrate; expected Migrate(app, db) or"
            " migrate.init_app(app, db) in it"
        )
    ini = folder / extension.directory / "alembic.ini"
    if not ini.is_file():
        raise SourceError(f"{named}: {ini} does not exist; expected what flask db init writes")
    with refusing(named), app.app_context():
        config = extension.migrate.get_config(str(ini.parent))
    scripts = load_scripts(tool.scripts, config, folder, named)
    environment = Environment(tool, config, scripts, folder, app.app_context)
    runner = f"Flask-Migrate, {tool.runner}"
    source = AlembicSource(environment, name="flask", runner=runner, named=named)
    source.begins = 'flask db revision -m "{}"'
    return source


def _application(tool: Tool, app: str, folder: Path, named: str) -> Any:  # noqa: ANN401
    """Return the application that Flask's own command would load; it meets no real database."""
    info: Any = importlib.import_module("flask.cli").ScriptInfo
    for place in (folder / "src", folder):
        if place.is_dir() and str(place) not in sys.path:
            sys.path.insert(0, str(place))
    wanted = app or os.environ.get("FLASK_APP")
    with (
        TemporaryFolder(in_memory=True) as scratch,
        refusing(named),
        application_code(tool, folder, FileDatabase(scratch / "empty.db")),
    ):
        return info(app_import_path=wanted).load_app()
