"""Record what every check and command says of many projects, and every byte that is stored.

`python -m tests.recorded_results FOLDER` writes one text a project to FOLDER. Recorded on two
commits, or with and without a setting that must change nothing, `diff -r` shows every verdict,
message, note and stored byte that differs. Takes some minutes, in two processes.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.recorded_results.project import Project
from tests.recorded_results.projects import all_projects
from tests.recorded_results.recording import ROOT, Recorder
from tests.warm_python import WarmPython

PROCESSES = 2


def main() -> None:
    """Record the projects that the arguments choose."""
    parser = argparse.ArgumentParser("python -m tests.recorded_results", description=__doc__)
    parser.add_argument("folder", type=Path, help="new or empty folder for the texts")
    parser.add_argument(
        "-o", action="append", default=[], metavar="SETTING=VALUE", help="as pytest's own -o"
    )
    parser.add_argument("--only", action="append", default=[], help="a project's name (repeatable)")
    arguments = parser.parse_args()
    projects = _chosen(arguments.only)
    out: Path = arguments.folder
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise SystemExit(f"{out} is not empty; expected a folder to write one text a project to")
    _prepare_environment(arguments.o)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        _record(projects, Path(name), out)


def _chosen(names: list[str]) -> list[Project]:
    known = {project.name: project for project in all_projects()}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"--only {unknown[0]} is no project; expected one of: {', '.join(known)}")
    return [project for name, project in known.items() if not names or name in names]


def _prepare_environment(settings: list[str]) -> None:
    """Let every command print the same wherever it runs; settings reach pytest and our command."""
    for name in ("CI", "BUILD_NUMBER", "PYTHONDONTWRITEBYTECODE", "FORCE_COLOR"):
        os.environ.pop(name, None)
    options = " ".join(f"-o {setting}" for setting in settings)
    os.environ.update(
        COLUMNS="80",
        PYTEST_ADDOPTS=f"-p no:hypothesispytest {options}".strip(),
        PYTHONPATH=str(ROOT),
    )


def _record(projects: list[Project], scratch: Path, out: Path) -> None:
    pythons = [WarmPython() for _ in range(PROCESSES)]
    free: SimpleQueue[Recorder] = SimpleQueue()
    for number, python in enumerate(pythons):
        (scratch / f"{number}").mkdir()
        free.put(Recorder(python, scratch / f"{number}", out))

    def record(project: Project) -> None:
        recorder, begun = free.get(), time.monotonic()
        recorder.record(project)
        free.put(recorder)
        sys.stdout.write(f"{time.monotonic() - begun:6.1f} s  {project.name}\n")
        sys.stdout.flush()

    with ThreadPoolExecutor(PROCESSES) as threads:
        for _ in threads.map(record, projects):
            pass
    for python in pythons:
        python.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(f"{used.ru_utime + used.ru_stime:6.1f} s  CPU of all commands\n")


if __name__ == "__main__":
    main()
