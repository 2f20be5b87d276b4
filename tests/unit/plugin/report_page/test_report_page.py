"""The page holds what the report says, as text, in one file that asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from copy import deepcopy
from html.parser import HTMLParser

import pytest
from pytest_pmd_migrations.errors import ReportError
from pytest_pmd_migrations.report_page.page import render_page
from pytest_pmd_migrations.report_page.page_data import COUNTS, json_block, page_data

from tests.every import for_every
from tests.unit.plugin.report_page.drawn_reports import HOSTILE
from tests.unit.plugin.report_page.large_report import large_report
from tests.unit.plugin.report_page.planted_defects import five_planted_defects


class ReadPage(HTMLParser):
    """A page as a browser reads it: its elements, and the text of each script and style."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.inside: list[str] = []
        self.text = ""
        self.blocks: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self.inside.append(tag)
            self.blocks.append((f"{tag} {dict(attrs).get('type', '')}".strip(), ""))

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside.pop()

    def handle_data(self, data):
        if self.inside:
            kind, text = self.blocks[-1]
            self.blocks[-1] = kind, text + data
        else:
            self.text += data

    def values(self, name):
        return [value for _, found, value in self.attributes if found == name]


@pytest.fixture(scope="module")
def five():
    return ReadPage(render_page(five_planted_defects()))


def test_the_page_asks_for_nothing_but_itself(five):
    assert not {"link", "img", "iframe", "object", "base", "audio", "video"} & {*five.tags}
    assert not {"src", "srcset", "style", "action"} & {name for _, name, _ in five.attributes}
    assert all(href.startswith("#") for href in five.values("href"))
    assert "pytest-pmd-migrations" in five.values("content")
    style, data, script = (text for _, text in five.blocks)
    (policy,) = [value for value in five.values("content") if value.startswith("default-src")]
    allowed = {
        kind: f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for kind, text in (("style", style), ("script", script))
    }
    assert policy == (
        f"default-src 'none'; style-src {allowed['style']}; script-src {allowed['script']};"
        " base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"\b(fetch|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval)\b", script)
    assert "url(" not in style
    assert json.loads(data)["runs"][0]["name"] == "Python 3.11.7, SQLite 3.40.1"


def test_what_a_database_holds_is_text_wherever_it_stands(five):
    assert [kind for kind, _ in five.blocks] == ["style", "script application/json", "script"]
    assert HOSTILE in five.text
    assert HOSTILE in {
        one["name"]
        for one in json.loads(five.blocks[1][1])["runs"][0]["applications"][0]["objects"]
    }
    assert not {"<", ">", "&", "\u2028"} & {*five.blocks[1][1]}
    assert json.loads(json_block({"a": HOSTILE})) == {"a": HOSTILE}


def test_text_that_no_utf8_holds_is_shown_as_python_writes_it():
    report = five_planted_defects()
    report["runs"][0]["verdict"] = "lost \udc80"
    assert "lost \\udc80" in render_page(report)


def test_every_link_leads_to_an_element_and_no_two_have_one_id(five):
    ids = five.values("id")
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    report = five_planted_defects(runs=["3.11.7", "3.13.1"])
    both = ReadPage(render_page(report))
    targets = {*both.values("id")}
    assert {href[1:] for href in both.values("href")} - targets == set()
    cells = report["runs"][0]["applications"][0]["cells"]
    assert {f"1:{cell['id']}" for cell in cells} <= targets


def test_the_first_screen_says_which_step_is_wrong_whom_it_hits_and_what_to_do(five):
    shown = " ".join(five.text.split())
    begin = shown.index("Causes 5, each told once")
    first = shown[begin : shown.index("0009", begin)]
    for text in (
        "0008_rebuild_orders.py: orders lost 2 of 5 rows",
        "Hit: databases stored at 0000+grown, 0003..0007",
        "Seen: gone: id 3, customer_id 9, state 'open'",
        "To do: mend the step; where that is meant, declare it in 0008_rebuild_orders.py:",
        "Where: src/shop/migrations/0008_rebuild_orders.py:14",
    ):
        assert text in first
    assert "Hit: every database that takes this step; blocks 2 cells" in shown
    assert "To do: mend: needs a table rebuild" in shown
    assert "To do: mend src/shop/migrations/0012_add_language.py:7, then again: pytest" in shown
    assert "Hit: every database on which this step is run a second time" in shown


def test_several_runs_have_one_verdict_and_one_each():
    report = five_planted_defects(runs=["3.11.7", "3.13.1"])
    good = report["runs"][1]
    good["counts"] = dict.fromkeys(good["counts"], 0) | {"ok": 72}
    good["verdict"] = "none of 72 cells failed"
    shown = " ".join(ReadPage(render_page(report)).text.split())
    assert "FAIL 1 of 2 runs failed" in shown
    assert "FAIL Python 3.11.7, SQLite 3.40.1 11 of 72 cells failed for 5 causes" in shown
    assert "ok Python 3.13.1, SQLite 3.40.1 none of 72 cells failed" in shown
    good = deepcopy(good)
    report["runs"] = [good, good | {"name": "again"}]
    cells = good["applications"][0]["cells"]
    for cell in cells:
        cell["remarks"] = []
    cells[0]["remarks"] = [{"about": "0001", "text": "to know", "command": ""}]
    shown = " ".join(ReadPage(render_page(report)).text.split())
    assert "ok none of 2 runs failed" in shown
    assert "1 remark 0001 to know" in shown


def test_a_run_that_is_not_complete_says_so():
    report = five_planted_defects()
    report["runs"][0] |= {
        "complete": False,
        "applications": [],
        "counts": {},
        "verdict": "this run did not finish",
        "missing": ["the run was interrupted"],
        "values": "none",
    }
    shown = " ".join(ReadPage(render_page(report)).text.split())
    assert "not complete this run did not finish" in shown
    assert "Not complete: the run was interrupted" in shown
    assert "It holds no value of any row." in shown


def test_two_hundred_versions_of_five_hundred_tables_fit_into_ten_megabytes():
    page = render_page(large_report())
    assert len(page.encode()) < 10_000_000
    assert page.index("99 of 1200 cells failed") < 20_000


def test_schemas_and_rows_can_be_read_back_from_the_data():
    report = five_planted_defects()
    told = report["runs"][0]["applications"][0]
    (kept,) = page_data(report)["runs"][0]["applications"]
    schema: set[int] = set()
    for written, version in zip(kept["versions"], told["versions"], strict=True):
        if version["schema"] is None:
            assert written["schema"] is None
            continue
        schema = schema - {*written["schema"]["gone"]} | {*written["schema"]["new"]}
        assert sorted(schema) == sorted(version["schema"])
        steps = {
            (kept["starts"][start], kept["texts"][line[0]], *line[4 : 4 + len(COUNTS)])
            for line in written["steps"]
            for start in line[4 + len(COUNTS) :]
        }
        assert steps == {
            (start, table["name"], *(table[count] for count in COUNTS))
            for step in version["steps"]
            for start in (step["start"], *step["also"])
            for table in step["tables"]
        }


@for_every(
    "changed, message",
    [
        ({"format": "other"}, "the report is no report: its format is not"),
        ({"format_version": 2}, "the report has version 2 of the format, and this"),
        ({"format_version": "1"}, 'the report: format_version is "1"; expected a whole number'),
    ],
)
def test_what_is_no_report_of_a_known_format_is_refused(changed, message):
    with pytest.raises(ReportError, match=re.escape(message)):
        render_page(five_planted_defects() | changed)
