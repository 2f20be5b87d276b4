"""Render a report as one HTML file that asks for nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.report_page.causes import cause_cards
from pytest_pmd_migrations.report_page.forecast_curves import HEIGHT, RULE, WIDTH, forecast_curves
from pytest_pmd_migrations.report_page.grids import grid_tables
from pytest_pmd_migrations.report_page.names import Targets
from pytest_pmd_migrations.report_page.page_data import json_block, page_data
from pytest_pmd_migrations.report_page.timeline import timeline
from pytest_pmd_migrations.run_report.json_form import REPORT_FORMAT

__all__ = ["render_page"]

_DEEPEST = 6
"""How many classes ``in-0`` to ``in-6`` the page has."""

_ROOM = files("pytest_pmd_migrations.report_page")
_STYLES = ("page.css", "grids.css", "views.css", "print.css")
_SCRIPTS = (
    "elements.js",
    "address.js",
    "report_data.js",
    "grids.js",
    "keyboard.js",
    "sql_lines.js",
    "differences.js",
    "schema_view.js",
    "rows_view.js",
    "picture_places.js",
    "picture.js",
    "start.js",
)


def render_page(report: Mapping[str, Any]) -> str:
    """Return the page of a report: verdict, causes, grids and timeline as HTML, the rest by script.

    Every text of the report stands in it as text, whatever it holds. Raises ReportError where
    ``report`` is no report, or one of a newer format.
    """
    REPORT_FORMAT.refuse_others(report, "the report")
    style = "".join(_read("browser", name) for name in _STYLES)
    script = "".join(_read("browser", name) for name in _SCRIPTS)
    script = f'(() => {{\n"use strict";\n{script}}})();\n'
    runs = [_run(run, number) for number, run in enumerate(report["runs"])]
    page = (
        _environment()
        .get_template("page.html")
        .render(
            runs=runs,
            headline=_headline(runs),
            values="none" if all(run["values"] == "none" for run in report["runs"]) else "cut",
            forecast=any(one["forecast"] for run in runs for one in run["applications"]),
            forecast_size=(WIDTH, HEIGHT),
            forecast_rule=RULE,
            style=Markup(style),
            script=Markup(script),
            data=Markup(json_block(page_data(report))),
            policy=(
                f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
                " base-uri 'none'; form-action 'none'"
            ),
        )
    )
    # What no UTF-8 can hold is shown as Python writes it, as in the terminal.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _run(run: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return what the templates need of a run."""
    counts = run["counts"]
    bad = counts.get("FAIL", 0) + counts.get("died", 0) + counts.get("blocked", 0)
    return {
        **{
            key: run[key] for key in ("name", "verdict", "complete", "missing", "values", "started")
        },
        "number": number,
        "kind": "FAIL" if bad else "ok" if run["complete"] else "note",
        "word": "FAIL" if bad else "ok" if run["complete"] else "not complete",
        "counts": [(word, count) for word, count in counts.items() if count],
        "facts": _facts(run),
        "applications": [
            _application(application, Targets(number, place))
            for place, application in enumerate(run["applications"])
        ],
    }


def _headline(runs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the page's verdict: the run's own, or how many of several failed."""
    if len(runs) == 1:
        return {"kind": runs[0]["kind"], "word": runs[0]["word"], "sentence": runs[0]["verdict"]}
    bad = [run for run in runs if run["kind"] == "FAIL"]
    worst = next(run for kind in ("FAIL", "note", "ok") for run in runs if run["kind"] == kind)
    sentence = (
        f"{len(bad)} of {len(runs)} runs failed" if bad else f"none of {len(runs)} runs failed"
    )
    return {"kind": worst["kind"], "word": worst["word"], "sentence": sentence}


def _facts(run: Mapping[str, Any]) -> list[str]:
    """Return under what the run was made, each fact as a few words."""
    lineages = sum(row["of"] == "snapshot" for one in run["applications"] for row in one["rows"])
    versions = sum(len(one["versions"]) for one in run["applications"])
    alone = run["applications"] if len(run["applications"]) == 1 else []
    return [
        *(f"{one['source']} by {one['runner']}" for one in alone),
        counted(versions, "migration"),
        counted(lineages, "lineage"),
        f"Python {run['python']}",
        f"SQLite {run['sqlite']}",
        f"{run['seconds']:.2f} s" + (f", {run['workers']} workers" if run["workers"] > 1 else ""),
        run["started"].replace("T", " ").replace("Z", " UTC"),
    ]


def _application(application: Mapping[str, Any], targets: Targets) -> dict[str, Any]:
    """Return what the templates need of an application."""
    notes: dict[tuple[str, str, str], None] = {}
    remarks: dict[tuple[str, str, str], None] = {}
    for cell in application["cells"]:
        notes.update(dict.fromkeys(map(_note, cell["notes"])))
        remarks.update(dict.fromkeys(map(_note, cell["remarks"])))
    notes.update(dict.fromkeys(map(_note, application["notes"])))
    return {
        **{key: application[key] for key in ("name", "source", "runner", "snapshots")},
        "targets": targets,
        "causes": cause_cards(application, targets),
        "grids": grid_tables(application, targets),
        "timeline": timeline(application, targets),
        "forecast": forecast_curves(application["forecast"]),
        "notes": list(notes),
        "remarks": list(remarks),
    }


def _note(note: Mapping[str, str]) -> tuple[str, str, str]:
    return note["about"], note["text"], note["command"]


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _read("templates", name)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seconds"] = _seconds
    environment.filters["hanging"] = _hanging
    return environment


def _hanging(lines: Sequence[str]) -> Markup:
    """Return lines of which each, where it does not fit, goes on deeper than it begins.

    The class says how deep it begins: the page's policy allows no style of an element's own.
    """
    marked = []
    for line in lines:
        depth = min(len(line) - len(line.lstrip(" ")), _DEEPEST)
        marked.append(Markup('<span class="line in-{}">{}</span>').format(depth, line))
    return Markup("\n").join(marked)


def _seconds(seconds: float | None) -> str:
    """Return a time as people read it: ``4 ms``, ``1.25 s``; nothing where it was not taken."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _read(folder: str, name: str) -> str:
    return (_ROOM / folder / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which the page's own style or script is allowed, as CSP writes it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
