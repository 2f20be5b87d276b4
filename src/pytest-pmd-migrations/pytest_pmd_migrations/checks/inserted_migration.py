"""Judge a migration that its runner applies to a new database before older, released ones.

It was inserted into an older branch: databases that have the released ones meet it afterwards, or
never. Or it stands in one of two branches, and the runner takes the other one first.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Finding, Note, Row, Verdict
from pytest_pmd_migrations.checks.moved_migration import changes_of
from pytest_pmd_migrations.checks.schema import ORDER_MATTERS
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.sources.applied.current_version import applies_a_set
from pytest_pmd_migrations.sources.applied.recorded_order import inserted_before

__all__ = ["judge_inserted"]

_LABELS = ("new database", "step by step")


def judge_inserted(history: History, row: Row) -> Verdict | None:
    """Return the verdict on an inserted migration, None where the other questions are to be asked.

    A runner that applies a set applies it to every database: that is a note until its snapshot is
    stored, unless a new database ends otherwise. One that only goes up never does: a finding.
    """
    application, version = history.application, row.version
    later = inserted_before(application.source, version)
    lines = history.store.lock_file.versions
    if later is None or later not in lines or not lines[later].released:
        return None
    name, title = application.step_name(version), application.title(later)
    head = f"{name} was inserted before a release"
    things = changes_of(version)
    if not applies_a_set(application.source):
        told = wrap_text(
            f"{title} is released and comes after it: the runner applies what is above the highest"
            f" one, so that databases at {title} never get {row.title}."
        )
        mend = "Let it come after the newest release."
        finding = Finding(headline(head), (*told, "", mend), version, things=things)
        return Verdict((finding.showing_no_rows(),))
    difference = history.fresh_in_one_go
    if difference:
        is_released = version in lines and lines[version].released
        if is_released:
            head = f"{name} comes earlier in a new database"
        told = wrap_text(
            f"A new database gets it before {title}, a released one after it, and they end with"
            " different schemas:"
        )
        shown = (f"  {line}" for line in diff_lines(difference, labels=_LABELS))
        mended = _mend(is_released=is_released, only_order=difference.verdict == "order")
        finding = Finding(headline(head), (*told, *shown, *mended), version, things=things)
        return Verdict((finding.showing_no_rows(),))
    if version in lines:
        return None
    text = f"comes before {title} in a new database, and after it in a released one"
    note = Note(row, text, "pmd-migrations snapshot")
    return Verdict(notes=(note.showing_no_rows(),))


def _mend(*, is_released: bool, only_order: bool) -> Iterator[str]:
    """Yield the lines that say what to do where new databases end otherwise; one is blank first."""
    if only_order:
        yield from ("", *wrap_text(ORDER_MATTERS))
    if not is_released:
        what = "Let it come after the newest release."
    elif only_order:
        what = "Else let a new migration rebuild the table, for all to have one order."
    else:
        what = "Both are released and stay as they are: let a new migration make the schemas alike."
    yield from ("", *wrap_text(what))
