"""The check ``statements``: every database must prepare the SQL that the application runs.

Prevents the accident that migrations alone do not show: a column was renamed or dropped, every
database arrives at latest, and the application's own statements no longer fit any of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Literal, NamedTuple

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.new_migration import how_to_begin
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.checks.model import (
    Check,
    Finding,
    LineageRecord,
    Repeating,
    Row,
    Verdict,
)
from pytest_pmd_migrations.checks.sharing import shares_always
from pytest_pmd_migrations.errors import HOW_TO_PREPARE
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import counted, headline, wrap_text
from pytest_pmd_migrations.schema.reading.tokens import tokenize
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["STATEMENTS"]

Cause = Literal["text", "application", "schema"]
"""The part to be changed: the statement's text, what the application adds, or the schema."""


class PrepareError(NamedTuple):
    """Why one statement does not prepare: what SQLite says of it, and what would mend it."""

    text: str
    cause: Cause


Errors = Mapping[str, PrepareError]
"""The statements that do not prepare, by their names."""

_LONGEST_SQL = 4
_EMPTY = PrepareError("it is empty; expected one SQL statement", "text")
_SEVERAL = PrepareError("it holds several statements; expected one. Name each by itself", "text")
_OF_THE_TEXT = ("near ", "incomplete input", "unrecognized token", "the query")
"""How SQLite's messages begin that no schema could mend."""
_ONLY_IN_THE_APPLICATION = ("no such function", "no such collation", "no such module")


class _PreparedError(Exception):
    """Raised where a statement's values are asked for: by then SQLite has prepared it."""


class _Values:
    """A sequence of values that tells when it is asked for one: it has none to give."""

    def __len__(self) -> int:
        raise _PreparedError

    def __getitem__(self, index: int) -> None:
        raise _PreparedError


def _watch(history: History) -> Callable[[Step], Errors]:
    """Prepare the statements where the lineage has arrived at latest."""

    def observe(step: Step) -> Errors:
        return _errors(history, step.after) if step.version == history.application.latest else {}

    return Repeating(observe)


def _errors(history: History, image: Image) -> Errors:
    """Return why statements do not prepare on a private copy of that database."""
    found = {}
    with closing(image.connect()) as conn:
        for name, sql in history.application.statements.items():
            error = _why_not(conn, image, sql)
            if error:
                found[name] = error
    return found


def _why_not(conn: sqlite3.Connection, image: Image, sql: str) -> PrepareError | None:
    """Return why SQLite cannot prepare one statement, None when it can; nothing is executed."""
    first = next(iter(tokenize(sql)), None)
    if first is None:
        return _EMPTY
    if first.is_word("PRAGMA"):
        # Some pragmas take effect when they are prepared (https://www.sqlite.org/pragma.html):
        # on a copy of its own such a one does not decide what the next statement may do.
        with closing(image.connect()) as own:
            return _prepare(own, f"EXPLAIN {sql}")
    # No statement begins with QUERY, but EXPLAIN before it would make one of what follows.
    return _prepare(conn, sql if first.is_word("EXPLAIN", "QUERY") else f"EXPLAIN {sql}")


def _prepare(conn: sqlite3.Connection, sql: str) -> PrepareError | None:
    try:
        conn.execute(sql, _Values())
    except _PreparedError:
        return None
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        # Python 3.11 has a Warning where later ones have a ProgrammingError.
        text = str(error)
        if "one statement at a time" in text:
            return _SEVERAL
        return PrepareError(text, _cause(text))
    raise TypeError("sqlite3 executed a statement without asking for its parameters")


def _cause(message: str) -> Cause:
    """Return what would mend a statement of which SQLite says this."""
    if message.startswith(_OF_THE_TEXT):
        return "text"
    if message.startswith(_ONLY_IN_THE_APPLICATION):
        return "application"
    return "schema"


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[Errors]]) -> Verdict:
    record = lineages[0]
    latest, statements = history.application.latest, history.application.statements
    upgraded = record.seen[latest]
    fresh = _errors(history, history.fresh.image(latest))
    if not (upgraded or fresh):
        return Verdict(image=record.last)
    target = history.application.title(latest)
    stored = record.start.version == latest
    here = f"stored {row.title}" if stored else f"{row.title} upgraded to {target}"
    names = [name for name in statements if name in upgraded or name in fresh]
    what = counted(len(names), "statement does", plural="statements do")
    lines: list[str] = []
    for name in names:
        told = _errors_told(name, upgraded, fresh, here, target)
        lines.extend((*wrap_text(name, indent="  "), *told))
        lines.extend(("", *_shown(statements[name]), ""))
    mend = _mend(upgraded, fresh, row, history.application)
    things = frozenset(
        (name, *(found[name].text if name in found else "" for found in (upgraded, fresh)))
        for name in names
    )
    head = headline(f"{here}: {what} not prepare")
    finding = Finding(head, (*lines, *mend), latest, things=things)
    return Verdict((finding.showing_no_rows(),), image=record.last)


def _errors_told(
    name: str, upgraded: Errors, fresh: Errors, here: str, target: str
) -> Iterator[str]:
    """Yield SQLite's error and the databases that give it, one after the other."""
    errors = [(here, upgraded.get(name)), (f"fresh {target}", fresh.get(name))]
    if errors[0][1] == errors[1][1]:
        errors = [(f"{here}, and fresh {target}", errors[0][1])]
    for database, error in errors:
        said = error.text if error else "it prepares"
        yield from wrap_text(f"{database}: {said}", indent="    ", hanging="  ")


def _shown(sql: str) -> Iterator[str]:
    """Yield a statement as it was given, without the indentation of its file; its beginning."""
    visible = (char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in sql)
    lines = [" ".join(line.split()) for line in "".join(visible).split("\n") if line.strip()]
    for line in lines[:_LONGEST_SQL]:
        yield from wrap_text(line, indent="      ", hanging="  ")
    if len(lines) > _LONGEST_SQL:
        yield f"      ({counted(len(lines) - _LONGEST_SQL, 'more line')})"


def _mend(upgraded: Errors, fresh: Errors, row: Row, application: Application) -> Iterator[str]:
    causes = {error.cause for error in (*upgraded.values(), *fresh.values())}
    if "application" in causes:
        yield from wrap_text(
            "What the application adds to its own connections (functions, collations, modules) is"
            f" not there. Name the function that adds it: {HOW_TO_PREPARE}. Or leave a statement"
            " that needs it out of pytest_migration_statements."
        )
        yield ""
    if "text" in causes:
        yield "Mend a text that is not one statement where it is written."
    if causes == {"text"}:
        return
    if upgraded.keys() == fresh.keys():
        target = application.title(application.latest)
        yield f"Make the statement fit the schema of {target}, or add what it needs:"
    else:
        yield from wrap_text(
            f"{row} and a fresh database end with other schemas: see the cell"
            f" {row}..{format_version(application.latest)}[schema]. Make them alike:"
        )
    yield f"  {how_to_begin(application, 'describe the change')}"


STATEMENTS = Check(
    "statements",
    "snapshot",
    _watch,
    _judge,
    applies=lambda history: bool(history.application.statements),
    shares=shares_always,
)
