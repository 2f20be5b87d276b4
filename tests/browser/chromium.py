"""Find Chromium: as the system has it, or as CHROMIUM names it."""

from __future__ import annotations

import os
import shutil

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = "there is no Chromium here: apt-get install chromium, or set CHROMIUM"


def find_chromium() -> str | None:
    """Return its path; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
