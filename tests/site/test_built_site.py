"""The pages build as a site without a warning; it is whole, and asks no other host for anything.

It needs Sphinx: `docs/requirements.txt`. `pytest tests/site` runs it, and `.ci/docs` does so.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx", reason="docs/requirements.txt is not installed")
pytest.importorskip("furo", reason="docs/requirements.txt is not installed")

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
    for path in (ROOT / "docs").rglob("*.md")
}

sys.path.insert(0, str(ROOT / "docs"))
report_pictures = importlib.import_module("report_pictures")

SCHEMES = ("light", "dark")
PICTURES = {f"_pictures/{part}-{one}.png" for part in ("verdict", "views") for one in SCHEMES}

A_NAME_OF_XML = "http://www.w3.org/2000/svg"
"""Names what an element is; nobody asks that host for anything."""


class Page(HTMLParser):
    """What a page of HTML links to, loads, and can be linked to at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("href", "src", "srcset", "data", "poster", "action"):
                self.loaded.append(value or "")
            elif name == "style":
                self.loaded += re.findall(r"url\(([^)]*)\)", value or "")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built pages: any warning, or reference to nothing, fails.

    `.ci/docs` has built them already, and names their folder.
    """
    if "BUILT_SITE" in os.environ:
        return Path(os.environ["BUILT_SITE"])
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "docs", folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = "" if report_pictures.find_chromium() else f"{report_pictures.NO_CHROMIUM}\n"
    assert (built.returncode, built.stdout) == (0, said)
    return folder


@pytest.fixture(scope="session")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html")}


def test_every_page_is_built_and_in_the_navigation_of_every_other(pages):
    assert {*pages} >= PAGES
    beginning = {urlsplit(link).path for link in pages["index.html"].links}
    assert beginning >= PAGES - {"index.html"}


def test_no_page_loads_anything_from_another_host(site, pages):
    loaded = [(name, one) for name, page in pages.items() for one in page.loaded]
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"url\(([^)]*)\)|@import\s*([^;]*)", text)
        loaded += [(path.name, one.strip("'\" ")) for pair in found for one in pair if one]
    for path in site.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        loaded += [
            (path.name, one) for one in re.findall(r"""["'`]((?:https?:)?//[^"'`]*)""", text)
        ]
    assert any(name == "index.html" for name, _ in loaded)
    assert any(name.endswith(".css") for name, _ in loaded)
    elsewhere = [one for one in loaded if urlsplit(one[1]).netloc and one[1] != A_NAME_OF_XML]
    assert not elsewhere


def test_every_link_leads_to_a_page_and_a_place_on_it(pages, site):
    wrong = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            place = target.resolve().relative_to(site.resolve()).as_posix()
            there = place in pages or target.is_file()
            anchor = unquote(parts.fragment)
            if not there or (anchor and place in pages and anchor not in pages[place].ids):
                wrong.append(f"{name}: {link}")
    assert not wrong, "\n".join(wrong)


def test_a_page_shows_a_report_light_and_dark_or_says_that_there_is_no_chromium(pages, site):
    text = " ".join((site / "howto/report.html").read_text(encoding="utf-8").split())
    shown = {
        (Path("howto") / one).as_posix().replace("howto/../", "")
        for one in pages["howto/report.html"].loaded
        if one.endswith(".png")
    }
    if report_pictures.find_chromium():
        assert shown == PICTURES
        assert report_pictures.NO_CHROMIUM not in text
        for one in PICTURES:
            light = sum(corner(site / one))
            assert light < 150 if "dark" in one else light > 700, one
    else:
        assert shown == set()
        assert report_pictures.NO_CHROMIUM in text


def corner(picture):
    """The red, green and blue of a picture's first pixel, which no filter of PNG changes."""
    content = picture.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IDAT":
            packed += content[at + 8 : at + 8 + length]
        at += length + 12
    return zlib.decompress(packed)[1:4]


def test_without_chromium_the_page_says_so_in_the_place_of_pictures(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert report_pictures.find_chromium() is None
    page = "before\n\n<!-- pictures of a report -->\n\nafter\n"
    without = report_pictures.with_pictures(page, taken=False, to_site="../")
    assert without == f"before\n\n*{report_pictures.NO_CHROMIUM}*\n\nafter\n"
    monkeypatch.setenv("CHROMIUM", "/somewhere/chromium")
    assert report_pictures.find_chromium() == "/somewhere/chromium"


@pytest.mark.parametrize(
    "module", ["pytest_pmd_migrations", "pmd.store.migrations", "pmd.store.errors"]
)
def test_what_a_public_name_s_docstring_says_is_on_its_page(pages, module):
    ids = pages["reference/python-api.html"].ids
    names = [name for name in importlib.import_module(module).__all__ if name != "__version__"]
    assert names
    assert not [name for name in names if f"{module}.{name}" not in ids]


def test_the_search_finds_a_word_where_the_pages_are_opened_as_files(site):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("there is no Chromium")
    shown = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu"),
            *("--virtual-time-budget=20000", "--dump-dom"),
            f"{(site / 'search.html').as_uri()}?q=cascade",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    found = re.findall(r'<li class="[^"]*kind-[^"]*"><a href="([^"?#]+)', shown)
    assert any(link.endswith("explanation/real-defects.html") for link in found), shown[-3000:]
