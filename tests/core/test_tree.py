"""kerax.tree against keras.tree."""

from __future__ import annotations

import collections

import keras
import pytest

from kerax import tree

Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.lists_to_tuples([1, [2, (3, [4])], {"a": [5]}, Point([1], 2)]),
        lambda t: t.map_shape_structure(lambda s: ("shape", s), [(2, 3), {"a": (None, 4)}, [(1,)]]),
        lambda t: t.map_shape_structure(lambda s: s, (2, 3)),
        lambda t: t.map_structure_up_to({"a": 0}, lambda x, y: (x, y), {"a": [1]}, {"a": [2]}),
        lambda t: t.map_structure_up_to([0, [0, 0]], str, [[1, 1], [2, 2]]),
        lambda t: t.traverse(lambda x: t.MAP_TO_NONE if x == 1 else None, [1, 2, (1, 3)]),
        lambda t: t.traverse(lambda x: t.MAP_TO_NONE if x == 1 else None, [1, 2, (1, 3)], top_down=False),
        lambda t: t.assert_same_paths([0, 1], (2, 3)),
        lambda t: t.assert_same_paths(Point(0, 1), [2, 3]),
        lambda t: t.assert_same_structure([1, {"a": 2}], [3, {"a": 4}]),
        lambda t: t.flatten({"b": [1, None], "a": (2,)}),
        lambda t: t.pack_sequence_as({"b": 0, "a": [0]}, [1, 2]),
        lambda t: t.is_nested({}),
        lambda t: t.map_structure(lambda x: x, [1, None], none_is_leaf=False),
    ],
)
def test_results_are_those_of_keras(call):
    assert call(tree) == call(keras.tree)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t: t.map_structure_up_to([1], 1, [1]), "expected a function"),
        (lambda t: t.map_structure_up_to([1], str), "no structure"),
        (lambda t: t.map_structure_up_to([[1]], str, [1]), "list"),
        (lambda t: t.map_structure_up_to([1], str, [1, 2]), "lengths of list|arity mismatch"),
        (lambda t: t.assert_same_paths({"a": 1}, {"b": 1}), "paths"),
        (lambda t: t.assert_same_structure([1], (1,)), "structures differ"),
        (lambda t: t.map_structure(1, [1]), "expected a function"),
        (lambda t: t.map_structure(str), "no structure"),
        (lambda t: t.traverse(3, [1]), "expected a function"),
        (lambda t: t.map_shape_structure(3, [1]), "expected a function"),
    ],
)
def test_errors_are_of_keras_s_type(call, words):
    with pytest.raises((TypeError, ValueError)) as theirs:
        call(keras.tree)
    with pytest.raises(theirs.type, match=words):
        call(tree)
