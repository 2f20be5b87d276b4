"""Tell each cause once: which migration is wrong, whom it hits, what was seen, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_pmd_migrations.messages.wording import WIDTH, counted, folded_names
from pytest_pmd_migrations.report_page.advice import (
    advice_within,
    part_advice,
    without_shared_indent,
)
from pytest_pmd_migrations.report_page.names import Targets

__all__ = ["CauseCard", "CellLink", "cause_cards"]

_HIT_BY = {
    "again": "every database on which this step is run a second time",
    "atomic": "every database whose upgrade is interrupted in this step",
    "frozen": "databases that took this step as it was recorded",
    "down": "every database that is taken back over this step",
    "forecast": "databases as large as migration_budget says",
}
"""Whom a finding hits that only the cells of a migration have, by their check."""

_MEANT = "where that is meant"
_FROM = re.compile(r"\s*(?:seen from|the same at) .*")

_NAMED = re.compile(r"\s*\S+(?: \S+)?:")
"""How a line begins that is no other's rest: ``gone: id 1``, ``id 1: ...``, ``mend: ...``."""

_ALL = "every database that takes this step"


@dataclass(frozen=True)
class CellLink:
    """A cell by its name, and the id of its element."""

    name: str
    target: str


@dataclass(frozen=True)
class CauseCard:
    """One finding as the page tells it.

    ``title`` is the version to blame, empty for none in particular; ``where`` its file and line.
    ``hits`` says in a phrase which databases are hit, ``waits`` how many cells it blocks. The brief
    texts are for a line or two, in which the page cuts them.
    """

    target: str
    title: str
    headline: str
    where: str
    hits: str
    waits: str
    brief_evidence: str
    brief_advice: str
    evidence: tuple[str, ...]
    advice: tuple[str, ...]
    details: tuple[str, ...]
    closing: tuple[str, ...]
    cells: tuple[CellLink, ...]
    blocked: tuple[CellLink, ...]
    version_target: str


def cause_cards(application: Mapping[str, Any], targets: Targets) -> tuple[CauseCard, ...]:
    """Return a card for each finding of an application, in the report's order."""
    cells = {cell["id"]: cell for cell in application["cells"]}
    titles = {(row["of"], row["id"]): row["title"] for row in application["rows"]}
    versions = {one["version"]: one["title"] for one in application["versions"]}
    return tuple(
        _card(number, finding, targets, cells=cells, titles=titles, versions=versions)
        for number, finding in enumerate(application["findings"])
    )


def _card(
    number: int,
    finding: Mapping[str, Any],
    targets: Targets,
    *,
    cells: Mapping[str, Mapping[str, Any]],
    titles: Mapping[tuple[str, str], str],
    versions: Mapping[int, str],
) -> CauseCard:
    evidence, advice = part_advice(finding["lines"])
    version = finding["version"]
    blocked = [cells[name] for name in finding["blocks"] if name in cells]
    return CauseCard(
        target=targets.finding(number),
        title="" if version is None else versions.get(version, f"{version:04}"),
        headline=finding["headline"],
        where=_where(finding),
        hits=_hits(finding, [cells[name] for name in finding["cells"] if name in cells], titles),
        waits=_waits(blocked, titles),
        brief_evidence=_brief_evidence(evidence),
        brief_advice=_brief_advice(finding, evidence, advice),
        evidence=without_shared_indent(evidence),
        advice=without_shared_indent(advice),
        details=tuple(finding["details"]),
        closing=tuple(finding["closing"]),
        cells=_links(finding["cells"], targets),
        blocked=_links(finding["blocks"], targets),
        version_target=targets.version(version) if version in versions else "",
    )


def _brief_evidence(lines: Sequence[str]) -> str:
    """Return what was seen in one line: what is indented, where anything is."""
    told = [line for line in lines if line.strip() and not _FROM.match(line)]
    shown = [line for line in told if line.startswith(" ")] or told
    return " · ".join(_unwrapped(shown)).replace(": · ", ": ")


def _unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, each with those after it into which its sentence was wrapped."""
    text, before = "", ""
    for line in lines:
        first, *_ = line.split()
        is_full = len(before) + 1 + len(first) > WIDTH and not before.endswith("...")
        if before and not (is_full and not _NAMED.match(line)):
            yield text
            text = ""
        text, before = " ".join([*text.split(), *line.split()]), line.rstrip()
    yield text


def _brief_advice(
    finding: Mapping[str, Any], evidence: Sequence[str], advice: Sequence[str]
) -> str:
    """Return what to do in one line: the advice, what would mend it, or where to look."""
    text = " ".join(" ".join(advice).split())
    if text:
        said = text.startswith("Mend the step")
        return f"mend the step; {text}" if _MEANT in text and not said else text
    mending = [line.strip() for line in evidence if line.lstrip().startswith("mend:")]
    if mending:
        return " · ".join(mending)
    within = advice_within(evidence)
    if within:
        return within
    again = finding["closing"][-1:]
    return ", then ".join([f"mend {_where(finding)}"] * bool(finding["file"]) + again)


def _where(finding: Mapping[str, Any]) -> str:
    """Return the migration's file and line: the one that the evidence names, where it does."""
    file = finding["file"]
    if not file:
        return ""
    told = re.search(rf"{re.escape(file)}:(\d+)", "\n".join(finding["lines"]))
    line = told[1] if told else finding["line"]
    return f"{file}:{line}" if line else str(file)


def _links(names: Iterable[str], targets: Targets) -> tuple[CellLink, ...]:
    return tuple(CellLink(name, targets.cell(name)) for name in names)


def _hits(
    finding: Mapping[str, Any],
    cells: Sequence[Mapping[str, Any]],
    titles: Mapping[tuple[str, str], str],
) -> str:
    stored = list(_titles(cells, titles, of="snapshot"))
    if stored:
        word = "databases" if len(stored) > 1 else "the database"
        return f"{word} stored at {folded_names(stored)}"
    if finding["blocks"]:
        return _ALL
    checks = dict.fromkeys(cell["check"] for cell in cells)
    return "; ".join(dict.fromkeys(_HIT_BY.get(check, _ALL) for check in checks))


def _waits(cells: Iterable[Mapping[str, Any]], titles: Mapping[tuple[str, str], str]) -> str:
    found = list(cells)
    if not found:
        return ""
    stored = list(_titles(found, titles, of="snapshot"))
    lineages = f", {counted(len(stored), 'lineage')} ({folded_names(stored)})" if stored else ""
    return f"blocks {counted(len(found), 'cell')}{lineages}"


def _titles(
    cells: Iterable[Mapping[str, Any]], titles: Mapping[tuple[str, str], str], *, of: str
) -> Iterator[str]:
    rows = dict.fromkeys((cell["of"], cell["row"]) for cell in cells if cell["of"] == of)
    for row in rows:
        yield titles.get(row, row[1])
