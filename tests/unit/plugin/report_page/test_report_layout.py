"""Laws of the layers in which tables are placed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.report_page.layout import lay_out_tables

TABLES = [f"t{number}" for number in range(12)]
REFERENCES = st.dictionaries(
    st.sampled_from(TABLES), st.sets(st.sampled_from([*TABLES, "elsewhere"]), max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(REFERENCES, st.randoms(use_true_random=False))
def test_each_table_has_one_place_of_its_own_and_references_pass_every_layer(references, random):
    placed = lay_out_tables(references)
    assert placed.tables.keys() == references.keys()
    taken = [*placed.tables.values(), *(one for way in placed.passes.values() for one in way)]
    assert len(taken) == len({*taken})
    for table, parents in references.items():
        for parent in parents & references.keys() - {table}:
            way = placed.passes.get((table, parent), ())
            row = [placed.tables[table], *way, placed.tables[parent]]
            steps = {abs(two[0] - one[0]) for one, two in pairwise(row)}
            assert steps <= {1} or (not way and steps == {0})
    mixed = [*references.items()]
    random.shuffle(mixed)
    assert lay_out_tables(dict(mixed)) == placed


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_what_is_referred_to_stands_left_where_there_is_no_circle(pairs):
    references = {table: set() for table in TABLES}
    for one, other in pairs:
        if one != other:
            references[TABLES[max(one, other)]].add(TABLES[min(one, other)])
    placed = lay_out_tables(references).tables
    linked = {*references} & {name for key in references for name in (key, *references[key])}
    for table, parents in references.items():
        for parent in parents:
            assert placed[parent][0] < placed[table][0]
    alone = {table for table, (layer, _) in placed.items() if layer == -1}
    assert alone == {
        table
        for table in linked
        if not references[table] and not any(table in parents for parents in references.values())
    }


def test_a_tree_is_drawn_without_any_crossing():
    references = {f"n{number}": {f"n{(number - 1) // 3}"} for number in range(1, 40)} | {
        "n0": set()
    }
    placed = lay_out_tables(references).tables
    lines = [
        (placed[parent], placed[table])
        for table, parents in references.items()
        for parent in parents
    ]
    crossings = [
        (one, other)
        for one in lines
        for other in lines
        if one[0][0] == other[0][0] and one[0][1] < other[0][1] and one[1][1] > other[1][1]
    ]
    assert crossings == []


def test_tables_that_refer_to_each_other_are_placed_all_the_same():
    placed = lay_out_tables({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"d"}})
    assert {placed.tables[name][0] for name in "abc"} == {0, 1, 2}
    assert placed.tables["d"][0] == -1
