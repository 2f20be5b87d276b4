"""Build both packages twice, and refuse them unless they are what may be published.

Both builds must give the same bytes, each wheel must hold what is committed of its package and
nothing else, the version must be the changelog's (and the tag's), and `twine check --strict` must
find nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "pmd": (ROOT, ROOT / "src"),
    "pytest_pmd_migrations": (ROOT / "src/pytest-pmd-migrations",) * 2,
}
"""The folder of each project, and the one that its package lies in."""

NEEDED = ("Summary", "Requires-Python", "License-Expression", "Description", "Author")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def main() -> None:
    """Build into the folder that is given; exit 1 with a line for each thing that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", default="", help="the tag to be released, such as v0.2.0")
    parser.add_argument("--twine", default="", help="the command twine; left out where not given")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as again:
        files = build(given.folder)
        wrong = [
            f"{one.name}: a second build has other bytes"
            for one, other in zip(files, build(Path(again)), strict=True)
            if one.read_bytes() != other.read_bytes()
        ]
    for file in files:
        wrong += [f"{file.name}: {what}" for what in judge(file, given.tag)]
    if given.twine:
        subprocess.run([given.twine, "check", "--strict", *files], check=True)
    sys.exit("\n".join(wrong) or 0)


def build(folder: Path) -> list[Path]:
    """Return the wheels and source distributions, dated by the last commit."""
    date = git("log", "-1", "--format=%ct")[0]
    for project, _ in PACKAGES.values():
        built = subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, project],
            env={**os.environ, "SOURCE_DATE_EPOCH": date},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        if built.returncode:
            sys.exit(built.stdout)
    return sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])


def judge(file: Path, tag: str) -> list[str]:
    """Return what is wrong with a file: its version, its metadata, what it holds."""
    package, version = file.name.removesuffix(".tar.gz").split("-")[:2]
    project, above = PACKAGES[package]
    committed = {
        (ROOT / name).relative_to(above).as_posix()
        for name in git("ls-files", str((above / package).relative_to(ROOT)))
    }
    metadata, names = read(file)
    released = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    classifiers = metadata.get_all("Classifier", [])
    wrong = [f"metadata lack {one}" for one in NEEDED if not (metadata[one] or body(metadata, one))]
    wrong += [
        f"no classifier of Python {one}"
        for one in PYTHONS
        if f"Programming Language :: Python :: {one}" not in classifiers
    ]
    if tag and (tag != f"v{version}" or f"## {version}" not in released):
        wrong.append(f"tag {tag}; expected v{version}, and a section of it in CHANGELOG.md")
    if file.suffix == ".whl":
        info = {name for name in names if name.startswith(f"{package}-{version}.dist-info/")}
        wrong += [f"holds {name}" for name in sorted(names - info - committed)]
        wrong += [f"lacks {name}" for name in sorted(committed - names)]
        if f"{package}-{version}.dist-info/licenses/LICENSE" not in info:
            wrong.append("lacks the licence")
        return wrong
    inside = {name.partition("/")[2] for name in names}
    prefix = "src/" if project == ROOT else ""
    needed = {f"{prefix}{name}" for name in committed} | {"LICENSE", "README.md", "pyproject.toml"}
    wrong += [f"lacks {name}" for name in sorted(needed - inside)]
    tracked = {(ROOT / name) for name in git("ls-files")}
    # hatchling puts the repository's own .gitignore into every source distribution.
    made = {"PKG-INFO", ".gitignore"}
    wrong += [f"holds {x}" for x in sorted(inside - made) if project / x not in tracked]
    return wrong


def body(metadata: Message, field: str) -> object:
    """Return a description, which stands below the fields."""
    return metadata.get_payload() if field == "Description" else None


def read(file: Path) -> tuple[Message, set[str]]:
    """Return the metadata of a wheel or source distribution, and the names of its files."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            names = set(wheel.namelist())
            (path,) = (name for name in names if name.endswith(".dist-info/METADATA"))
            return BytesParser().parsebytes(wheel.read(path)), names
    with tarfile.open(file) as source:
        names = {member.name for member in source if member.isfile()}
        content = source.extractfile(f"{file.name.removesuffix('.tar.gz')}/PKG-INFO")
        assert content is not None
        return BytesParser().parsebytes(content.read()), names


def git(*arguments: str) -> list[str]:
    """Return the lines that git prints of the repository."""
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


if __name__ == "__main__":
    main()
