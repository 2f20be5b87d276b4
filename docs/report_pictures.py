"""Take the site's pictures of a report: that of a real run, as headless Chromium shows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "NO_CHROMIUM", "find_chromium", "take_pictures", "with_pictures"]

FOLDER = "_pictures"
"""Where the pictures lie within the site."""

NO_CHROMIUM = (
    "No pictures of the report are here: where these pages were built, there was no Chromium"
    " (chromium, chromium-browser or google-chrome on PATH, or CHROMIUM=path)."
)
"""What the build says, and the page in the place of each picture."""

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PROJECT = Path(__file__).parents[1] / "fixtures/projects/lost-row"
_STEPS = (("0001", "2025-02-11T10:00:00Z"), ("0002", "2025-09-02T10:00:00Z"))
"""The days on which the project's migrations were committed: a report shows them."""

_SCHEMES = ("light", "dark")
_SHOWN = {
    "verdict": "the verdict, what was seen and what to do, the two grids, and the timeline",
    "views": "two schemas side by side, the rows of a step, and the tables with what it changed",
}
"""The pictures by name, each in words for those who do not see it."""

_WIDTH, _PIXELS, _MARGIN = 1000, 1.5, 12
_ADDRESS = "#schema-from=1&schema-to=2&rows-version=2&tables-version=2"
_PICTURES = re.compile(r"^<!-- pictures of a report -->$", re.MULTILINE)


def find_chromium() -> str | None:
    """Return the path of Chromium, which CHROMIUM may name; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)


def take_pictures(chromium: str, folder: Path) -> None:
    """Run the matrix of a project that loses a row, and write the pictures of its report.

    Raises CalledProcessError where git is not there or the run writes no report, and playwright's
    Error where Chromium does not show it.
    """
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        report = _written_report(Path(scratch) / "project")
        # Without its sandbox it also starts as root, as in containers.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in _SCHEMES:
            window = browser.new_page(
                viewport={"width": _WIDTH, "height": 900},
                color_scheme=scheme,
                device_scale_factor=_PIXELS,
            )
            _take(window, report, {name: folder / f"{name}-{scheme}.png" for name in _SHOWN})
        browser.close()


def with_pictures(page: str, *, taken: bool, to_site: str) -> str:
    """Return a page's text with the pictures where its comment asks for them.

    ``taken`` is false where there was no Chromium; ``to_site`` leads from the page to the site.
    """
    shown = "\n\n".join(_images(to_site)) if taken else f"*{NO_CHROMIUM}*"
    return _PICTURES.sub(lambda _: shown, page)


def _images(to_site: str) -> Iterator[str]:
    for name, words in _SHOWN.items():
        for scheme in _SCHEMES:
            alt = f"A report, {scheme}: {words}"
            source = f"{to_site}{FOLDER}/{name}-{scheme}.png"
            image = f'<img src="{source}" alt="{alt}" width="{_WIDTH}" loading="lazy">'
            yield f'<p><a href="{source}">{image}</a></p>'


def _written_report(project: Path) -> Path:
    """Copy the project, commit its migrations one by one, and return its report."""
    shutil.copytree(_PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    _git(project, "init", "-q")
    for number, day in _STEPS:
        _git(project, "add", *map(str, project.glob(f"app/migrations/{number}_*.py")))
        _git(project, "commit", "-q", "-m", number, day=day)
    report = project / "report.html"
    options = ("-q", "-p", "no:cacheprovider", "--migration-matrix")
    command = (sys.executable, "-m", "pytest", *options, f"--migration-report={report}")
    # It fails: the row is lost.
    ran = subprocess.run(command, check=False, cwd=project, capture_output=True, text=True)
    if not report.exists():
        raise subprocess.CalledProcessError(ran.returncode, command, ran.stdout, ran.stderr)
    return report


def _git(project: Path, *arguments: str, day: str = "") -> None:
    env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "you", f"GIT_{who}_EMAIL": "you@example.org"}
        env |= {f"GIT_{who}_DATE": day} if day else {}
    subprocess.run(("git", *arguments), cwd=project, env=env, check=True)


def _take(window: Any, report: Path, paths: dict[str, Path]) -> None:  # noqa: ANN401 - a page
    """Write the pictures of a report that a window shows: its upper part, then its views."""
    window.goto(report.as_uri() + _ADDRESS)
    window.wait_for_selector("#tables-body svg")
    # Between the upper edge of one part of the page and the lower edge of another.
    for name, (first, last) in {"verdict": ("body", "#timeline"), "views": ("#views",) * 2}.items():
        top, bottom = (
            window.locator(part).evaluate(f"(one) => one.getBoundingClientRect().{edge} + scrollY")
            for part, edge in ((first, "top"), (last, "bottom"))
        )
        clip = {"x": 0, "y": top, "width": _WIDTH, "height": bottom - top + _MARGIN}
        window.screenshot(path=paths[name], full_page=True, clip=clip)
