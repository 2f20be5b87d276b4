"""A report's values written and read again: what is spoilt is named, and what is odd survives."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_pmd_migrations.cli import main
from pytest_pmd_migrations.errors import ReportError
from pytest_pmd_migrations.forecast.report_values import ForecastReport
from pytest_pmd_migrations.run_report.json_form import from_values, parse_report, written_report
from pytest_pmd_migrations.run_report.report_file import GENERATOR, ReportFile, read_report
from pytest_pmd_migrations.run_report.run_part import RunFacts, begun_report
from pytest_pmd_migrations.run_report.schema_objects import ObjectsReader
from pytest_pmd_migrations.run_report.values import (
    ApplicationReport,
    CellReport,
    CheckColumn,
    ColumnReport,
    DeclaredReport,
    FaultsReport,
    FindingReport,
    ForeignKeyReport,
    NoteReport,
    ObjectReport,
    Report,
    RowName,
    RowTitle,
    StepReport,
    TableReport,
    VersionReport,
)

from tests.full_disk import full_disk
from tests.unit.plugin.run_report.one_forecast import FORECAST

NOTE = NoteReport("0001", "to know", "a command")
APPLICATION = ApplicationReport(
    "migrations",
    "app",
    "pmd",
    "fixtures/snapshots",
    1,
    (CheckColumn("data", "snapshot"),),
    (RowTitle("snapshot", "0001", "0001", 1),),
    (
        CellReport("a", "snapshot", "0001", "data", "FAIL", 0.5, (0,), None, (NOTE,), (NOTE,)),
        CellReport("b", "migration", "0001", "again", "blocked", 1, (), RowName("snapshot", "x")),
    ),
    (FindingReport("h", ("l",), ("d",), 1, "f.py", 3, "a", ("a",), ("b",), ("again",)),),
    (NOTE,),
    (
        ObjectReport(
            "table",
            "t",
            "t",
            "CREATE TABLE t(a)",
            (ColumnReport("a", "INT", True, 1, "2", True),),
            (ForeignKeyReport(("a",), "p", ("id",), "CASCADE", "SET NULL"),),
        ),
    ),
    (
        VersionReport(
            *(1, "label", "0001 label", "adds t", "f.py", 3, "2026-01-05", True, 0.25),
            FaultsReport(300, 1),
            ("NOT NULL on a (of t)",),
            (0,),
            (
                StepReport(
                    "fresh",
                    (
                        TableReport(
                            *("t", None, 3, None, 1, 1, 1, 0, 0),
                            (DeclaredReport("DELETES", "t", "orphans"),),
                            ("gone: id 1",),
                        ),
                    ),
                    ("0001", "0002"),
                ),
            ),
        ),
    ),
)
"""Every class of values, and each field of a value unlike the default."""


def whole_report() -> Report:
    forecast = from_values(ForecastReport, FORECAST, "forecast.json")
    return with_application(replace(APPLICATION, forecast=forecast))


def with_application(application: ApplicationReport) -> Report:
    (run,) = begun_report(RunFacts(0.0, "9.0", "cut")).runs
    return Report((replace(run, applications=(application,)),))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value within a JSON value."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(one, (dict, list)):
            yield from places(one, (*path, key))


def test_a_report_is_read_as_it_was_written_and_each_spoilt_value_is_named() -> None:
    report = whole_report()
    text = written_report(report)
    assert parse_report(text, "r.json") == report
    assert text.isascii()
    paths = [*places(json.loads(text))]
    assert len(paths) > 120
    for path in paths:
        values = json.loads(text)
        inner = values
        for key in path[:-1]:
            inner = inner[key]
        was = inner[path[-1]]
        inner[path[-1]] = [was] if not isinstance(was, list) else {"a": 1}
        with pytest.raises(ReportError) as refused:
            parse_report(json.dumps(values), "r.json")
        way = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        told = str(refused.value)
        assert told.startswith("r.json"), told
        assert way.lstrip(".") in told or len(path) == 1, told


def test_an_older_report_is_read_and_what_is_none_or_a_later_one_is_refused_by_name(
    tmp_path: Path,
) -> None:
    text = written_report(whole_report())
    later = text.replace('"format_version": 1', '"format_version": 2')
    two = json.loads(text)
    two["runs"] *= 2
    stray = json.loads(text)
    stray["runs"][0]["applications"][0]["cells"][0]["findings"] = [7]
    lacking = json.loads(text)
    del lacking["runs"][0]["python"]
    refused = {
        b"": "is no JSON: Expecting value",
        GENERATOR.encode(): "is a page, which cannot be read again; expected the report as JSON",
        b"\xff\xfe": "is no JSON: it is no UTF-8 at byte 0",
        text[:2000].encode(): "is no JSON: ",
        b"[" * 100_000: "is no JSON: ",
        b'{"format": "mine"}': "is no report: its format is not 'pytest-pmd-migrations report'",
        later.encode(): "has version 2 of the format, and this pytest-pmd-migrations reads up to 1",
        text.replace("0.25", "NaN").encode(): "is no JSON: NaN is no number of JSON",
        json.dumps(two).encode(): ": runs[1] has the name of another run",
        json.dumps(stray).encode(): ": runs[0].applications[0].cells[0].findings has 7; expected",
        json.dumps(lacking).encode(): ": runs[0] lacks 'python'",
    }
    older = json.loads(text)
    del older["runs"][0]["applications"][0]["forecast"]
    read = parse_report(json.dumps(older), "r.json")
    assert read == with_application(APPLICATION)
    path = tmp_path / "r.json"
    for content, why in refused.items():
        path.write_bytes(content)
        with pytest.raises(ReportError) as error:
            read_report(path)
        assert str(error.value).removeprefix(str(path)).lstrip().startswith(why.lstrip())
    with pytest.raises(ReportError, match=r"nothing\.json cannot be read: No such file"):
        read_report(tmp_path / "nothing.json")
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ReportError, match=r"pipe\.json is no file; expected JSON"):
        read_report(tmp_path / "pipe.json")


def test_where_no_report_can_be_made_is_said_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ReportError, match=r"^it: it is a pipe or a device; expected a file's name"):
        ReportFile(tmp_path / "pipe.json", "it").refuse_unusable()
    page = ReportFile(tmp_path / "new.html", "it")
    page.refuse_unusable()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "pytest_pmd_migrations.report_page.page")
    with pytest.raises(
        ReportError, match=r"^it: a page cannot be made: .*jinja2.*; expected a name"
    ):
        page.refuse_unusable()


def test_each_key_is_described() -> None:
    folder = Path(__file__).parents[4] / "docs/reference"
    page = "".join((folder / name).read_text() for name in ("report-json.md", "commands.md"))
    paths = places(json.loads(written_report(whole_report())))
    keys = {path[-1] for path in paths if path[-2:] != ("tables", "t")}
    statuses = set(whole_report().runs[0].counts)
    unsaid = [one for one in keys | statuses if isinstance(one, str) and f"`{one}`" not in page]
    assert not unsaid


def test_ten_megabytes_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    report = whole_report()
    small, path = written_report(report), tmp_path / "r.json"
    file = ReportFile(path, "--migration-report=r.json")
    file.write(report)
    path.chmod(0o640)
    line = 'names: "\u05e2\u05d1\u202e \U0001f642 \udcff </script>' + "x" * 1000
    large = FindingReport("large", (line,) * 10_000)
    big = with_application(replace(APPLICATION, findings=(large,)))
    with full_disk(100_000), pytest.raises(ReportError, match="it cannot be written: File too"):
        file.write(big)
    assert [path.read_text() == small, *tmp_path.iterdir()] == [True, path]
    file.write(big)
    assert path.stat().st_size > 10_000_000
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_report(path) == big


def test_names_that_are_odd_stand_in_a_report_as_people_can_read_them() -> None:
    names = ['a"b', "line\nend", "\u05e2\u05d1\u05e8\u05d9\u05ea", "\U0001f642", "x\u202ey", "</b>"]
    with closing(sqlite3.connect(":memory:")) as conn:
        for name in names:
            quoted = name.replace('"', '""')
            conn.execute(f'CREATE TABLE "{quoted}"("{quoted}" TEXT DEFAULT \'\U0001f642\')')
        conn.execute("CREATE TABLE named(a INTEGER REFERENCES named)")
        conn.execute("PRAGMA writable_schema = ON")
        spoilt = "CAST(replace({}, 'named', CAST(x'62ff' AS TEXT)) AS TEXT)"
        put = ", ".join(f"{column} = {spoilt.format(column)}" for column in ("name", "tbl_name"))
        conn.execute(
            f"UPDATE sqlite_schema SET {put}, sql = {spoilt.format('sql')} WHERE name = 'named'"
        )
        conn.execute("PRAGMA writable_schema = RESET")
        found = ObjectsReader(()).read(conn)
    shown = ['a"b', "line\\nend", names[2], "\U0001f642", "x\\u202ey", "</b>", "b\\xff"]
    assert [one.name for one in found] == shown
    assert [one.columns[0].name for one in found][:-1] == shown[:-1]
    assert found[-1].foreign_keys == (ForeignKeyReport(("a",), "b\\xff"),)
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE VIRTUAL TABLE words USING fts5(title)")
        (words,) = ObjectsReader(()).read(conn)
    # The hidden ones, named words and rank, are of no interest.
    assert [one.name for one in words.columns] == ["title"]
    odd = with_application(replace(APPLICATION, objects=found))
    assert parse_report(written_report(odd), "r.json") == odd


def test_runs_are_told_and_put_together_under_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def reported(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["report", *arguments])
        return result.exit_code, result.output

    report = whole_report()
    name = report.runs[0].name
    Path("a.json").write_text(written_report(report))
    Path("mine.json").write_text("{}")
    told = f"{name}: this run did not finish\n"
    second = told.replace(name, f"{name} (2)")
    assert reported("a.json") == (0, told)
    assert reported("a.json", "a.json", "-o", "b.json") == (0, f"{told}{second}wrote    b.json\n")
    assert reported("b.json", "b.json", "-o", "b.json")[0] == 0
    names = [one.name for one in read_report(Path("b.json")).runs]
    assert names == [name, *(f"{name} ({number})" for number in (2, 3, 4))]
    refused = "Error: -o mine.json: a file is there that is no report of this package's. It stays"
    code, text = reported("a.json", "-o", "mine.json")
    assert (code, text.startswith(refused), Path("mine.json").read_text()) == (1, True, "{}")
    Path("f.json").write_text(json.dumps(FORECAST))
    assert reported("a.json", "--forecast", "f.json", "-o", "c.json")[0] == 0
    drawn = read_report(Path("c.json")).runs[0].applications[0].forecast
    assert drawn == from_values(ForecastReport, FORECAST, "f.json")
    assert reported("c.json", "-o", "c.html")[0] == 0
    assert "1,000 rows: 2 s (1.5 s to 3 s); grows with n" in Path("c.html").read_text()
    (step,) = FORECAST["steps"]
    Path("f.json").write_text(json.dumps(FORECAST | {"steps": [step | {"grows": "constant"}]}))
    assert reported("a.json", "--forecast", "f.json", "-o", "c.html")[0] == 0
    assert "(1.5 s to 3 s); does not grow with the rows" in Path("c.html").read_text()
    Path("f.json").write_text(json.dumps(FORECAST | {"source": "other"}))
    told = "Error: f.json is about the migrations of 'other'; the reports have: app\n"
    assert reported("a.json", "--forecast", "f.json", "-o", "d.json") == (1, told)
    code, text = reported("a.json", "--forecast", "a.json", "-o", "d.json")
    assert (code, text.startswith("Error: a.json is no forecast: its format is not")) == (1, True)
    code, text = reported("a.json", "mine.json", "-o", "d.json")
    assert (code, text.startswith("Error: mine.json is no report")) == (1, True)
    assert not Path("d.json").exists()
