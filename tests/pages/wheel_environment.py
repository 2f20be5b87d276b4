"""Make an environment that holds the built wheels, what they say they need, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECTS = (ROOT, ROOT / "src/pytest-pmd-migrations")
_BUILD = """
import os, sys
from hatchling.build import build_wheel
folder, *projects = sys.argv[1:]
for project in projects:
    os.chdir(project)
    build_wheel(folder)
"""


def build_wheels(folder: Path) -> list[Path]:
    """Build both wheels into a folder, with the backend that the projects name."""
    subprocess.run(
        [sys.executable, "-c", _BUILD, folder, *PROJECTS], check=True, capture_output=True
    )
    return sorted(folder.glob("*.whl"))


def make_environment(folder: Path, wheels: list[Path]) -> Path:
    """Make it, and return the folder of its programs.

    Nothing is downloaded: what the wheels need is linked from where this Python finds it.
    """
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    (packages,) = folder.glob("lib/python*/site-packages")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    own = [*distributions(path=[str(packages)])]
    for needed in _all_needed(own):
        for name in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
            (packages / name).symlink_to(needed.locate_file(name))
    for installed in distributions(path=[str(packages)]):
        for entry in installed.entry_points.select(group="console_scripts"):
            _write_program(programs, entry)
    return programs


def _all_needed(own: list[Distribution]) -> Iterator[Distribution]:
    """Every distribution that these need, and that those need, and so on, these left out."""
    known = {canonicalize_name(one.metadata["Name"]) for one in own}
    pending = [*own]
    while pending:
        for text in pending.pop().requires or ():
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name in known or (requirement.marker and not requirement.marker.evaluate()):
                continue
            known.add(name)
            needed = distribution(name)
            pending.append(needed)
            yield needed


def _write_program(programs: Path, entry: EntryPoint) -> None:
    """Write what an installer writes for an entry point."""
    program = programs / entry.name
    program.write_text(
        f"#!{programs / 'python'}\n"
        f"import sys\n\nfrom {entry.module} import {entry.attr}\n\nsys.exit({entry.attr}())\n"
    )
    program.chmod(0o755)
