"""The Pythons that are installed here, for what must be the same on every one."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys

import pytest

each_python = pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])


def find_python(version: str) -> str:
    """Return the command that starts this version, or skip the test."""
    if version == ".".join(map(str, sys.version_info[:2])):
        return sys.executable
    if not starts(f"python{version}"):
        pytest.skip(f"python{version} is not installed here")
    return f"python{version}"


@functools.cache
def starts(python: str) -> bool:
    """Whether it starts; a command of that name may be there and do nothing but fail."""
    if not shutil.which(python):
        return False
    return subprocess.run([python, "--version"], capture_output=True).returncode == 0
