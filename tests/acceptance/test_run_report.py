"""The report of a run as JSON: the same as the terminal says, whatever becomes of the run."""

from __future__ import annotations

import html
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import plain
from tests.acceptance.histories import LANGUAGE, generate

COMMAND = Path(sys.executable).with_name("pmd-migrations")
NO_FAULTS = "--migration-checks=schema,data,again,frozen"
KILLED_ONCE = """
import os, signal
from pathlib import Path


def up(db):
    left = Path(__file__).with_name("killed")
    if not left.exists():
        left.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    db["t11"].add_column("killed", str)
"""
"""A migration whose first run kills its process."""

GRID_ROW = re.compile(r"  (\d{4})\s+((?:\S+\s*)+)")
WORDS = {"ok", "FAIL", "note", "blocked", "skip", "none", "died", "-"}


def matrix(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("--migration-matrix", NO_FAULTS, *arguments)


def run_of(path: Path) -> dict[str, Any]:
    (run,) = json.loads(path.read_text())["runs"]
    return run


def cells_of(run: Mapping[str, Any]) -> dict[str, str]:
    return {cell["id"]: cell["status"] for one in run["applications"] for cell in one["cells"]}


def cells_of_grids(text: str) -> dict[tuple[str, str], str]:
    """The words of the terminal's grids, by the name of the row and that of the check."""
    found: dict[tuple[str, str], str] = {}
    checks: list[str] = []
    for line in text[text.index("= migration matrix =") :].splitlines():
        if line.startswith(("  snapshots", "  migrations")):
            checks = line.split()[1:]
        elif row := GRID_ROW.match(line):
            words = [word for word in row[2].split() if word in WORDS][: len(checks)]
            found.update(((row[1], check), word) for check, word in zip(checks, words, strict=True))
    return found


def cells_of_junit(path: Path) -> dict[str, str]:
    """The verdicts of the properties; of a cell whose worker was killed pytest alone speaks."""
    found = {}
    for case in ET.parse(path).getroot().iter("testcase"):
        properties = {one.get("name"): one.get("value") for one in case.iter("property")}
        cell = f"{case.get('classname')}::{case.get('name')}"
        died = any("crashed" in str(one.text) for one in case.iter("error"))
        found[cell] = "died" if died else str(properties["migration_verdict"])
    return found


def cells_of_page(text: str) -> dict[tuple[str, str], str]:
    """The words of the page's grids, without any script; rows that stand folded are left out."""
    found: dict[tuple[str, str], str] = {}
    for grid in re.findall(r'<table class="grid">(.*?)</table>', text, re.DOTALL):
        checks = re.findall(r'<th scope="col">(\w+)</th>', grid)[1:-1]
        for row in re.findall(r'<tr(?: class="member" hidden)?>(.*?)</tr>', grid, re.DOTALL)[1:]:
            (name,) = re.findall(r'<th scope="row">(\S+)</th>', row)
            words = re.findall(r'<td class="cell word-([\w-]+)"', row)
            found.update(((name, check), word) for check, word in zip(checks, words, strict=True))
    return found


def cells_of_summary(text: str, rows: Sequence[str]) -> dict[tuple[str, str], str]:
    """The words of the grids in a job's summary; rows that stand folded are told apart."""
    found: dict[tuple[str, str], str] = {}
    checks: list[str] = []
    for line in text.splitlines():
        if line.startswith(("| snapshots ", "| migrations ")):
            checks = [one.strip() for one in line.split("|")[2:-2]]
        elif line.startswith("| <code>"):
            title, *words = [html.unescape(one.strip(" *")) for one in line.split("|")[1:-2]]
            first, _, last = re.sub("</?code>", "", title).partition("..")
            for row in rows[rows.index(first) : rows.index(last or first) + 1]:
                found.update(
                    ((row, check), word) for check, word in zip(checks, words, strict=True)
                )
    return found


def test_terminal_json_page_junit_and_summary_say_the_same_of_causes_and_a_killed_worker(
    pytester: pytest.Pytester, plain_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    generate(pytester, 11)
    sql = pytester.path / "db/sql"
    (sql / "0012_killed.py").write_text(f"VERSION = 12\n{KILLED_ONCE}")
    (sql / "0013_add_language.py").write_text(LANGUAGE)
    (pytester.path / "fixtures/snapshots/0003.db").write_bytes(b"SQLite format 3\x00, cut off")
    report, junit = pytester.path / "report.json", pytester.path / "junit.xml"
    page = pytester.path / "report.html"
    reports = (f"--migration-report={report}", f"--migration-report={page}")
    result = matrix(pytester, *reports, f"--junitxml={junit}", "-n", "2", "-v")
    text, run = plain(result), run_of(report)
    cells = cells_of(run)
    assert [*cells.values()].count("died") == 1
    assert {"ok", "FAIL", "blocked"} < {*cells.values()}
    assert cells_of_junit(junit) == cells
    (application,) = run["applications"]
    grid = {(cell["row"], cell["check"]): cell["status"] for cell in application["cells"]}
    assert cells_of_grids(text) == cells_of_page(page.read_text()) == grid
    rows = sorted({cell["row"] for cell in application["cells"]})
    assert cells_of_summary(summary.read_text(), rows) == grid
    causes = [one for one in application["findings"] if one["blocks"]]
    assert len(causes) == 3
    for one in application["findings"]:
        assert one["told_by"] in one["cells"]
        assert cells[one["told_by"]] in ("FAIL", "died")
        assert one["closing"][-1] == f'again: pytest --migration-matrix "{one["told_by"]}"'
        if cells[one["told_by"]] == "FAIL":
            assert f"{one['headline']}\n" in text
            assert html.escape(one["headline"]) in page.read_text()
            assert one["headline"] in html.unescape(summary.read_text())
            assert all(line in text for line in one["lines"])
    blocked = {cell["id"] for cell in application["cells"] if cell["blocked_by"]}
    assert blocked == {cell for one in causes for cell in one["blocks"]}
    schemas = [version["schema"] for version in application["versions"]]
    assert all(schemas[:12])
    assert schemas[12] is None
    (first,) = application["versions"][0]["steps"]
    assert (first["start"], first["also"]) == ("fresh", [])
    assert [one["name"] for one in first["tables"]] == ["t1"]
    assert not run["complete"]
    assert run["missing"] == ["what 1 cell would have found: the worker was killed"]
    bad = sum(status in ("FAIL", "died") for status in cells.values())
    assert f"\n{bad} failed, {run['counts']['blocked']} blocked by them, " in text


SECRET = "Geheim-7"
MARKED = f"""CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
INSERT INTO people VALUES (1, '{SECRET}-a', 1), (2, '{SECRET}-b', 2), (3, '{SECRET}-c', 3);
CREATE TABLE odd(note TEXT);
INSERT INTO odd VALUES ('{SECRET}-d'), ('{SECRET}-e');
"""
LOSING = """
VERSION = 2


def up(db):
    db.execute("DELETE FROM people WHERE id = 2")
    db.execute("UPDATE people SET name = upper(name) WHERE id = 3")
    name = db.execute("SELECT name FROM people").fetchone()[0]
    try:
        db.execute(f"INSERT INTO nowhere VALUES ('{name}')")
    except Exception:
        pass
    db.execute("INSERT INTO odd SELECT note FROM odd")


def verify(before, after):
    assert False, [*after["people"].rows]
"""
RAISING = """
VERSION = 3


def up(db):
    name = db.execute("SELECT name FROM people").fetchone()[0]
    raise ValueError(f"{name} is not a name")
"""


def test_without_values_no_value_of_a_row_stands_in_a_report(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    sql = pytester.path / "db/sql"
    sql.mkdir(parents=True)
    (pytester.path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmigration_source = "db/sql"\nmigration_idempotent = true\n'
    )
    (sql / "0001_people.sql").write_text(MARKED)
    assert pytester.run(COMMAND, "snapshot").ret == 0
    (sql / "0002_losing.py").write_text(LOSING)
    for step in ("losing", "raising"):
        if step == "raising":
            (sql / "0003_raising.py").write_text(RAISING)
        cut, none = (pytester.path / f"{step}-{shown}.json" for shown in ("cut", "none"))
        for path, shown in ((cut, "cut"), (none, "none")):
            result = matrix(
                pytester, f"--migration-report={path}", f"--migration-report-values={shown}"
            )
            assert SECRET in result.stdout.str()
        assert SECRET in cut.read_text()
        assert SECRET.lower() not in none.read_text().lower()
        (with_values,) = run_of(cut)["applications"]
        (without,) = run_of(none)["applications"]
        assert cells_of(run_of(none)) == cells_of(run_of(cut))
        assert [one["cells"] for one in without["findings"]] == [
            one["cells"] for one in with_values["findings"]
        ]
        if step == "losing":
            heads = [one["headline"] for one in without["findings"]]
            assert "0002_losing.py: people lost 1 of 3 rows" in heads
            (lost,) = [one for one in without["versions"][1]["steps"] if one["start"] == "0001"]
            people = next(one for one in lost["tables"] if one["name"] == "people")
            counts = [people[name] for name in ("before", "kept", "changed", "deleted", "evidence")]
            assert counts == [3, 1, 1, 1, []]
        else:
            assert "0003_raising.py failed" in [one["headline"] for one in without["findings"]]


def test_a_report_is_written_over_nothing_else_and_says_what_it_lacks(
    pytester: pytest.Pytester, plain_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(pytester, 3, {3: "DELETE FROM t1 WHERE id = 1;\n"})
    root = pytester.path
    (root / "notes.json").write_text('{"mine": 1}')
    (root / "page.html").write_text("<html>mine</html>")
    (root / "folder.json").mkdir()
    (root / "circle.json").symlink_to("circle.json")
    (root / "astray.json").symlink_to("nowhere/report.json")
    for name, why in {
        "notes.json": "a file is there that is no report of this package's. It stays as it is",
        "folder.json": "it is a folder",
        "nowhere/report.json": "its folder does not exist",
        "astray.json": "its folder does not exist",
        "circle.json": "Too many levels of symbolic links",
        "report.txt": "it ends in neither .json nor .html",
    }.items():
        result = matrix(pytester, f"--migration-report={name}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: --migration-report={name}: {why}*"])
    assert (root / "notes.json").read_text() == '{"mine": 1}'
    alone = pytester.runpytest_subprocess("--migration-report=report.json")
    alone.stderr.fnmatch_lines(["ERROR: --migration-report needs --migration-matrix*"])
    report = root / "report.json"
    matrix(pytester, "--collect-only", "-q", f"--migration-report={report}")
    assert not report.exists()

    def said(*arguments: str, prints: Sequence[str] = ()) -> tuple[bool, list[str]]:
        result = matrix(pytester, f"--migration-report={report}", *arguments)
        result.stdout.fnmatch_lines([f"wrote {report}", *prints])
        run = run_of(report)
        return run["complete"], run["missing"]

    assert said() == (True, [])
    stopped = "10 of 12 cells were not run: the run was stopped: stopping after 1 failures"
    asked, steps = ("--durations=2", "--durations-min=99"), "(2 steps below 99s hidden.)"
    assert said("-x", "--durations=1", prints=["*= slowest 1 steps =*"]) == (False, [stopped])
    assert said("-k", "data", *asked, prints=[steps]) == (
        False,
        ["9 of 12 cells were not asked for"],
    )
    (application,) = run_of(report)["applications"]
    # The cells needed no fresh database; the schemas of all are there.
    assert [len(one["schema"]) for one in application["versions"]] == [1, 1, 1]
    ends = root / "db/sql/0004_ends.py"
    ends.write_text("import os\nVERSION = 4\ndef up(db):\n    os._exit(3)\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(root / "summary.md"))
    left, lacking = said("migrations::0001..0004[schema]", "-n", "1")[1]
    assert left.endswith("cells were not asked for")
    assert lacking == "what 1 cell would have found: the worker was killed"
    summary = html.unescape((root / "summary.md").read_text())
    assert "Tables of 0004: not drawn, since a worker was killed" in summary
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    ends.unlink()
    (root / "test_broken.py").write_text("import nothing_of_this_name")
    stopped = "12 of 12 cells were not run: the run was interrupted: 1 error during collection"
    assert said() == (False, [stopped])
    (root / "test_broken.py").unlink()
    matrix(pytester, f"--migration-report={report}", "-o", "migration_source=nothing")
    run = run_of(report)
    assert (run["complete"], run["applications"]) == (False, [])
    assert run["verdict"].startswith("nothing was checked: migration_source 'nothing'")
    (root / "conftest.py").write_text(
        "import os, signal\ndef pytest_collection_finish(): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    matrix(pytester, f"--migration-report={report}")
    assert run_of(report)["verdict"] == "this run did not finish"
    assert [*root.glob(".*.pmd-migrations")] == []
