"""Write the lines of a message on a struck point: where it is, what is left, what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pytest_pmd_migrations.faults.values import LEFT_WORDS, NEVER_BACK, Mode, StruckPoint
from pytest_pmd_migrations.messages.wording import counted, width, wrap_text
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["advice", "counts", "describe", "untried_words"]

_SHOWN = 6
_MODES: dict[Mode, str] = {"rollback": "rollback journal", "wal": "write-ahead log"}

_ONE_TRANSACTION = (
    "Usually the runner commits between statements. Begin one transaction a step (BEGIN"
    " IMMEDIATE), set the version inside it, and commit once; sqlite3's executescript(),"
    ' "with conn:" and commit() end it by themselves.'
)
_GIVE_UP = "The runner waits or tries again for ever. Let it give up after some time, and raise."
_BY_LEFT = {
    "lied": "The runner reports success for what was not kept. Let the error of a statement and"
    " of the commit leave it, and commit before it returns.",
    "hung": _GIVE_UP,
}
_BY_KIND = {
    "interleave": "Two programs that open one database at a time must both succeed: begin with"
    " BEGIN IMMEDIATE, and read the version again inside it, before each step.",
    "power": "What was reported as done was not on the disk. Leave PRAGMA synchronous at FULL (or"
    " at NORMAL with a write-ahead log), and journal_mode at DELETE or WAL.",
}


def describe(struck: StruckPoint, database_name: str) -> tuple[str, ...]:
    """Return the lines on one fault in a database: where it struck, what it left."""
    point = struck.point
    lines = [f"  upgraded from {database_name}, {_MODES[point.mode]}"]
    where = point.where + (":" if point.sql else "")
    lines.extend(wrap_text(where, indent="  ", hanging="  "))
    if point.sql:
        lines.append(f"    {_cut(point.sql, width() - 4)}")
    if struck.said:
        lines.extend(wrap_text(f"the run {struck.said}", indent="  ", hanging="  "))
    lines.extend(_reopened_lines(struck))
    if struck.retry:
        lines.extend(wrap_text(f"a plain retry {struck.retry}", indent="  ", hanging="  "))
    elif struck.left == "torn":
        lines.append("  a plain retry mends it")
    return tuple(lines)


def _reopened_lines(struck: StruckPoint) -> Iterator[str]:
    if struck.left == "hung":
        yield "  it did not come back"
        return
    at = "reopened"
    if struck.version is not None:
        at = f"reopened at version {format_version(struck.version)}"
    yield f"  {at}" + (":" if struck.differences else "")
    for line in struck.differences[:_SHOWN]:
        yield f"    {_cut(line, width() - 4)}"
    if len(struck.differences) > _SHOWN:
        yield f"    and {counted(len(struck.differences) - _SHOWN, 'more line')}"


def advice(struck: StruckPoint, own: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the lines on what usually mends a runner that left this.

    ``own`` are those of the runner that was struck, where it is one that has advice of its own on
    how a step becomes one transaction.
    """
    kind, left = struck.point.kind, struck.left
    if struck.retry == NEVER_BACK:
        return wrap_text(_GIVE_UP)
    if own and kind != "power" and left not in _BY_LEFT:
        return tuple(own)
    return wrap_text(_BY_KIND.get(kind) or _BY_LEFT.get(left) or _ONE_TRANSACTION)


def counts(points: Iterable[StruckPoint]) -> str:
    """Return ``"73 faults, 0 broken (crash 40, deny 33)"``, or how many of each are broken."""
    given = list(points)
    every = [one for one in given if one.left != "missed"]
    broken = Counter(one.left for one in every if one.broken)
    kinds = _counted_words(one.point.kind for one in every)
    missed = _missed(given)
    if not broken:
        shown = f" ({kinds})" if kinds else ""
        return f"{counted(len(every), 'fault')}, 0 broken{shown}{missed}"
    words = ", ".join(f"{broken[word]} {word}" for word in LEFT_WORDS if broken[word])
    by_kind = _counted_words(one.point.kind for one in every if one.broken)
    return f"{broken.total()} of {counted(len(every), 'fault')}: {words} ({by_kind}){missed}"


def untried_words(points: int, upgrades: int = 0) -> str:
    """Return what was not tried after the third point that hung, as a sentence."""
    left = [counted(points, "point")]
    if upgrades:
        left.append(f"{counted(upgrades, 'more upgrade')}")
    return f"Not tried after the third point that hung: {' and '.join(left)}."


def _missed(points: Iterable[StruckPoint]) -> str:
    """Return how many points no fault can hit, and of which kinds; empty where none."""
    kinds = [one.point.kind for one in points if one.left == "missed"]
    if not kinds:
        return ""
    return (
        f"; {counted(len(kinds), 'point')} left out, with nothing to hit ({_counted_words(kinds)})"
    )


def _counted_words(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {number}" for word, number in Counter(words).items())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
