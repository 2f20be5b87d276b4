"""A project of a tool, tried as its owner does: commands, and a database that none may touch."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

PRECIOUS = "precious.db"
_FAILED = re.compile(r"^FAILED migrations::(\S+?)\[(\w+)\] - (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Printed:
    """What a command printed, and how it ended."""

    code: int
    text: str

    @property
    def failed(self) -> set[tuple[str, str]]:
        """The cells that failed: row and check."""
        return {(row, check) for row, check, _ in _FAILED.findall(self.text)}


class TriedProject:
    """A private copy of a project, with a database beside it that no command may change."""

    def __init__(
        self,
        project: Path,
        folder: Path,
        *,
        files: tuple[str, ...] = (PRECIOUS,),
        called_in: str = "",
    ) -> None:
        self.path = folder / "project"
        self._called_in = called_in
        shutil.copytree(project, self.path)
        self._precious = [self.path / name for name in files]
        for path in self._precious:
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                with closing(sqlite3.connect(path)) as conn:
                    conn.execute("CREATE TABLE precious(a)")
                    conn.commit()
        self._bytes = [path.read_bytes() for path in self._precious]

    def run(self, *command: str) -> Printed:
        """Run a command of this environment; fail if it changed a precious database."""
        program = Path(sys.executable).with_name(command[0])
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PYTEST") and name not in {"CI", "BUILD_NUMBER"}
        }
        # As in an environment that was activated: `python` is this one.
        path = os.pathsep.join((str(program.parent), os.environ.get("PATH", "")))
        done = subprocess.run(
            [program, *command[1:]],
            cwd=self.path / self._called_in,
            env={**plain, "COLUMNS": "80", "PATH": path},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        for path, content in zip(self._precious, self._bytes, strict=True):
            assert path.read_bytes() == content, f"{' '.join(command)} changed {path.name}"
        return Printed(done.returncode, done.stdout + done.stderr)

    def released(self) -> TriedProject:
        """Store and release every version; fail where that fails."""
        for command in ("snapshot", "release"):
            printed = self.run("pmd-migrations", command)
            assert printed.code == 0, printed.text
        return self

    def matrix(self, *arguments: str) -> Printed:
        """Run the matrix."""
        return self.run("pytest", "--migration-matrix", "-p", "no:hypothesispytest", *arguments)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the project."""
        path = self.path / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
