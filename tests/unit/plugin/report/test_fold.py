"""Folding: what several cells found is told once, and a cause says which cells it blocks."""

from __future__ import annotations

from dataclasses import replace

from pytest_pmd_migrations.checks.model import (
    EVERY_CHECK,
    Finding,
    MigrationRow,
    Note,
    SnapshotRow,
)
from pytest_pmd_migrations.report.fold import fold, whole_message
from pytest_pmd_migrations.report.outcome import BLOCKED, DIED, FAIL, NOTE, OK, SKIP, Outcome
from pytest_pmd_migrations.snapshots.names import SnapshotName

from tests.unit.plugin.report.test_report import key, outcomes, plan, shown

LOST = frozenset({("0002", "rows lost", "notes", "")})
CHANGED = frozenset({("0003", "values changed", "notes", "title")})
STORY = Finding("0003_step.py failed", ("the step to 0003 raised",), 3)
TOLD = replace(STORY, tells=MigrationRow(3))


def lost(row: str, number: int = 1, things: frozenset[tuple[str, ...]] = LOST) -> Outcome:
    finding = Finding(
        f"0002_step.sql: notes lost {number} rows", ("evidence",), 2, things=things, of_step=True
    )
    return Outcome(key(row, "data"), FAIL, findings=(finding,), closing=(f"again: {row}",))


def blocked(row: str, check: str) -> Outcome:
    return Outcome(key(row, check), BLOCKED, findings=(STORY,), blocked_by=MigrationRow(3))


def test_a_finding_of_several_rows_is_told_by_the_first_with_the_list_of_them() -> None:
    found = [lost("0000+u1", 4), lost("0001", 5), lost("0002", 6), lost("0003", 7)]
    folded = fold(plan(), found)
    assert folded.messages == {
        key("0000+u1", "data"): (
            "0002_step.sql: notes lost 4 rows\n"
            "\n"
            "  seen from 0000+u1, 0001..0003 (numbers of 0000+u1)\n"
            "\n"
            "evidence\n"
            "\n"
            "again: 0000+u1"
        )
    }
    assert folded.repeats == {
        key(row, "data"): (key("0000+u1", "data"),) for row in ("0001", "0002", "0003")
    }


def test_a_cell_with_something_of_its_own_tells_that_and_names_the_cell_for_the_rest() -> None:
    other = Finding("0003_step.sql: notes.title changed", ("more",), 3, things=CHANGED)
    lost_more = replace(lost("0001").findings[0], headline="0002_step.sql: tags lost 2 rows")
    findings = (lost("0002").findings[0], other, lost_more)
    both = Outcome(key("0002", "data"), FAIL, findings=findings, closing=("again",))
    folded = fold(plan(), [lost("0001"), both])
    assert folded.repeats == {}
    assert folded.messages[both.cell] == (
        "0003_step.sql: notes.title changed\n"
        "\n"
        "more\n"
        "\n"
        "told by migrations::0001..0003[data]:\n"
        "  0002_step.sql: notes lost 1 rows\n"
        "  0002_step.sql: tags lost 2 rows\n"
        "\n"
        "again"
    )


def test_a_finding_with_a_part_of_what_was_told_is_not_told_again() -> None:
    first, second = lost("0001", things=LOST | CHANGED), lost("0002", things=CHANGED)
    assert set(fold(plan(), [first, second]).repeats) == {second.cell}
    assert fold(plan(), [second, first]).repeats == {}


def test_findings_of_other_checks_and_findings_without_a_thing_are_always_told() -> None:
    schema = Outcome(key("0001", "schema"), FAIL, findings=lost("0001").findings)
    nothing = [lost("0002", things=frozenset()), lost("0003", things=frozenset())]
    folded = fold(plan(), [schema, lost("0001"), *nothing])
    assert (len(folded.messages), folded.repeats) == (4, {})


def test_a_cell_alone_tells_the_whole_story() -> None:
    assert whole_message(lost("0002")) == (
        "0002_step.sql: notes lost 1 rows\n\n  seen from 0002\n\nevidence\n\nagain: 0002"
    )


def test_a_cause_says_how_many_cells_it_blocks_and_which() -> None:
    of = plan()
    telling = Outcome(key("0003", "again"), FAIL, findings=(TOLD,))
    rows = ("0000+u1", "0001", "0002", "0003")
    cells = [blocked(row, check) for row in rows for check in ("schema", "data")]
    found = [*cells, telling, blocked("0003", "frozen")]
    assert fold(of, found).messages[telling.cell].split("\n")[2:] == [
        "the step to 0003 raised",
        "",
        "  blocks 9 cells: every lineage (4); its own frozen",
        "",
    ]
    assert fold(of, [cells[0], cells[2], telling]).messages[telling.cell].split("\n")[4:] == [
        "  blocks 2 cells: the lineages of 0000+u1, 0001",
        "",
    ]
    later = Outcome(key("0002", "again"), FAIL, findings=(TOLD,))
    assert fold(of, [later, *found[-1:]]).messages[later.cell].split("\n")[4:] == [
        "  blocks 1 cell: frozen of 0003",
        "",
    ]


def test_the_grid_shows_who_tells_and_who_blocks() -> None:
    of = plan()
    telling = Outcome(key("0003", "again"), FAIL, findings=(TOLD,))
    changed = [
        *(blocked(row, "schema") for row in ("0000+u1", "0001", "0002", "0003")),
        *(lost(row) for row in ("0001", "0002", "0003")),
        telling,
        blocked("0003", "frozen"),
    ]
    found = outcomes(of, **{str(n): outcome for n, outcome in enumerate(changed)})
    assert shown([of], found) == [
        "  snapshots    schema    data",
        "  0000+u1      blocked   ok        by 0003",
        "  0001         blocked   FAIL      by 0003",
        "  0002..0003   blocked   FAIL      by 0003, as 0001 (2 rows alike)",
        "",
        "  migrations   again     frozen",
        "  0001..0002   ok        ok        (2 rows alike)",
        "  0003         FAIL      blocked",
        "",
        "2 failed, 2 more like them, 5 blocked by them, 5 ok in 0.84s",
    ]


def test_a_cause_that_no_cell_tells_is_told_by_the_summary() -> None:
    of = plan()
    passed = Outcome(key("0003", "again"), OK)
    for own in (passed, Outcome(passed.cell, SKIP)):
        found = [blocked("0001", "schema"), own]
        assert fold(of, found).untold == (found[0],)
        ok = "1 ok" if own is passed else "1 skipped"
        assert shown([of], found)[-4:] == [
            "0003_step.py failed, which no cell that was run tells",
            "the step to 0003 raised",
            "",
            f"1 blocked, {ok} of 14 in 0.84s",
        ]
    died = [blocked("0001", "schema"), Outcome(passed.cell, DIED)]
    assert fold(of, died).untold == (died[0],)


def test_what_two_cells_tell_together_names_both_and_is_seen_by_both() -> None:
    first, second = lost("0001", 1, LOST), lost("0002", 2, CHANGED)
    both = lost("0003", 3, LOST | CHANGED)
    folded = fold(plan(), [first, second, both])
    assert folded.repeats == {both.cell: (first.cell, second.cell)}
    assert "  seen from 0001, 0003 (numbers of 0001)\n" in folded.messages[first.cell]
    assert "  seen from 0002, 0003 (numbers of 0002)\n" in folded.messages[second.cell]
    of = plan()
    found = outcomes(of, a=first, b=second, c=both)
    assert "  0003        ok        FAIL      as 0001, 0002" in shown([of], found)


def test_a_finding_with_something_new_is_told_whole_and_counts_for_what_was_told() -> None:
    first, more = lost("0001", 1, LOST), lost("0002", 2, LOST | CHANGED)
    folded = fold(plan(), [first, more])
    assert folded.repeats == {}
    assert "  seen from 0001, 0002 (numbers of 0001)\n" in folded.messages[first.cell]
    assert "  seen from 0002\n" in folded.messages[more.cell]


def test_what_an_expected_failure_found_is_told_by_the_next_cell() -> None:
    expected = lost("0001").as_reported(failed=False)
    assert (expected.status, expected.findings) == (SKIP, ())
    assert set(fold(plan(), [expected, lost("0002"), lost("0003")]).messages) == {
        key("0002", "data")
    }
    assert Outcome(key("0001", "data"), OK).as_reported(failed=True).status == FAIL
    assert lost("0001").as_reported(failed=True) == lost("0001")


def test_a_thing_of_every_check_is_told_once_for_all_of_them() -> None:
    things = frozenset({(EVERY_CHECK, "SourceError", "boo")})
    finding = Finding("boo", things=things)
    schema, data = (
        Outcome(key("0001", check), FAIL, findings=(finding,)) for check in ("schema", "data")
    )
    assert fold(plan(), [schema, data]).repeats == {data.cell: (schema.cell,)}


def test_a_row_names_no_other_where_its_own_cell_tells_it_and_no_title_twice() -> None:
    things = frozenset({(EVERY_CHECK, "SourceError", "boo")})
    cells = [key("0001", "schema"), key("0001", "data"), key("0001", "again"), key("0003", "again")]
    finding = Finding("boo", things=things)
    found = [Outcome(cell, FAIL, findings=(finding,)) for cell in cells]
    of = plan()
    folded = fold(of, found)
    assert "  seen from 0001, 0003 (numbers of 0001)" in folded.messages[cells[0]].split("\n")
    lines = shown([of], outcomes(of, **{str(n): outcome for n, outcome in enumerate(found)}))
    assert "  0001         FAIL      FAIL" in lines
    assert "  0003         FAIL      ok        as snapshot 0001" in lines


def test_cells_of_one_row_that_are_blocked_are_told_apart_by_their_checks() -> None:
    of = plan()
    telling = Outcome(key("0002", "again"), FAIL, findings=(TOLD,))
    found = [
        blocked("0001", "schema"),
        blocked("0002", "schema"),
        blocked("0002", "data"),
        telling,
        blocked("0002", "frozen"),
        blocked("0003", "again"),
        blocked("0003", "frozen"),
    ]
    assert fold(of, found).messages[telling.cell].split("\n")[4:6] == [
        "  blocks 6 cells: schema of the lineages of 0001; the lineages of 0002; its",
        "    own frozen; again, frozen of 0003",
    ]


def test_notes_that_the_same_command_sees_to_are_one() -> None:
    command = "pmd-migrations snapshot"
    snapshot = Note(SnapshotRow(SnapshotName(3)), "no snapshot yet", command)
    line = Note(MigrationRow(3), "not in frozen.toml yet", command)
    older = Note(MigrationRow(2), "not in frozen.toml yet", command)
    found = outcomes(
        plan(),
        a=Outcome(key("0003", "schema"), NOTE, (snapshot,)),
        b=Outcome(key("0003", "frozen"), NOTE, (line,)),
        c=Outcome(key("0002", "frozen"), NOTE, (older,)),
    )
    assert shown([plan()], found)[:-1] == [
        f"note 0003: no snapshot yet.  {command}",
        f"note 0002: not in frozen.toml yet.  {command}",
    ]


def test_labels_stand_at_the_ends_of_versions_in_a_row_and_in_no_remark() -> None:
    of = plan()
    rows = [SnapshotRow(SnapshotName(n), f"9c1f0a{n}") for n in (1, 2, 3)]
    found = [
        one._replace(cell=one.cell._replace(row=row)) for row in rows for one in [lost("0001")]
    ]
    first, *others = found
    own = {one.cell: one for one in found}
    labelled = of._replace(snapshot_rows=tuple(rows), cells=tuple(own))
    folded = fold(labelled, found)
    text = "  seen from 0001 9c1f0a1..0003 9c1f0a3 (numbers of 0001 9c1f0a1)\n"
    assert text in folded.messages[first.cell]
    assert {*folded.repeats} == {one.cell for one in others}
    line = "  0002 9c1f0a2..0003 9c1f0a3   none      FAIL      as 0001 (2 rows alike)"
    assert line in shown([labelled], found)


def test_a_row_names_once_which_others_tell_what_its_checks_found() -> None:
    schema = lost("0001")._replace(cell=key("0001", "schema"))
    found = [schema, lost("0002"), schema._replace(cell=key("0003", "schema")), lost("0003")]
    of = plan()
    lines = shown([of], outcomes(of, **{f"n{n}": one for n, one in enumerate(found)}))
    assert "  0003        FAIL      FAIL      as 0001, 0002" in lines
