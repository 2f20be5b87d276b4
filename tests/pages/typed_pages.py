"""Read the pages that a reader types word for word: files to write, commands, what they print.

A page writes a file where a line that ends with its path in backticks and a colon stands before a
block: "Write `shelf/db.py`:". "At the end of `shelf/db.py`, add:" keeps what the file had. A block
of the language `console` holds commands, each after "$ ", and below each what it prints. A page
with such a block is typed from top to bottom in an empty folder; other blocks are only shown.

`python -m tests.pages.typed_pages` types every such page and writes what was printed into it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

Type = Callable[[str, Path], str]
"""Types one command in a folder, and returns all that it prints."""

_PART = re.compile(
    r"^(?:[^\n]*`(?P<path>[\w./+-]+)`(?P<add>, add)?:\n\n)?```(?P<kind>\w+)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_DROPPED = re.compile(
    r"^(?:platform|rootdir|configfile|plugins|cachedir)\b.*\n|^bringing up nodes\.\.\.\n\n?",
    re.MULTILINE,
)
_OF_TOOLS = ("alembic", "flask")
"""Pages that tests/tools types, where these tools are installed."""
_FOLDER = "/home/you/project"
"""What a page calls the folder in which it is typed."""
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_NAME": "you" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "you@example.org" for who in ("AUTHOR", "COMMITTER")},
}
_VARIES = (
    (re.compile(r"\b\d+\.\d\ds\b( \(\d+:\d\d:\d\d\))?"), "0.00s"),
    (re.compile(r"SQLite \d+\.\d+\.\d+"), "SQLite 3"),
    (re.compile(r"sha256:[0-9a-f]{8}"), "sha256:..."),
    (re.compile(r"\d{8}T\d{6}\.\d{3}Z"), "<time>"),
    # SQLite's versions tick differently.
    (re.compile(r"^\d+ of \d+ faults: .*?\n\n", re.MULTILINE | re.DOTALL), "... faults\n\n"),
    (re.compile(r" +$", re.MULTILINE), ""),
    (re.compile(r"^=+ (.* in 0\.00s) =+$", re.MULTILINE), r"=== \1 ==="),
)


@dataclass(frozen=True)
class File:
    """A file that the page lets its reader write."""

    path: str
    text: str
    is_added: bool
    """Whether the text is put at the file's end."""

    def write(self, folder: Path) -> None:
        file = folder / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") if self.is_added else ""
        file.write_text(before + self.text, encoding="utf-8")


@dataclass(frozen=True)
class Command:
    """A command that the page lets its reader type, and what the page says that it prints."""

    line: str
    printed: str


def is_typed(page: str) -> bool:
    return "\n```console\n" in page


def steps(page: str) -> Iterator[File | Command]:
    """What a reader of the page does, in order."""
    for found in _PART.finditer(page):
        if found["kind"] == "console":
            for typed in re.split(r"^\$ ", found["body"], flags=re.MULTILINE)[1:]:
                line, _, printed = typed.partition("\n")
                yield Command(line, printed)
        elif found["path"]:
            yield File(found["path"], found["body"], is_added=bool(found["add"]))


def comparable(printed: str) -> str:
    """What was printed, without what differs from machine to machine and from run to run."""
    text = _DROPPED.sub("", printed)
    for pattern, replacement in _VARIES:
        text = pattern.sub(replacement, text)
    return text


def type_page(page: str, folder: Path, type_command: Type) -> Iterator[tuple[Command, str]]:
    """Do what the page says, in a folder; yield each command with what it printed."""
    for step in steps(page):
        if isinstance(step, File):
            step.write(folder)
        else:
            yield step, type_command(step.line, folder).replace(str(folder), _FOLDER)


def in_a_shell(search_path: str) -> Type:
    """Types commands in a shell that finds programs by this search path."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PY")}
    env |= {"PATH": search_path, "COLUMNS": "80", "LC_ALL": "C.UTF-8", **_GIT}
    for name in ("CI", "BUILD_NUMBER", "VIRTUAL_ENV"):
        env.pop(name, None)

    def type_command(line: str, folder: Path) -> str:
        return subprocess.run(
            ["sh", "-c", line],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ).stdout

    return type_command


def with_new_outputs(page: str, type_command: Type) -> str:
    """The page, typed, with what its commands print now where that differs from what it says."""
    with tempfile.TemporaryDirectory() as folder:
        printed = iter([*type_page(page, Path(folder), type_command)])

    def anew(block: re.Match[str]) -> str:
        typed = len(re.findall(r"^\$ ", block[1], re.MULTILINE))
        shown = [next(printed) for _ in range(typed)]
        return "```console\n" + "".join(map(_shown, *zip(*shown, strict=True))) + "```\n"

    return re.sub(r"^```console\n(.*?)^```\n", anew, page, flags=re.MULTILINE | re.DOTALL)


def _shown(command: Command, printed: str) -> str:
    same = comparable(command.printed) == comparable(printed)
    now = re.sub(r" +$", "", _DROPPED.sub("", printed), flags=re.MULTILINE)
    return f"$ {command.line}\n{command.printed if same else now}"


def typed_pages() -> list[Path]:
    """Every page that is typed, but those about tools that need a project of theirs first."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    typed = [page for page in pages if is_typed(page.read_text(encoding="utf-8"))]
    return [page for page in typed if page.stem not in _OF_TOOLS]


def main() -> None:
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for path in typed_pages():
        page = path.read_text(encoding="utf-8")
        new = with_new_outputs(page, in_a_shell(search_path))
        if new != page:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"written anew: {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
