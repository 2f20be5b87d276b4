"""Take one project through its stages and every check, and write down all that is said and stored.

What differs from run to run for good reasons is masked: durations, and the paths of temporary
folders. Nothing else is, so that two recordings of one commit are equal, or something is wrong.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.recorded_results.project import SNAPSHOTS, STORING, Command, Project, enact
from tests.warm_python import WarmPython

ROOT = Path(__file__).parents[2]
_HEADER = re.compile(
    r"^(platform|rootdir|configfile|plugins|cachedir|testpaths)\b.*\n", re.MULTILINE
)
_SECONDS = re.compile(r"\b\d+\.\d\ds\b( \(\d+:\d\d:\d\d\))?")
_RULE = re.compile(r"^=+ (.* in SECONDS) =+$", re.MULTILINE)


class Recorder:
    """Runs the commands of projects in `folder`, one after the other, and writes to `out`."""

    def __init__(self, python: WarmPython, folder: Path, out: Path) -> None:
        self._python = python
        self._scratch = folder
        self._out = out

    def record(self, project: Project) -> None:
        """Write all of the project to a file of its name in `out`."""
        folder = self._scratch / project.name
        folder.mkdir()
        text = "".join(f"{line}\n" for line in self._lines(project, folder))
        (self._out / f"{project.name}.txt").write_text(text, encoding="utf-8")
        shutil.rmtree(folder)

    def _lines(self, project: Project, folder: Path) -> Iterator[str]:
        project.begin(folder)
        for stage in project.stages:
            if isinstance(stage, Command):
                yield from self._command(folder, *stage.arguments)
            else:
                enact(stage, folder)
        for arguments in project.runs:
            yield from self._matrix(folder, *arguments)
        yield "# databases that pytest's cache keeps of failed lineages"
        yield from _digests(folder / ".pytest_cache/d/migrations")
        for command in project.commands:
            yield from self._command(folder, command)
        if project.anew:
            shutil.rmtree(folder / SNAPSHOTS)
            yield from self._command(folder, "snapshot")
            yield from self._command(folder, "release")

    def _command(self, folder: Path, *arguments: str) -> Iterator[str]:
        yield f"$ pmd-migrations {' '.join(arguments)}"
        script = Path(sys.executable).with_name("pmd-migrations")
        yield from self._run(folder, str(script), *arguments)
        if arguments[0] in STORING:
            yield "# what is stored"
            yield from _digests(folder / SNAPSHOTS)

    def _matrix(self, folder: Path, *arguments: str) -> Iterator[str]:
        yield f"$ pytest {' '.join(arguments)}"
        cells = folder / "every_cell.txt"
        plugin = ("-p", "tests.recorded_results.every_cell", f"--every-cell={cells}")
        yield from self._run(folder, sys.executable, "-m", "pytest", *plugin, "-vv", *arguments)
        yield "# each cell by itself"
        if cells.exists():
            yield masked(cells.read_text(encoding="utf-8"), folder)
            cells.unlink()

    def _run(self, folder: Path, *command: str) -> Iterator[str]:
        done: subprocess.CompletedProcess[str] = self._python.run(*command, cwd=folder)
        yield masked(done.stdout, folder)
        if done.stderr:
            yield f"# errors\n{masked(done.stderr, folder)}"
        yield f"# exit code {done.returncode}\n"


def masked(text: str, folder: Path) -> str:
    """Return the text without what differs between two runs of the same code."""
    text = _HEADER.sub("", text.replace(str(folder), "FOLDER").replace(str(ROOT), "REPOSITORY"))
    return _RULE.sub(r"== \1 ==", _SECONDS.sub("SECONDS", text)).rstrip()


def _digests(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield f"{digest}  {path.relative_to(folder)}"
