"""Where the boxes of a directed graph stand, and how its edges run between them.

Layers from top to bottom, then an order within each that has few crossings, then coordinates:

1. A box stands one layer below the lowest box it depends on; sources move down to what they feed.
2. An edge over several layers gets a way point in each, so that it runs beside the boxes. Edges from the same box
   share theirs: one line that branches.
3. Barycentres and swaps of neighbours reduce the crossings.
4. Way points of an edge, and the boxes of the longest paths, form columns: straight vertical lines.
   The columns are then moved sideways, towards what they are connected to, without touching.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

__all__ = ["Edge", "Placed", "place"]

GAP_ACROSS = 26.0
"""Least space between two boxes of a layer."""
GAP_WAY = 16.0
"""Least space between an edge and what it runs past."""
GAP_ALONG = 30.0
"""Least space between two layers; more where edges run far sideways."""
PORT = 11.0
"""Space between two edges that end at the same box."""
SWEEPS = 12

Point = tuple[float, float]


@dataclass
class Edge:
    """An edge's way: points at which it is vertical; between two of them it is a straight line or an S."""

    source: Hashable
    target: Hashable
    points: list[Point] = field(default_factory=list)


@dataclass
class Placed:
    """Boxes by their middle points, edges, and the size of it all."""

    centres: dict[Hashable, Point]
    edges: list[Edge]
    width: float
    height: float


@dataclass
class _Spot:
    """A box, or a way point of an edge, in its layer."""

    key: Hashable
    width: float
    layer: int
    real: bool
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    column: int = -1


def place(
    sizes: dict[Hashable, tuple[float, float]], links: Sequence[tuple[Hashable, Hashable]], spread: float = 0.0
) -> Placed:
    """Lay out an acyclic graph from top to bottom.

    Args:
        sizes: (width, height) of each box, by key.
        links: (from, to); several between the same two boxes are drawn as one.
        spread: additional space between layers.
    """
    if not sizes:
        return Placed({}, [], 0.0, 0.0)
    links = list(dict.fromkeys((a, b) for a, b in links if a != b))
    layers = _layers(list(sizes), links)
    spots, rows, ways = _spots(sizes, links, layers)
    _order(spots, rows)
    _columns(spots, rows)
    across = _across(spots, rows)
    return _result(sizes, spots, rows, ways, across, spread)


# -- 1: layers -----------------------------------------------------------------------------------


def _layers(keys: list[Hashable], links: list[tuple[Hashable, Hashable]]) -> dict[Hashable, int]:
    before: dict[Hashable, list] = {key: [] for key in keys}
    after: dict[Hashable, list] = {key: [] for key in keys}
    for a, b in links:
        after[a].append(b)
        before[b].append(a)
    order, waiting = [], {key: len(before[key]) for key in keys}
    ready = [key for key in keys if not waiting[key]]
    while ready:
        key = ready.pop(0)
        order.append(key)
        for other in after[key]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    layer: dict[Hashable, int] = {}
    for key in order:
        layer[key] = max((layer[a] + 1 for a in before[key]), default=0)
    for key in reversed(order):  # shorter edges: what feeds more boxes than it takes from moves down
        if after[key] and len(after[key]) > len(before[key]):
            layer[key] = max(layer[key], min(layer[b] for b in after[key]) - 1)
    lowest = min(layer.values())
    return {key: value - lowest for key, value in layer.items()}


# -- 2: way points -------------------------------------------------------------------------------


def _spots(
    sizes: dict, links: list, layers: dict[Hashable, int]
) -> tuple[list[_Spot], list[list[int]], list[tuple[Hashable, Hashable, list[int]]]]:
    spots: list[_Spot] = []
    rows: list[list[int]] = [[] for _ in range(max(layers.values()) + 1)]
    index: dict[Hashable, int] = {}

    def add(key: Hashable, width: float, layer: int, real: bool) -> int:
        spots.append(_Spot(key, width, layer, real))
        rows[layer].append(len(spots) - 1)
        return len(spots) - 1

    for key, (width, _) in sizes.items():
        index[key] = add(key, width, layers[key], True)
    ways = []
    trunks: dict[tuple[Hashable, int], int] = {}
    for a, b in links:
        way = [index[a]]
        for layer in range(layers[a] + 1, layers[b]):
            if (a, layer) not in trunks:
                trunks[a, layer] = add(a, 0.0, layer, False)
            way.append(trunks[a, layer])
        way.append(index[b])
        for upper, lower in itertools.pairwise(way):
            if lower not in spots[upper].below:
                spots[upper].below.append(lower)
                spots[lower].above.append(upper)
        ways.append((a, b, way))
    return spots, rows, ways


# -- 3: order ------------------------------------------------------------------------------------


def _order(spots: list[_Spot], rows: list[list[int]]) -> None:
    _depth_first(spots, rows)
    best, fewest = [list(row) for row in rows], _crossings(spots, rows)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for number in range(len(rows)) if down else range(len(rows) - 1, -1, -1):
            other = number - 1 if down else number + 1
            if not 0 <= other < len(rows):
                continue
            position = {spot: i for i, spot in enumerate(rows[other])}
            middle = {}
            for i, spot in enumerate(rows[number]):
                near = [position[n] for n in (spots[spot].above if down else spots[spot].below)]
                middle[spot] = sum(near) / len(near) if near else float(i)
            rows[number].sort(key=middle.__getitem__)
        _swap(spots, rows)
        crossings = _crossings(spots, rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _depth_first(spots: list[_Spot], rows: list[list[int]]) -> None:
    """A first order: as met from the sources, boxes before way points, so that edges run to the right of them."""
    met: dict[int, int] = {}
    stack = [spot for row in reversed(rows) for spot in reversed(row) if not spots[spot].above]
    while stack:
        spot = stack.pop()
        if spot in met:
            continue
        met[spot] = len(met)
        stack += sorted(spots[spot].below, key=lambda n: spots[n].real)
    for row in rows:
        row.sort(key=met.__getitem__)


def _pairs(upper: list[int], spots: list[_Spot], position: dict[int, int]) -> int:
    """The crossings of the edges between two neighbouring layers."""
    ends = [end for spot in upper for end in sorted(position[n] for n in spots[spot].below)]
    total = 0
    met: list[int] = []
    for end in ends:
        total += len(met) - bisect.bisect_right(met, end)
        bisect.insort(met, end)
    return total


def _crossings(spots: list[_Spot], rows: list[list[int]]) -> int:
    return sum(
        _pairs(upper, spots, {spot: i for i, spot in enumerate(lower)}) for upper, lower in itertools.pairwise(rows)
    )


def _swap(spots: list[_Spot], rows: list[list[int]]) -> None:
    """Exchange neighbours where that saves crossings."""
    place_of = {spot: i for row in rows for i, spot in enumerate(row)}

    def cost(left: int, right: int) -> int:
        total = 0
        for side in ("above", "below"):
            for a in getattr(spots[left], side):
                total += sum(1 for b in getattr(spots[right], side) if place_of[a] > place_of[b])
        return total

    for row in rows:
        for i in range(len(row) - 1):
            left, right = row[i], row[i + 1]
            if cost(right, left) < cost(left, right):
                row[i], row[i + 1] = right, left
                place_of[right], place_of[left] = i, i + 1


# -- 4: columns ----------------------------------------------------------------------------------


def _columns(spots: list[_Spot], rows: list[list[int]]) -> None:
    """Give every spot a column, such that columns never have to cross."""
    for i, spot in enumerate(spots):
        spot.column = i
    members = {i: [i] for i in range(len(spots))}
    place_of = {spot: i for row in rows for i, spot in enumerate(row)}

    used_below: set[int] = set()
    used_above: set[int] = set()

    def right_neighbours(column: int) -> set[int]:
        found = set()
        for spot in members[column]:
            row, i = rows[spots[spot].layer], place_of[spot]
            if i + 1 < len(row):
                found.add(spots[row[i + 1]].column)
        return found

    def left_of(column: int, other: int) -> bool:
        """Whether `column` stands left of `other`, with any number of columns between them."""
        seen, ready = {column}, [column]
        while ready:
            for found in right_neighbours(ready.pop()):
                if found == other:
                    return True
                if found not in seen:
                    seen.add(found)
                    ready.append(found)
        return False

    def try_join(upper: int, lower: int) -> None:
        if upper in used_below or lower in used_above:
            return
        a, b = spots[upper].column, spots[lower].column
        if left_of(a, b) or left_of(b, a):  # one column would stand on both sides of another
            return
        for spot in members[b]:
            spots[spot].column = a
        members[a] += members.pop(b)
        used_below.add(upper)
        used_above.add(lower)

    # way points of one edge belong together; then the longest chains of boxes; then what is left
    for i, spot in enumerate(spots):
        if not spot.real:
            for lower in spot.below:
                if not spots[lower].real:
                    try_join(i, lower)
    length = _tails(spots, rows)
    for row in rows:
        for i in sorted(row, key=lambda n: -length[n]):
            boxes = [n for n in spots[i].below if spots[i].real and spots[n].real]
            for lower in sorted(boxes, key=lambda n: (-length[n], place_of[n])):
                try_join(i, lower)
    for row in rows:
        for i in row:
            for lower in spots[i].below:
                if spots[i].real != spots[lower].real:
                    alone = len(spots[lower].above) == 1 if spots[lower].real else len(spots[i].below) == 1
                    if alone:
                        try_join(i, lower)


def _tails(spots: list[_Spot], rows: list[list[int]]) -> dict[int, int]:
    """How many boxes the longest chain below each spot has, way points not counted."""
    length: dict[int, int] = {}
    for row in reversed(rows):
        for i in row:
            length[i] = int(spots[i].real) + max((length[n] for n in spots[i].below), default=0)
    return length


def _right_of(spots: list[_Spot], rows: list[list[int]]) -> dict[int, dict[int, float]]:
    """column -> the columns right of it, and how far away they have to be."""
    links: dict[int, dict[int, float]] = {spot.column: {} for spot in spots}
    for row in rows:
        for a, b in itertools.pairwise(row):
            left, right = spots[a], spots[b]
            space = (left.width + right.width) / 2 + (GAP_ACROSS if left.real and right.real else GAP_WAY)
            known = links[left.column]
            known[right.column] = max(known.get(right.column, 0.0), space)
    return links


def _sorted_columns(links: dict[int, dict[int, float]]) -> list[int]:
    """The columns from left to right."""
    waiting = dict.fromkeys(links, 0)
    for right in links.values():
        for column in right:
            waiting[column] += 1
    ready = [column for column, number in waiting.items() if not number]
    order = []
    while ready:
        column = ready.pop()
        order.append(column)
        for other in links[column]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return order


def _across(spots: list[_Spot], rows: list[list[int]]) -> dict[int, float]:
    """The position of each column."""
    links = _right_of(spots, rows)
    order = _sorted_columns(links)
    left_of: dict[int, dict[int, float]] = {column: {} for column in links}
    for column, right in links.items():
        for other, space in right.items():
            left_of[other][column] = space
    near: dict[int, list[tuple[int, float]]] = {column: [] for column in links}
    for spot in spots:
        for lower in spot.below:
            a, b = spot.column, spots[lower].column
            if a != b:
                weight = 1.0 if spot.real and spots[lower].real else 0.4
                near[a].append((b, weight))
                near[b].append((a, weight))
    at: dict[int, float] = {}
    for column in order:
        at[column] = max((at[other] + space for other, space in left_of[column].items()), default=0.0)
    for sweep in range(60):
        for column in order if sweep % 2 else reversed(order):
            if not near[column]:
                continue
            wish = sum(at[n] * w for n, w in near[column]) / sum(w for _, w in near[column])
            low = max((at[other] + space for other, space in left_of[column].items()), default=wish)
            high = min((at[other] - space for other, space in links[column].items()), default=wish)
            at[column] = min(max(wish, low), max(high, low)) if low <= high else at[column]
    return at


# -- the result ----------------------------------------------------------------------------------


def _result(
    sizes: dict, spots: list[_Spot], rows: list[list[int]], ways: list, across: dict[int, float], spread: float
) -> Placed:
    x = [across[spot.column] for spot in spots]
    left = min(x[i] - spot.width / 2 for i, spot in enumerate(spots))
    x = [value - left for value in x]
    width = max(x[i] + spot.width / 2 for i, spot in enumerate(spots))
    ports = _ports(spots, x)
    heights = [max(sizes[spots[i].key][1] for i in row if spots[i].real) for row in rows]
    tops, y = [], 0.0
    for number, row in enumerate(rows):
        tops.append(y)
        y += heights[number]
        if number + 1 < len(rows):
            far = max(
                (abs(ports[i, n, "below"] - ports[n, i, "above"]) for i in row for n in spots[i].below), default=0.0
            )
            y += spread + GAP_ALONG + min(0.12 * far, 40.0)
    centres = {
        spot.key: (x[i], tops[spot.layer] + heights[spot.layer] / 2) for i, spot in enumerate(spots) if spot.real
    }
    edges = []
    for a, b, way in ways:
        points = []
        for upper, lower in itertools.pairwise(way):
            row, next_row = spots[upper].layer, spots[lower].layer
            start, end = ports[upper, lower, "below"], ports[lower, upper, "above"]
            if upper == way[0]:
                points.append((start, centres[a][1] + sizes[a][1] / 2))
            points += [(start, tops[row] + heights[row]), (end, tops[next_row])]
            if lower == way[-1]:
                points.append((end, centres[b][1] - sizes[b][1] / 2))
        edges.append(Edge(a, b, [p for i, p in enumerate(points) if i == 0 or not _same(p, points[i - 1])]))
    return Placed(centres, edges, width, y)


def _same(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < 1e-6 and abs(a[1] - b[1]) < 1e-6


def _ports(spots: list[_Spot], x: list[float]) -> dict[tuple[int, int, str], float]:
    """Where each edge leaves and enters a box: side by side, straight ones in the middle."""
    ports = {}
    for i, spot in enumerate(spots):
        for side in ("below", "above"):
            others = sorted(getattr(spot, side), key=lambda n: x[n])
            if not spot.real or len(others) == 1:
                for n in others:
                    ports[i, n, side] = x[i]
                continue
            straight = [k for k, n in enumerate(others) if spots[n].column == spot.column]
            middle = straight[0] if straight else (len(others) - 1) / 2
            step = min(PORT, (spot.width / 2 - 8) / max(len(others) - 1, 1) * 1.6)
            for k, n in enumerate(others):
                ports[i, n, side] = x[i] + (k - middle) * step
    return ports
