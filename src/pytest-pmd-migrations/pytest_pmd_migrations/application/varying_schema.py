"""Find what of a schema is another one in each run: a step writes a time or chance into it."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.timed_run import TimedRun
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.schema import Difference, SchemaDiff, stored_text
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["WRITES_CHANCE", "find_varying_schema", "times_in_schema", "told_varying_schema"]

WRITES_CHANCE = (
    "A step writes a time or a value by chance into its SQL. Let it write what is always the same;"
    " in CREATE TABLE, DEFAULT CURRENT_TIMESTAMP gives each new row its time."
)
"""What to do about a schema that two runs of the same steps make otherwise."""


def find_varying_schema(history: History, version: int, differing: SchemaDiff) -> tuple[str, ...]:
    """Return which objects that differ from fresh differ between two fresh databases, too.

    Each is in words, such as "column notes.made". A second fresh database is built.
    """
    try:
        again = history.difference(history.fresh.built_again.schema(version), version)
    except MigrationTestError:
        # A step that fails once in a while is told where it fails.
        return ()
    varying = {(one.kind, one.object) for one in again.differences}
    # A name that varies is another one in each run.
    kinds = {one.kind for one in again.differences if _is_on_one_side(one)}
    found = (
        f"{one.kind} {one.object}"
        for one in differing.differences
        if (one.kind, one.object) in varying or (_is_on_one_side(one) and one.kind in kinds)
    )
    return tuple(dict.fromkeys(found))


def times_in_schema(history: History, run: TimedRun, version: int) -> tuple[str, ...]:
    """Return which objects name the time of today, which the steps to ``version`` wrote there.

    Each is in words, such as "table notes: '2026-11-29'". Two runs on one day do not differ in it.
    """
    application = history.application
    versions = [v for v in application.versions if run.start.version < v <= version]
    written = b"".join(map(application.text, versions))
    with closing(run.before.connect()) as before, closing(run.after.connect()) as after:
        new = set(stored_text(after)).difference(stored_text(before))
    return tuple(
        f"{kind} {name}: {token.text}"
        for kind, name, *_, sql in sorted(new, key=repr)
        if not history.rules.hides(str(name))
        for token in tokenize(str(sql or ""))
        if token.kind in ("string", "number")
        and run.span.shows(token.value)
        and token.value.encode(errors="surrogateescape") not in written
    )


def told_varying_schema(names: tuple[str, ...]) -> str:
    """Return the sentences about objects that are others in each run; empty where none are."""
    if not names:
        return ""
    return f"Two fresh databases differ in {', '.join(names)}, too. {WRITES_CHANCE}"


def _is_on_one_side(difference: Difference) -> bool:
    return not difference.part and (difference.upgraded is None or difference.fresh is None)
