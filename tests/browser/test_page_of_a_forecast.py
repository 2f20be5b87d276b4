"""A step over its budget, as the page tells it: what it takes, then what helps, at every width."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenedPage
from tests.browser.test_page_for_everybody import CONTRAST, every_window

WRAPPED = """
() => [...document.querySelectorAll(".cause .line")].map((line) => {
  const text = document.createRange();
  text.selectNodeContents(line);
  const starts = new Map();
  for (const one of text.getClientRects()) {
    starts.set(one.top, Math.min(one.left, starts.get(one.top) ?? Infinity));
  }
  const [first, ...rest] = starts.values();
  const begins = line.textContent.length - line.textContent.trimStart().length;
  line.textContent = "0";
  const character = document.createRange();
  character.selectNodeContents(line);
  const {width} = character.getBoundingClientRect();
  return {begins, deeper: rest.map((left) => Math.round((left - first) / width))};
})
"""
"""Of each line how many spaces it begins with, and how far right of its start it goes on."""

GROWS = "  - grows with "


@pytest.fixture
def window(browser, over_budget):
    opened = []

    def open_window(*, width, scheme="light"):
        size = {"width": width, "height": 900}
        opened.append(OpenedPage(browser, over_budget, viewport=size, color_scheme=scheme))
        return opened[-1]

    yield open_window
    for one in opened:
        one.context.close()


def test_what_helps_stands_below_what_to_do_and_what_it_takes_above(window):
    page = window(width=1000).open()
    cause = page.locator(".cause")
    assert "0002_sizes.sql takes" in cause.locator(".headline").inner_text()
    assert cause.locator(".hits").inner_text() == "Hit: databases as large as migration_budget says"
    seen, advice, again = cause.locator("pre").all_inner_texts()
    assert seen.startswith('migration_budget = "1ms at 20000 rows"\n\n0002  0002_sizes.sql\n')
    assert "  at 20,000 rows, a file of " in seen
    assert "\n  measured: " in seen
    assert "helps:" not in seen
    assert advice.startswith("Make the step faster, or the budget larger:\n  - rewrites the table")
    # Another one stands there where a busy machine's clock saw the square of the rows.
    does = [line for line in advice.splitlines() if line.startswith("  - ") and GROWS not in line]
    assert [line.split()[1] for line in does] == ["rewrites", "builds", "holds"]
    assert advice.count("    helps: ") == advice.count("\n  - ")
    assert advice.endswith("\n\nmeasure it again: pmd-migrations forecast 2 --rows 20000")
    assert again == 'again: pytest --migration-matrix "migrations::0002[forecast]"'


def test_what_the_check_measured_is_drawn(window):
    drawn = window(width=1000).open().locator("section.forecast")
    (picture,) = drawn.locator("svg").all()
    assert picture.get_attribute("aria-label").startswith("Seconds of step 0002 by rows. ")
    assert picture.locator("circle").count() > 2


def test_a_line_that_is_too_long_goes_on_deeper_than_it_begins(window):
    lines = window(width=400).open().evaluate(WRAPPED)
    wrapped = [line for line in lines if line["deeper"]]
    assert len(wrapped) > 4
    assert {line["begins"] for line in wrapped} >= {0, 2, 4}
    assert [line for line in wrapped if {*line["deeper"]} != {line["begins"] + 2}] == []


@every_window
def test_it_is_never_wider_than_the_window_and_has_contrast_enough(window, width, scheme):
    opened = window(width=width, scheme=scheme)
    page = opened.open()
    opened.draw_all()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast = page.evaluate(CONTRAST)
    assert contrast["looked"] > 50
    assert contrast["found"] == []
    assert opened.errors == []
