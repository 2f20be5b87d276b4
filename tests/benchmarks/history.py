"""A generated application with as many versions as one likes, mostly schema steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SETTINGS = '[tool.pytest.ini_options]\nmigration_source = "app.migrations"\n'

MODULE = '''"""Step {version}."""

VERSION = {version}
DESCRIPTION = "Step {version}"


def up(db):
    {body}
'''


def make(folder: Path, versions: int) -> None:
    """Write an application of that many versions to `folder`, with a snapshot of each."""
    migrations = folder / "app/migrations"
    migrations.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    for package in (migrations.parent, migrations):
        (package / "__init__.py").touch()
    write_migrations(migrations, versions)
    subprocess.run(
        [Path(sys.executable).parent / "pmd-migrations", "snapshot"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def write_migrations(folder: Path, versions: int) -> None:
    """Write the modules of that many versions to a folder."""
    for version in range(1, versions + 1):
        path = folder / f"{version:04d}_step.py"
        path.write_text(MODULE.format(version=version, body=_body(version)))


def _body(version: int) -> str:
    """Every tenth step makes a table, every twenty-fifth changes rows, the rest add a column."""
    table = (version - 1) // 10
    if version % 10 == 1:
        return (
            f'db.execute("CREATE TABLE IF NOT EXISTS table_{table}'
            ' (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")'
        )
    if version % 25 == 0:
        return f"db.execute(\"UPDATE table_{table} SET name = name || '' WHERE name IS NULL\")"
    return (
        f'if "c{version}" not in db["table_{table}"].columns_dict:\n'
        f'        db.execute("ALTER TABLE table_{table} ADD COLUMN c{version} TEXT")'
    )
