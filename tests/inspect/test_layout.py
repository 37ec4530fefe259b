"""Where boxes and edges of a drawing come to stand."""

import itertools
import time

import pytest

from kerax._inspect.layout import place


def box(key, placed, sizes):
    (x, y), (w, h) = placed.centres[key], sizes[key]
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def sizes_of(links, size=(80.0, 30.0)):
    return {key: size for link in links for key in link}


def chain(n):
    return [(i, i + 1) for i in range(n - 1)]


def skips(n):
    """A chain in which every third box also feeds one four further on."""
    return chain(n) + [(i, i + 4) for i in range(0, n - 4, 3)]


def dense(n):
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def hourglass(n):
    """An encoder and a decoder joined at every level."""
    return chain(2 * n) + [(i, 2 * n - 1 - i) for i in range(n - 1)]


def branches():
    return [("in", i) for i in range(5)] + [
        (0, "a"),
        (1, "b"),
        ("a", "c"),
        ("b", "c"),
        (2, "c"),
        (3, "c"),
        (4, "d"),
        ("c", "d"),
    ]


GRAPHS = {
    "chain": chain(6),
    "skips": skips(14),
    "dense": dense(7),
    "hourglass": hourglass(5),
    "branches": branches(),
    "two inputs": [("a", "m"), ("b", "m"), ("m", "x"), ("m", "y")],
    "late input": [*chain(5), ("late", 4)],
}


@pytest.fixture(params=GRAPHS, ids=str)
def graph(request):
    links = GRAPHS[request.param]
    sizes = sizes_of(links)
    return links, sizes, place(sizes, links)


def test_boxes_never_overlap(graph):
    _, sizes, placed = graph
    for a, b in itertools.combinations(sizes, 2):
        left, top, right, bottom = box(a, placed, sizes)
        x0, y0, x1, y1 = box(b, placed, sizes)
        assert right <= x0 or x1 <= left or bottom <= y0 or y1 <= top


def test_everything_lies_within_the_drawing(graph):
    _, sizes, placed = graph
    for key in sizes:
        left, top, right, bottom = box(key, placed, sizes)
        assert left >= -1e-6
        assert top >= -1e-6
        assert right <= placed.width + 1e-6
        assert bottom <= placed.height + 1e-6
    for edge in placed.edges:
        assert all(-1e-6 <= x <= placed.width + 1e-6 for x, _ in edge.points)


def test_edges_go_down_from_box_to_box(graph):
    links, sizes, placed = graph
    assert [(edge.source, edge.target) for edge in placed.edges] == links
    for edge in placed.edges:
        start, end = box(edge.source, placed, sizes), box(edge.target, placed, sizes)
        assert start[0] <= edge.points[0][0] <= start[2]
        assert end[0] <= edge.points[-1][0] <= end[2]
        assert edge.points[0][1] == pytest.approx(start[3])
        assert edge.points[-1][1] == pytest.approx(end[1])
        heights = [y for _, y in edge.points]
        assert heights == sorted(heights)


def test_no_edge_crosses_a_box(graph):
    _, sizes, placed = graph
    for edge in placed.edges:
        for (x0, y0), (x1, y1) in itertools.pairwise(edge.points):
            for key in sizes:
                left, top, right, bottom = box(key, placed, sizes)
                beside = max(x0, x1) <= left + 1e-6 or min(x0, x1) >= right - 1e-6
                apart = y1 <= top + 1e-6 or y0 >= bottom - 1e-6
                assert beside or apart, f"{edge.source} -> {edge.target} crosses {key}"


@pytest.mark.parametrize(
    "links", [chain(6), skips(14), hourglass(5), dense(7)], ids=["chain", "skips", "hourglass", "dense"]
)
def test_the_longest_chain_is_one_straight_column(links):
    placed = place(sizes_of(links), links)
    assert len({round(x, 6) for x, _ in placed.centres.values()}) == 1


def test_a_late_input_stands_right_above_what_it_feeds():
    links = GRAPHS["late input"]
    placed = place(sizes_of(links), links)
    assert placed.centres["late"][1] == placed.centres[3][1]


def test_parallel_edges_are_one_and_a_single_box_is_enough():
    placed = place({"a": (10.0, 5.0), "b": (10.0, 5.0)}, [("a", "b"), ("a", "b")])
    assert len(placed.edges) == 1
    alone = place({"a": (10.0, 5.0)}, [])
    assert (alone.width, alone.height) == (10.0, 5.0)
    assert place({}, []).edges == []


def test_the_same_graph_is_always_drawn_alike():
    links = GRAPHS["skips"]
    assert place(sizes_of(links), links) == place(sizes_of(links), links)


def test_large_graphs_take_seconds():
    started = time.monotonic()
    place(sizes_of(skips(800)), skips(800))
    place(sizes_of(dense(40)), dense(40))
    assert time.monotonic() - started < 60
