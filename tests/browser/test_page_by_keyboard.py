"""Keys, links and the address: every failing cell is reached, and a link brings a reader there."""

from __future__ import annotations

from urllib.parse import quote

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

FOCUSED = "document.activeElement.closest('td, details, input, tr')?.id"


def failing_cells(page):
    return page.eval_on_selector_all(
        "section.run:not([hidden]) td[id].word-FAIL", "(cells) => cells.map((one) => one.id)"
    )


@pytest.mark.parametrize("width", [400, 1000, 1600])
def test_f_goes_to_every_failing_cell_and_round(opened, width):
    page = opened("five", width=width).open()
    wanted = failing_cells(page)
    seen = []
    for _ in [*wanted, "round"]:
        page.keyboard.press("f")
        seen.append(page.evaluate(FOCUSED))
        assert page.locator(":focus").is_visible()
        box = page.locator(":focus").bounding_box()
        assert 0 <= box["y"] <= 900
    assert len(wanted) == 11
    assert seen == [*wanted, wanted[0]]
    page.keyboard.press("Shift+F")
    assert page.evaluate(FOCUSED) == wanted[-1]


def test_every_failing_cell_is_a_stop_of_the_tab_key_too(opened):
    page = opened("five").open()
    for _ in range(10):
        unfold = page.locator(".unfold[aria-expanded=false]")
        if not unfold.count():
            break
        unfold.first.focus()
        page.keyboard.press("Enter")
    reached = set()
    page.locator("#content").focus()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    assert {*failing_cells(page)} <= reached


def test_n_and_p_go_from_cause_to_cause_and_enter_opens_one(opened):
    page = opened("five").open()
    for wanted in ("0.0-cause-1", "0.0-cause-2"):
        page.keyboard.press("n")
        assert page.evaluate(FOCUSED) == wanted
    page.keyboard.press("p")
    assert page.evaluate(FOCUSED) == "0.0-cause-1"


def test_a_failing_cell_leads_to_its_cause_and_the_cause_to_its_cells(opened):
    page = opened("five").open()
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    cause = page.locator("details.cause[open]").first
    assert (
        cause.locator(".headline").inner_text() == "0008_rebuild_orders.py: orders lost 2 of 5 rows"
    )
    cause.get_by_text("migrations::0005..0012[data]").last.click()
    assert page.evaluate(FOCUSED) == "0:migrations::0005..0012[data]"
    assert page.locator(":focus").is_visible()


@pytest.mark.parametrize("written", ["at=", ""], ids=["by the page", "plain"])
def test_a_link_to_a_failing_cell_unfolds_its_row_and_chooses_its_run(opened, written):
    page = opened("two").open(f"#{written}{quote('1:migrations::0005..0012[data]')}")
    page.locator(":focus").wait_for(state="attached")
    assert page.evaluate(FOCUSED) == "1:migrations::0005..0012[data]"
    assert page.locator(":focus").is_visible()
    assert page.locator(".runs a[aria-current]").inner_text().find("Python 3.13.1") > 0


def test_the_filter_stands_in_the_address_and_esc_ends_it(opened):
    window = opened("five")
    page = window.open()
    page.keyboard.press("/")
    page.keyboard.type("0006")
    rows = page.locator(".grid tbody tr:visible")
    assert rows.count() == 2
    assert page.locator("#told").inner_text().endswith("shown")
    assert page.evaluate("location.hash") == "#filter=0006"
    again = window.open("#filter=0006")
    assert again.locator(".grid tbody tr:visible").count() == 2
    assert again.locator(".cause:visible").count() == 2
    again.keyboard.press("Escape")
    assert again.locator(".grid tbody tr:visible").count() == 11
    assert again.evaluate("location.hash") in ("", "#")


def test_only_failing_rows_are_left_by_the_toggle(opened):
    page = opened("five").open()
    button = page.locator("#only-bad")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".grid tbody tr:visible").count() == 7
    assert page.locator(".grid tbody tr:visible .word-FAIL").count() == 7
    button.click()
    assert button.get_attribute("aria-pressed") == "false"


def test_question_mark_shows_the_keys_and_esc_closes_them(opened):
    page = opened("five").open()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_letters_typed_into_a_field_are_no_keys(opened):
    page = opened("five").open()
    page.locator("#schema-table").fill("")
    page.locator("#schema-table").type("fn?")
    assert page.locator("#schema-table").input_value() == "fn?"
    assert not page.locator("#help").is_visible()


def test_the_chooser_shows_one_run_at_a_time_and_is_in_the_address(opened):
    window = opened("two")
    page = window.open()
    assert page.locator("section.run:visible").count() == 1
    page.locator(".runs a").nth(1).click()
    assert page.locator("section.run:visible h2").inner_text().startswith("Python 3.13.1")
    address = page.evaluate("location.hash")
    again = window.open(address)
    assert again.locator("section.run:visible h2").inner_text().startswith("Python 3.13.1")
    again.locator(".runs a").first.click()
    again.go_back()
    expect(again.locator("section.run:visible h2")).to_contain_text("Python 3.13.1")
