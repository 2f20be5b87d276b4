"""A real headless Chromium that opens pages as a reader does: from a file, with no network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pytest_pmd_migrations.report_page.page import render_page

from tests.browser.chromium import NO_CHROMIUM, find_chromium
from tests.unit.plugin.report_page.large_report import large_report
from tests.unit.plugin.report_page.planted_defects import five_planted_defects, two_applications

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

_OVER_BUDGET = {
    "pyproject.toml": (
        '[tool.pytest.ini_options]\nmigration_source = "sql"\n'
        'migration_budget = "1ms at 20000 rows"\n'
    ),
    "sql/0001_notes.sql": "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, size INTEGER);\n",
    "sql/0002_sizes.sql": (
        "UPDATE notes SET size = size + 1;\nCREATE INDEX notes_by_title ON notes(title);\n"
    ),
}
"""A project whose second step takes longer in 20,000 rows than a millisecond."""


class OpenedPage:
    """A page in a window of its own, and all that it asked for or complained about."""

    def __init__(self, browser: Any, path: Path, **window: Any) -> None:
        self.context = browser.new_context(**window)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.path = path

    def open(self, address: str = "") -> Any:
        """Open the file, at what stands behind the # of its address; wait until it is drawn."""
        self.page.goto("about:blank")
        self.page.goto(self.path.as_uri() + address)
        # By selector: the page's policy lets nobody evaluate a text again and again.
        self.page.wait_for_selector("#views:not([hidden])", state="attached")
        return self.page

    def open_drawn(self, address: str) -> Any:
        """Open the file at an address, with every view drawn whether it is in sight or not."""
        page = self.open(address)
        self.draw_all()
        return page

    def draw_all(self) -> None:
        """Draw every view, as before printing, and open all that can be opened."""
        self.page.evaluate(
            "dispatchEvent(new Event('beforeprint'));"
            "for (const one of document.querySelectorAll('details')) one.open = true"
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium as the system has it, or as CHROMIUM names it; skipped where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip(NO_CHROMIUM)
    with sync_api.sync_playwright() as playwright:
        # Without its sandbox it also starts as root, as in containers.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files to open, by name: five defects, the same in three ways, and a large report."""
    folder = tmp_path_factory.mktemp("pages")
    named_at_length = deepcopy(five_planted_defects())
    finding = named_at_length["runs"][0]["applications"][0]["findings"][0]
    finding["headline"] = f"0008_rebuild_orders.py: {'a_name_of_a_table_' * 5}lost 2 of 5 rows"
    reports = {
        "five": five_planted_defects(),
        "two": five_planted_defects(runs=["3.11.7", "3.13.1"]),
        "applications": two_applications(),
        "names": named_at_length,
        "large": large_report(),
    }
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(render_page(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


@pytest.fixture(scope="session")
def over_budget(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that a real run writes of a step which takes longer than its budget."""
    folder = tmp_path_factory.mktemp("budget")
    (folder / "sql").mkdir()
    for name, text in _OVER_BUDGET.items():
        (folder / name).write_text(text, encoding="utf-8")
    options = ("--migration-matrix", "--migration-checks=forecast", "-p", "no:cacheprovider")
    report = "--migration-report=report.html"
    for command, code in (
        (["-c", "from pytest_pmd_migrations.cli import main; main(['snapshot'])"], 0),
        (["-m", "pytest", *options, report], 1),
    ):
        ran = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
        assert ran.returncode == code, ran.stdout + ran.stderr
    return folder / "report.html"


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., OpenedPage]]:
    """A function that gives a window with one of the files, not yet opened."""
    windows: list[OpenedPage] = []

    def window(name: str, *, width: int = 1000, scheme: str = "light", **more: Any) -> OpenedPage:
        size = {"width": width, "height": 900}
        made = OpenedPage(browser, pages[name], viewport=size, color_scheme=scheme, **more)
        windows.append(made)
        return made

    yield window
    for one in windows:
        one.context.close()
