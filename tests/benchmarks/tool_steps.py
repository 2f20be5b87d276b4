"""Take each step of a tool's history through our source and through the tool itself, in turns.

`python tool_steps.py django|alembic` is run in a project by an environment that has the tool and
this plugin, not in the project's own: it imports nothing of the tests. It prints the CPU seconds of
both sides, ours first: everything is loaded once, and each pass begins with a new file.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from types import SimpleNamespace

Pass = Callable[[Path], None]


def ours(text: str) -> Pass:
    """Return what takes all steps of the source that `text` names, one call a step."""
    from pytest_pmd_migrations.sources import resolve_source

    config = SimpleNamespace(getini=lambda _name: "")
    source = resolve_source(text, root=Path.cwd(), config=config)

    def take(path: Path) -> None:
        for version in source.versions():
            source.upgrade_file(path, version)

    return take


def django() -> Pass:
    """Return what takes all steps by Django's executor, which reads its graph anew for each."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    def take(path: Path) -> None:
        connection = connections["default"]
        connection.close()
        connection.settings_dict["NAME"] = str(path)
        executor = MigrationExecutor(connection)
        for _, name in sorted(executor.loader.disk_migrations):
            executor.migrate([("notes", name)])
            executor.loader.build_graph()
        connection.close()

    return take


def alembic() -> Pass:
    """Return what takes all steps by `alembic upgrade`, its configuration read once."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    config = Config("alembic.ini")
    revisions = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]

    def take(path: Path) -> None:
        config.attributes["connection"] = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        for revision in reversed(revisions):
            command.upgrade(config, revision)

    return take


def main(tool: str) -> None:
    """Measure one pass of each side that warms up, then A B B A; print both sides' seconds."""
    sys.path.insert(0, str(Path.cwd()))
    sides = (ours("alembic.ini" if tool == "alembic" else tool), TOOLS[tool]())
    spent = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder:
        for turn, side in enumerate((0, 1, 0, 1, 1, 0)):
            begun = process_time()
            sides[side](Path(folder, f"{turn}.db"))
            if turn > 1:
                spent[side] += process_time() - begun
    sys.stdout.write(f"{spent[0]} {spent[1]}\n")


TOOLS: dict[str, Callable[[], Pass]] = {"alembic": alembic, "django": django}

if __name__ == "__main__":
    main(sys.argv[1])
