"""Ask git a question, which it has a few seconds to answer."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["ask_git"]

_SECONDS = 5.0


def ask_git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints in a folder; None where it is not there, fails, or takes too long.

    No file of the repository is written.
    """
    # Hardly any run has something to ask.
    import subprocess

    try:
        ran = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout if ran.returncode == 0 else None
