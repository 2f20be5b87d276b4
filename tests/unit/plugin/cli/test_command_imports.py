"""The help of the command is shown without what the commands themselves need."""

from __future__ import annotations

import subprocess
import sys

from tests.every import for_every

LIGHT = {
    "pytest_pmd_migrations",
    "pytest_pmd_migrations.cli",
    "pytest_pmd_migrations.cli.clean_errors",
    "pytest_pmd_migrations.cli.source_option",
    "pytest_pmd_migrations.cli.command",
    "pytest_pmd_migrations.cli.forecast_command",
    "pytest_pmd_migrations.cli.output",
    "pytest_pmd_migrations.errors",
    "pytest_pmd_migrations.messages",
    "pytest_pmd_migrations.messages.printable",
    "pytest_pmd_migrations.messages.wording",
}
HEAVY = {"_pytest", "ctypes", "pytest", "sqlite3", "sqlite_utils", "tomllib"}


@for_every(
    "arguments, shown",
    [
        (["--help"], "  check     Exit 1 when a snapshot or a lock line is missing or wrong."),
        (["declare", "--help"], "  --write        Write the declarations into the files"),
        (["snapshot", "-h"], "  --rewrite NAME  Build the unreleased snapshot 7 anew, and those"),
    ],
)
def test_help_imports_no_command(arguments: list[str], shown: str) -> None:
    script = (
        "import sys\n"
        "from pytest_pmd_migrations.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:], prog_name='pmd-migrations')\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert shown in ran.stdout
    imported = set(ran.stderr.split())
    assert {one for one in imported if one.startswith("pytest_pmd_migrations")} == LIGHT
    assert HEAVY & imported == set()
