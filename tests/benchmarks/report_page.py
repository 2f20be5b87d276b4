"""Print what the page of a large report costs: to write, and until a browser has painted it.

`python -m tests.benchmarks.report_page` needs playwright (tests/browser/requirements.txt) and
Chromium. The report has 200 versions of 500 tables, each version stored and upgraded to the latest.
Writing is CPU time. Painting is waited for: it is that of the window's own clock, from the begin of
loading the file to the first text, the median of several windows.
"""

from __future__ import annotations

import statistics
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from pytest_pmd_migrations.report_page.page import render_page

from tests.benchmarks.measure import Plan, Table, plan_of, scratch
from tests.browser.chromium import NO_CHROMIUM, find_chromium
from tests.unit.plugin.report_page.large_report import large_report

FIRST_PAINT = """new Promise((done) => new PerformanceObserver((list) => {
    for (const one of list.getEntriesByName("first-contentful-paint")) done(one.startTime);
}).observe({type: "paint", buffered: true}))"""


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed, or there is no browser."""
    table = Table()
    report = large_report()
    begun = time.process_time()
    page = render_page(report)
    table.amount("a page of 200 versions written", time.process_time() - begun, "s", at_most=None)
    table.amount("its size", len(page.encode()) / 1e6, "MB", at_most=10)
    chromium = find_chromium()
    if chromium is None or find_spec("playwright") is None:
        table.tell(NO_CHROMIUM if chromium is None else "playwright is not installed")
        return 1
    with scratch() as folder:
        path = folder / "large.html"
        path.write_text(page, encoding="utf-8")
        seconds = _painted(chromium, path, windows=plan.turns(9))
    table.amount("its first text is painted after", seconds * 1000, "ms", at_most=1000)
    return int(bool(table.missed))


def _painted(chromium: str, path: Path, *, windows: int) -> float:
    """Return the seconds until the first text of a page is painted, the median of windows."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(windows):
            page = browser.new_page(viewport={"width": 1000, "height": 900})
            page.goto(path.as_uri())
            found.append(page.evaluate(FIRST_PAINT) / 1000)
            page.close()
        browser.close()
    return statistics.median(found)


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
