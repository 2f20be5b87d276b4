"""A loss of power leaves synced content for certain; later writes may be there."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.faults.kinds.power.simulated_files import Returned, files_after
from pytest_pmd_migrations.faults.kinds.power.states import SECTOR, power_states
from pytest_pmd_migrations.faults.vfs.operations import Delete, Open, Sync, Truncate, Write

DB, JOURNAL = "", "-journal"
OLD, NEW = b"o" * SECTOR, b"n" * SECTOR


def states(operations, start=None):
    return [(state.files, state.kept) for state in power_states(start or {DB: OLD}, operations)]


def files(operations, start=None):
    return [found for found, _ in states(operations, start)]


def test_a_write_that_is_not_synced_may_be_there_or_not():
    both = (Write(DB, 0, NEW), Write(DB, SECTOR, NEW))
    assert files(both) == [{DB: NEW}, {DB: NEW + NEW}, {DB: OLD + NEW}]


def test_a_write_of_several_sectors_may_be_torn_between_them():
    write = Write(DB, 0, NEW * 4)
    assert states([write]) == [
        ({DB: NEW * 4}, "everything"),
        ({DB: NEW * 2}, "everything, the last write torn"),
    ]


def test_what_was_synced_stays():
    found = files([Write(DB, 0, NEW), Sync(DB), Write(DB, SECTOR, NEW)])
    assert found == [{DB: NEW}, {DB: NEW + NEW}]


def test_one_file_may_reach_the_disk_and_another_not():
    found = files([Write(JOURNAL, 0, OLD), Write(DB, 0, NEW)])
    assert {DB: NEW} in found


def test_after_a_journal_is_deleted_the_database_may_lack_its_last_writes():
    writes = [Write(DB, n * SECTOR, NEW) for n in range(3)]
    found = files([Write(JOURNAL, 0, OLD), *writes, Delete(JOURNAL, durable=False)])
    assert {DB: NEW} in found
    assert {DB: NEW * 2} in found


def test_a_deleted_journal_may_come_back_until_the_folder_is_synced():
    begin = [Open(JOURNAL), Write(JOURNAL, 0, OLD), Sync(JOURNAL), Write(DB, 0, NEW), Sync(DB)]
    back = {DB: NEW, JOURNAL: OLD}
    after = files([*begin, Delete(JOURNAL, durable=False), Returned()])
    assert after[-2:] == [back, {DB: NEW}]
    durable = files([*begin, Delete(JOURNAL, durable=True), Returned()])
    assert durable[-1] == {DB: NEW}
    assert durable[-2] != back
    next_journal = [Open(JOURNAL), Write(JOURNAL, 0, NEW), Sync(JOURNAL)]
    later = [Write(DB, SECTOR, NEW)]
    settled = files([*begin, Delete(JOURNAL, durable=False), *next_journal, *later])
    assert settled[-1] == {DB: NEW + NEW, JOURNAL: NEW}


def test_a_cut_file_is_shorter_and_a_lengthened_one_holds_zeros():
    assert files([Truncate(DB, 10), Sync(DB)]) == [{DB: OLD[:10]}]
    assert files([Truncate(DB, SECTOR + 2)]) == [{DB: OLD + b"\0\0"}]


def test_states_before_a_report_are_told_again_after_it():
    found = list(power_states({DB: OLD}, [Write(DB, 0, NEW), Returned()]))
    assert [(state.files[DB], state.last) for state in found] == [(NEW, 0), (OLD, 1), (NEW, 1)]


def test_of_many_writes_only_some_are_struck():
    writes = [Write(DB, n * SECTOR, NEW) for n in range(300)]
    assert 128 <= len(files(writes)) <= 3 * 128


@st.composite
def runs(draw):
    """Writes of one sector each, to sectors of their own, and syncs."""
    operations = []
    for number in range(draw(st.integers(1, 12))):
        path = draw(st.sampled_from([DB, JOURNAL]))
        if draw(st.booleans()):
            operations.append(Sync(path))
        operations.append(Write(path, number * SECTOR, bytes([number + 1]) * SECTOR))
    return operations


@given(runs())
@settings(max_examples=60, deadline=None)
def test_every_state_holds_what_was_synced_and_nothing_from_later(operations):
    found = list(power_states({}, operations))
    for state in found:
        done = operations[: state.last + 1]
        for number, operation in enumerate(operations):
            if isinstance(operation, Sync):
                continue
            at = slice(operation.offset, operation.offset + SECTOR)
            there = state.files.get(operation.path, b"")[at] == operation.data
            if Sync(operation.path) in done[number:]:
                assert there
            if number > state.last:
                assert not there
    assert found[-1].files == files_after({}, operations) or isinstance(operations[-1], Write)
    assert len({tuple(sorted(state.files.items())) for state in found}) == len(found)
