"""At every width and in both schemes: nothing is fetched or lost, and everybody can read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

EVERY_WINDOW = [(width, scheme) for width in (400, 1000, 1600) for scheme in ("light", "dark")]
every_window = pytest.mark.parametrize(("width", "scheme"), EVERY_WINDOW)

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@every_window
def test_nothing_is_asked_for_but_the_file_and_no_script_complains(opened, width, scheme):
    window = opened("five", width=width, scheme=scheme)
    page = window.open()
    window.draw_all()
    assert page.locator("#schema-body .object").count()
    assert page.locator("#tables-body svg").count() == 1
    assert [url for url in window.requests if url != "about:blank"] == [window.path.as_uri()]
    assert window.errors == []


@every_window
def test_the_page_is_never_wider_than_the_window(opened, width, scheme):
    for name in ("five", "names"):
        window = opened(name, width=width, scheme=scheme)
        page = window.open()
        window.draw_all()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@every_window
def test_every_text_has_contrast_enough(opened, width, scheme):
    window = opened("two", width=width, scheme=scheme)
    page = window.open("#schema-from=nothing&schema-to=11&tables-version=8")
    window.draw_all()
    contrast = page.evaluate(CONTRAST)
    assert contrast["looked"] > 300
    assert contrast["found"] == []


@every_window
@pytest.mark.parametrize("name", ["five", "two"])
def test_axe_finds_nothing(opened, width, scheme, name):
    path = os.environ.get("AXE_CORE")
    if not path:
        pytest.skip("AXE_CORE does not name axe.min.js: npm pack axe-core")
    window = opened(name, width=width, scheme=scheme)
    page = window.open()
    window.draw_all()
    page.evaluate(Path(path).read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    found = [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
    assert len(result["passes"]) > 20
    assert found == []


@every_window
def test_what_has_the_focus_is_outlined(opened, width, scheme):
    """Each stop of the Tab key, until it has gone once round the page."""
    page = opened("two", width=width, scheme=scheme).open()
    stops = []
    for _ in range(300):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            "() => { const one = document.activeElement; const style = getComputedStyle(one);"
            " return [one === document.body, one.outerHTML.slice(0, 80),"
            " style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2] }"
        )
        if stop[0]:
            break
        stops.append(stop)
    assert len(stops) > 25
    assert [html for _, html, outlined in stops if not outlined] == []


def test_texts_of_a_database_are_never_markup(opened):
    window = opened("five")
    page = window.open("#schema-from=nothing&schema-to=11&tables-version=11&rows-version=8")
    window.draw_all()
    assert page.locator("img, main script, iframe").count() == 0
    shown = page.locator("main").inner_text()
    assert "</script><img src=x onerror=alert(1)><!--" in shown
    for view in ("schema-body", "rows-body"):
        assert "<img src=x onerror=alert(1)>" in page.locator(f"#{view}").inner_text()
    assert "<img onerror=alert(2)> TEXT" in page.locator("#tables-body svg").text_content()
    assert window.errors == []


def test_without_scripts_verdict_causes_grids_and_timeline_are_there(opened):
    page = opened("five", java_script_enabled=False).page
    page.goto(opened("five").path.as_uri())
    shown = page.locator("body").inner_text()
    for text in (
        "11 of 72 cells failed for 5 causes",
        "0008_rebuild_orders.py: orders lost 2 of 5 rows",
        "databases stored at 0000+grown, 0003..0007",
        "(5 rows alike)",
        "switched off",
        "the price list of 2026",
    ):
        assert text in shown
    assert not page.locator("#tools").is_visible()
    assert not page.locator("#views").is_visible()
    page.locator(".cause summary").first.click()
    assert page.get_by_text("gone: id 3, customer_id 9, state 'open'").last.is_visible()


def test_two_runs_without_scripts_stand_one_after_the_other(opened):
    page = opened("two", java_script_enabled=False).page
    page.goto(opened("two").path.as_uri())
    assert page.locator("section.run:visible").count() == 2


def test_it_prints_on_a4_with_everything_open(opened):
    window = opened("five")
    page = window.open()
    window.draw_all()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = false")
    page.set_viewport_size({"width": 703, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    assert not page.locator("#tools").is_visible()
    assert (
        page.get_by_text("gone: id 3, customer_id 9, state 'open'").nth(1).bounding_box()["height"]
    )
    wide = page.evaluate(
        "[...document.querySelectorAll('main table, main pre, main svg')]"
        ".filter((one) => one.getBoundingClientRect().right > 704)"
        ".map((one) => one.outerHTML.slice(0, 99))"
    )
    assert wide == []
    printed = page.pdf(format="A4")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page /") <= 12
