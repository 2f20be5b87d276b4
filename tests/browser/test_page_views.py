"""The views that the page's script draws: schemas, rows, the picture; also of great size."""

from __future__ import annotations

import re

import pytest
from pytest_pmd_migrations.report_page.page import render_page

from tests.unit.plugin.report_page.planted_defects import five_planted_defects

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

WORK_IN_ORDER = """
(() => {
  window.order = [];
  const parse = JSON.parse, frame = requestAnimationFrame;
  JSON.parse = (text) => { order.push(text.length > 1e6 ? "data" : "little"); return parse(text); };
  window.requestAnimationFrame = (then) => {
    order.push("asked for a frame");
    return frame((time) => { order.push("a frame"); then(time); });
  };
})()
"""
"""Writes down what the page's script does, in its order: reads JSON, waits for what is painted."""

OVERLAPS = """
() => {
  const boxes = [...document.querySelectorAll("#tables-body rect.box")]
    .map((one) => one.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const pairs = boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => meet(a, b)));
  return [boxes.length, pairs.length];
}
"""
"""How many boxes the picture has, and how many pairs of them overlap."""


def test_two_schemas_are_compared_side_by_side_and_unified_with_the_tokens_that_changed(opened):
    window = opened("five")
    page = window.open_drawn("#schema-from=7&schema-to=8")
    orders = page.locator("#schema-body .object").filter(has_text="table orders")
    assert orders.locator("thead th").all_inner_texts() == ["sign", "0007", "sign", "0008"]
    assert orders.locator("ins").all_inner_texts() == [" NOT NULL"]
    assert "changed" in orders.locator("h3").inner_text()
    page.locator("#schema-unified").click()
    signs = orders.locator("tbody .sign").filter(has_text=re.compile(r"\S"))
    expect(signs).to_have_text(["−", "+", "+"])
    assert page.evaluate("location.hash").endswith("schema-as=unified")


def test_a_schema_may_be_looked_at_whole_and_one_table_alone(opened):
    page = opened("five").open_drawn("#schema-from=nothing&schema-to=3")
    assert page.locator("#schema-body .object").count() == 5
    page.locator("#schema-table").fill("order_l")
    expect(page.locator("#schema-body .object")).to_have_count(1)


def test_a_schema_that_could_not_be_built_says_so(opened):
    page = opened("five").open_drawn("#schema-from=11&schema-to=12&tables-version=12")
    assert page.locator("#schema-body").inner_text() == "The schema at 0012 could not be built."
    assert page.locator("#tables-body").inner_text() == "The schema at 0012 could not be built."


def test_rows_of_a_step_say_what_was_declared_and_what_was_not(opened):
    page = opened("five").open_drawn("#rows-version=8")
    (row,) = page.locator(".moves tbody tr").all()
    assert row.locator("th, td").all_inner_texts()[:10] == [
        *("orders", "0000+grown, 0003..0007", "5", "3", "2", "1", "2", "0", "0", "not declared"),
    ]
    page.locator("#rows-version").select_option("10")
    row = page.locator(".moves tbody tr")
    expect(row).to_contain_text("DELETES legacy_prices: kept in articles since 0006")
    expect(row.locator("td").first).to_have_text("a new database, 0000+grown, 0003..0009")


def test_the_picture_tells_in_words_and_marks_what_a_step_changed(opened):
    page = opened("five").open_drawn("#tables-version=8")
    picture = page.locator("#tables-body svg")
    assert picture.get_attribute("role") == "img"
    texts = [text.strip() for text in picture.locator("text").all_text_contents()]
    assert "~ changed" in texts
    assert any(text.startswith("+") and "paid_at" in text for text in texts)
    twin = page.locator(".twin li").filter(has_text="orders").filter(has_text="changed")
    assert "state changed; paid_at added; orders(customer_id) refers to customers(id)" in (
        twin.inner_text().replace("\n", " ")
    )
    page.locator("#tables-version").select_option("10")
    expect(page.locator("#tables-body .removed")).not_to_have_count(0)
    assert page.evaluate(OVERLAPS)[1] == 0


def test_a_large_report_is_small_and_has_few_elements_before_its_script_runs(opened):
    window = opened("large", java_script_enabled=False)
    window.page.goto(window.path.as_uri())
    assert window.page.locator("h1").inner_text().endswith("99 of 1200 cells failed for 1 cause")
    page = window.path.read_text(encoding="utf-8")
    assert len(page.encode()) < 10_000_000
    # All that is parsed and laid out for the first text: it grows with versions, not with tables.
    data = re.search(r'<script [^>]*id="report-data">.*?</script>', page, re.DOTALL)
    assert len(page) - len(data[0]) < 400_000
    assert window.page.locator("*").count() < 6_000


def test_the_verdict_is_painted_before_the_data_of_a_large_report_is_read(opened):
    window = opened("large")
    window.page.add_init_script(WORK_IN_ORDER)
    page = window.open()
    assert page.evaluate("order") == ["asked for a frame", "a frame", "data"]
    drawn = page.evaluate("document.querySelectorAll('#rows-body *, #tables-body *').length")
    assert drawn == 0
    assert window.errors == []


def test_five_hundred_tables_can_be_looked_at_by_table_and_neighbours(opened):
    window = opened("large")
    page = window.open_drawn("#tables-touched=no&tables-version=200")
    assert page.evaluate(OVERLAPS) == [500, 0]
    page.locator("#tables-table").fill("table_7")
    expect(page.locator("#tables-body rect.box")).to_have_count(5)
    assert page.evaluate(OVERLAPS) == [5, 0]
    page.locator(".twin button").filter(has_text="table_22").click()
    expect(page.locator("#tables-table")).to_have_value("table_22")
    names = page.locator("#tables-body .name").all_text_contents()
    assert sorted(names) == ["table_22", "table_66", "table_67", "table_68", "table_7"]
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('tables-table')") == (
        "table_22"
    )
    assert window.errors == []


def test_a_picture_in_a_narrow_window_is_not_made_too_small_to_read(opened):
    page = opened("five", width=400).open_drawn("#tables-version=8")
    size = page.evaluate(
        "() => { const name = document.querySelector('#tables-body .name');"
        " return parseFloat(getComputedStyle(name).fontSize) * name.getScreenCTM().a }"
    )
    assert size >= 8


def test_each_of_two_applications_has_its_causes_and_the_views_ask_which_one(opened):
    window = opened("applications")
    page = window.open()
    assert page.locator("h3:visible").filter(has_text="shop.migrations").count() == 2
    page.keyboard.press("n")
    for _ in range(5):
        page.keyboard.press("n")
    assert page.evaluate("document.activeElement.parentElement.id") == "0.1-cause-1"
    page.locator("#application").select_option("cache")
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('app')") == "cache"
    assert page.locator("#application").input_value() == "cache"
    window.draw_all()
    assert page.locator("#schema-body .object").count() == 2
    assert window.errors == []


def test_a_run_that_did_not_get_as_far_as_a_grid_has_no_views(browser, tmp_path):
    report = five_planted_defects()
    report["runs"][0] |= {"applications": [], "complete": False, "missing": ["it was killed"]}
    path = tmp_path / "empty.html"
    path.write_text(render_page(report), encoding="utf-8")
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    page.keyboard.press("f")
    assert page.locator("#told").inner_text() == "no failing cell"
    assert not page.locator("#views").is_visible()
    assert errors == []
    page.close()
