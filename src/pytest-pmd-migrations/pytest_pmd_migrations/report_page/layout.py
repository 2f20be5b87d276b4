"""Place tables in layers so that foreign keys point one way and few of their curves cross.

The layers are those of Sugiyama, Tagawa and Toda (1981): what nobody refers to stands farthest
right, what a table refers to left of it. How high a table is drawn is not asked here: the page
stacks the tables of a layer that it shows, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["place_tables"]

_SWEEPS = 8


def place_tables(references: Mapping[str, Iterable[str]]) -> dict[str, tuple[int, int]]:
    """Return for each table its layer, from the left, and its place in it, from above.

    ``references`` has every table, with the tables that it refers to; those that are no table of
    it, and itself, are left out. Tables without any reference between them stand in layer -1. The
    same tables and references are placed in the same way, in whichever order they are given.
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
    layer_of = _layers(linked, parents, children)
    layers: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for table in _by_neighbourhood(linked, parents, children):
        layers[layer_of[table]].append(table)
    neighbours = {table: [*parents[table], *children[table]] for table in linked}
    ordered = _fewest_crossings(layers, layer_of, neighbours)
    places = {table: (-1, n) for n, table in enumerate(t for t in parents if t not in layer_of)}
    for layer, tables in enumerate(ordered):
        places.update({table: (layer, n) for n, table in enumerate(tables)})
    return places


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
    layers: Sequence[Sequence[str]],
    layer_of: Mapping[str, int],
    neighbours: Mapping[str, Sequence[str]],
) -> list[list[str]]:
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
    layers: Sequence[list[str]],
    number: int,
    layer_of: Mapping[str, int],
    neighbours: Mapping[str, Sequence[str]],
    *,
    rightwards: bool,
) -> None:
    """Order a layer by where the neighbours of each table stand, on average, on the side before."""
    height = {
        table: (place + 0.5) / len(layer)
        for layer in layers
        for place, table in enumerate(layer)
    }

    def middle(table: str) -> float:
        side = [
            height[other]
            for other in neighbours[table]
            if (layer_of[other] < number if rightwards else layer_of[other] > number)
        ]
        return sum(side) / len(side) if side else height[table]

    layers[number].sort(key=middle)


def _crossings(
    layers: Sequence[Sequence[str]],
    layer_of: Mapping[str, int],
    neighbours: Mapping[str, Sequence[str]],
) -> int:
    """Return how many pairs of references between two layers cross."""
    place = {table: n for layer in layers for n, table in enumerate(layer)}
    between: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for table, others in neighbours.items():
        for other in others:
            if layer_of[table] < layer_of[other]:
                ends = layer_of[table], layer_of[other]
                between.setdefault(ends, []).append((place[table], place[other]))
    return sum(_inversions([right for _, right in sorted(pairs)]) for pairs in between.values())


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
