"""Place tables in layers so that foreign keys point one way and few of their curves cross.

The layers are those of Sugiyama, Tagawa and Toda (1981): what nobody refers to stands farthest
right, what a table refers to left of it. How high a table is drawn is not asked here: the page
stacks the tables of a layer that it shows, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Placed", "lay_out_tables"]

_SWEEPS = 8

_Place = tuple[int, int]
"""A layer, counted from the left, and a place in it, counted from above."""

_Node = str | tuple[str, str, int]
"""What stands in a layer: a table, or where a reference of a table to another passes through it."""


@dataclass(frozen=True)
class Placed:
    """Where tables stand: ``tables`` has the place of each, in layer -1 where nothing links it.

    ``passes`` has the places in the layers between, from table to parent, of each reference (table,
    parent) between layers that are no neighbours: there its curve passes the tables.
    """

    tables: Mapping[str, _Place]
    passes: Mapping[tuple[str, str], tuple[_Place, ...]]


def lay_out_tables(references: Mapping[str, Iterable[str]]) -> Placed:
    """Return where each table stands.

    ``references`` has every table, with the tables that it refers to; those that are no table of
    it, and itself, are left out. The same tables and references are placed in the same way, in
    whichever order they are given.
    """
    parents = {
        table: sorted({*references[table]} & references.keys() - {table})
        for table in sorted(references)
    }
    children: dict[str, list[str]] = {table: [] for table in parents}
    for table, above in parents.items():
        for parent in above:
            children[parent].append(table)
    linked = [table for table in parents if parents[table] or children[table]]
    layer_of: dict[_Node, int] = {}
    layer_of.update(_layers(linked, parents, children).items())
    neighbours: dict[_Node, list[_Node]] = {}
    ways = {
        (table, parent): _way(table, parent, layer_of, neighbours)
        for table in _by_neighbourhood(linked, parents, children)
        for parent in parents[table]
    }
    layers: list[list[_Node]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for node in neighbours:
        layers[layer_of[node]].append(node)
    places: dict[_Node, _Place] = {}
    for layer, nodes in enumerate(_fewest_crossings(layers, layer_of, neighbours)):
        places.update({node: (layer, place) for place, node in enumerate(nodes)})
    single = [table for table in parents if table not in places]
    places.update({table: (-1, place) for place, table in enumerate(single)})
    return Placed(
        {table: places[table] for table in parents},
        {pair: tuple(places[node] for node in way) for pair, way in ways.items() if way},
    )


def _way(
    table: str,
    parent: str,
    layer_of: dict[_Node, int],
    neighbours: dict[_Node, list[_Node]],
) -> list[_Node]:
    """Return the nodes at which a reference passes the layers between, and link them in a row."""
    first, last = layer_of[table], layer_of[parent]
    between = range(first - 1, last, -1) if first > last else range(first + 1, last)
    way: list[_Node] = [(table, parent, layer) for layer in between]
    layer_of.update({(table, parent, layer): layer for layer in between})
    row: list[_Node] = [table, *way, parent]
    for one, other in pairwise(row):
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    return way


def _layers(
    tables: Sequence[str],
    parents: Mapping[str, Sequence[str]],
    children: Mapping[str, Sequence[str]],
) -> dict[str, int]:
    """Return each table's layer: one right of its farthest parent, circles aside.

    A table without a parent stands right before the nearest of its children.
    """
    order = _parents_first(tables, parents)
    number = {table: n for n, table in enumerate(order)}
    layer: dict[str, int] = {}
    for table in order:
        above = [layer[parent] for parent in parents[table] if number[parent] < number[table]]
        layer[table] = max(above, default=-1) + 1
    for table in reversed(order):
        below = [layer[child] for child in children[table] if number[child] > number[table]]
        if below and not parents[table]:
            layer[table] = max(min(below) - 1, 0)
    return layer


def _parents_first(tables: Sequence[str], parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the tables, each after its parents, but where a circle of references forbids it."""
    order: dict[str, None] = {}
    begun: set[str] = set()
    for first in tables:
        waiting = [] if first in begun else [(first, iter(parents[first]))]
        begun.add(first)
        while waiting:
            table, rest = waiting[-1]
            parent = next((one for one in rest if one not in begun), None)
            if parent is None:
                order[table] = None
                waiting.pop()
            else:
                begun.add(parent)
                waiting.append((parent, iter(parents[parent])))
    return list(order)


def _by_neighbourhood(
    tables: Sequence[str],
    parents: Mapping[str, Sequence[str]],
    children: Mapping[str, Sequence[str]],
) -> list[str]:
    """Return the tables, those that hang together one after the other."""
    found: dict[str, None] = {}
    for first in tables:
        waiting = [first]
        while waiting:
            table = waiting.pop()
            if table not in found:
                found[table] = None
                waiting.extend(reversed([*parents[table], *children[table]]))
    return list(found)


def _fewest_crossings(
    layers: Sequence[Sequence[_Node]],
    layer_of: Mapping[_Node, int],
    neighbours: Mapping[_Node, Sequence[_Node]],
) -> list[list[_Node]]:
    """Return the layers in the best order that sweeps to and fro have found."""
    current = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in current], _crossings(current, layer_of, neighbours)
    for sweep in range(_SWEEPS):
        rightwards = sweep % 2 == 0
        numbers = range(len(current)) if rightwards else range(len(current) - 1, -1, -1)
        for number in numbers:
            _order_by_middle(current, number, layer_of, neighbours, rightwards=rightwards)
        count = _crossings(current, layer_of, neighbours)
        if count < fewest:
            best, fewest = [list(layer) for layer in current], count
    return best


def _order_by_middle(
    layers: Sequence[list[_Node]],
    number: int,
    layer_of: Mapping[_Node, int],
    neighbours: Mapping[_Node, Sequence[_Node]],
    *,
    rightwards: bool,
) -> None:
    """Order a layer by where the neighbours of each node stand, on average, in the layer before."""
    side = number - 1 if rightwards else number + 1
    height: dict[_Node, float] = {
        node: (place + 0.5) / len(layers[near])
        for near in {number, side} & {*range(len(layers))}
        for place, node in enumerate(layers[near])
    }

    def middle(node: _Node) -> float:
        heights = [height[other] for other in neighbours[node] if layer_of[other] == side]
        return sum(heights) / len(heights) if heights else height[node]

    layers[number].sort(key=middle)


def _crossings(
    layers: Sequence[Sequence[_Node]],
    layer_of: Mapping[_Node, int],
    neighbours: Mapping[_Node, Sequence[_Node]],
) -> int:
    """Return how many pairs of references between two layers cross."""
    place = {node: n for layer in layers for n, node in enumerate(layer)}
    between: list[list[tuple[int, int]]] = [[] for _ in layers]
    for node, others in neighbours.items():
        for other in others:
            if layer_of[node] < layer_of[other]:
                between[layer_of[node]].append((place[node], place[other]))
    return sum(_inversions([right for _, right in sorted(pairs)]) for pairs in between)


def _inversions(numbers: Sequence[int]) -> int:
    """Return how many pairs of numbers stand in the wrong order (counted by places, Fenwick)."""
    size = max(numbers, default=0) + 1
    tree = [0] * (size + 1)
    found = 0
    for seen, number in enumerate(numbers):
        found += seen
        at = number + 1
        while at:
            found -= tree[at]
            at -= at & -at
        at = number + 1
        while at <= size:
            tree[at] += 1
            at += at & -at
    return found
