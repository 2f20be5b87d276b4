"""Ask git what it knows of a file: what was committed, and which command restores or moves it.

It is asked only where there is something to tell, by calls that may take a few seconds at most.
"""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.git.asking import ask_git
from pytest_pmd_migrations.messages.wording import typed_path

__all__ = ["committed", "how_to_move", "how_to_restore", "never_committed"]


def committed(path: Path) -> bytes | None:
    """Return what the newest commit has of a file, None where it has none or git cannot say."""
    return _git(path, "show", "HEAD:./{}")


def never_committed(path: Path) -> bool:
    """Return whether git is sure that no commit ever had a file."""
    return _git(path, "log", "-1", "--format=%h", "--", "{}") == b""


def how_to_restore(path: Path) -> str:
    """Return the command that restores a file: from the last commit that wrote it.

    Where git cannot say which that is, it is taken to be still in the newest one.
    """
    revision = "HEAD"
    if committed(path) is None:
        # With -m it tells what a merge did, too, which may have removed the file.
        wrote = _git(path, "log", "-1", "-m", "--diff-filter=AM", "--format=%h", "--", "{}")
        if wrote and wrote.strip():
            revision = wrote.decode().split()[0]
    return f"git checkout {revision} -- {typed_path(path)}"


def how_to_move(old: Path, new: Path) -> str:
    """Return the command that moves a file; git refuses one that was never added."""
    program = "mv" if _git(old, "ls-files", "--", "{}") == b"" else "git mv"
    return f"{program} {typed_path(old)} {typed_path(new)}"


def _git(path: Path, *arguments: str) -> bytes | None:
    """Return what git prints; ``{}`` stands for the file, as its folder names it.

    Without git, the advice is what it would be of a file that is still in the newest commit.
    """
    folder = next((one for one in path.absolute().parents if one.is_dir()), path.absolute().parent)
    name = path.absolute().relative_to(folder).as_posix()
    return ask_git(folder, *(one.replace("{}", name) for one in arguments))
