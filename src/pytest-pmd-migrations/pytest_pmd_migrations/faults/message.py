"""What a fault did, told as a story: where it struck, what was found after it, how to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pytest_pmd_migrations.faults.values import VERDICTS, Judged, Mode
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import WIDTH, counted, wrap_text

__all__ = ["advice", "counts", "story"]

_SHOWN = 6
_MODES: dict[Mode, str] = {"rollback": "rollback journal", "wal": "write-ahead log"}

_ONE_TRANSACTION = (
    "Usually the runner commits between statements. Begin one transaction a step (BEGIN"
    " IMMEDIATE), set the version inside it, and commit once; sqlite3's executescript(),"
    ' "with conn:" and commit() end it by themselves.'
)
_BY_VERDICT = {
    "lied": "The runner reports success for what was not kept. Let the error of a statement and"
    " of the commit leave it, and commit before it returns.",
    "hung": "The runner waits or tries again for ever. Let it give up after some time, and raise.",
}
_BY_KIND = {
    "interleave": "Two programs that open one database at a time must both succeed: begin with"
    " BEGIN IMMEDIATE, and read the version again inside it, before each step.",
    "power": "What was reported as done was not on the disk. Leave PRAGMA synchronous at FULL (or"
    " at NORMAL with a write-ahead log), and journal_mode at DELETE or WAL.",
}


def story(judged: Judged, label: str) -> tuple[str, ...]:
    """Return the lines that tell what one fault did to the database ``label``."""
    point = judged.point
    lines = [f"  upgraded from {label}, {_MODES[point.mode]}"]
    place = point.place + (":" if point.sql else "")
    lines.extend(wrap_text(place, indent="  ", hanging="  "))
    if point.sql:
        lines.append(f"    {_cut(point.sql, WIDTH - 4)}")
    if judged.outcome:
        lines.extend(wrap_text(f"the run {judged.outcome}", indent="  ", hanging="  "))
    lines.extend(_reopened(judged))
    if judged.retry:
        lines.extend(wrap_text(f"a plain retry {judged.retry}", indent="  ", hanging="  "))
    elif judged.verdict == "torn":
        lines.append("  a plain retry mends it")
    return tuple(lines)


def _reopened(judged: Judged) -> Iterator[str]:
    if judged.verdict == "hung":
        yield "  it did not come back"
        return
    at = "reopened"
    if judged.version is not None:
        at = f"reopened at version {format_version(judged.version)}"
    yield f"  {at}" + (":" if judged.differences else "")
    for line in judged.differences[:_SHOWN]:
        yield f"    {_cut(line, WIDTH - 4)}"
    if len(judged.differences) > _SHOWN:
        yield f"    and {counted(len(judged.differences) - _SHOWN, 'more line')}"


def advice(judged: Judged) -> tuple[str, ...]:
    """Return what usually mends it, in lines."""
    kind, verdict = judged.point.kind, judged.verdict
    return wrap_text(_BY_KIND.get(kind) or _BY_VERDICT.get(verdict) or _ONE_TRANSACTION)


def counts(judged: Iterable[Judged]) -> str:
    """Return ``"73 faults, 0 broken (crash 40, deny 33)"``, or how many of each are broken."""
    found = list(judged)
    broken = Counter(one.verdict for one in found if one.broken)
    kinds = _counted_words(one.point.kind for one in found)
    if not broken:
        return f"{counted(len(found), 'fault')}, 0 broken ({kinds})"
    words = ", ".join(f"{broken[word]} {word}" for word in VERDICTS if broken[word])
    by_kind = _counted_words(one.point.kind for one in found if one.broken)
    return f"{broken.total()} of {counted(len(found), 'fault')}: {words} ({by_kind})"


def _counted_words(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {number}" for word, number in Counter(words).items())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
