"""What is no array travels as JSON and comes back the same."""

import math

import numpy as np
import pytest

from kerax._errors import DataError, DTypeError
from kerax.checkpoint import plain

VALUES = {
    "numbers": [1, -(2**70), 0.1, 1e-320, True, None, "ü\n"],
    "keys": {1: "a", (2, "b"): [3], "$tuple": 4, "": 5},
    "tuples": ((1, [2, (3,)]), ()),
    "bytes": b"\x00\xff",
    "not finite": [math.inf, -math.inf],
}


@pytest.mark.parametrize("name", VALUES)
def test_round_trip(name):
    text, arrays = plain.pack(VALUES[name], "here")
    back = plain.unpack(text, arrays, "there")
    assert back == VALUES[name]
    assert repr(back) == repr(VALUES[name])
    assert arrays == []


@pytest.mark.parametrize("size", [3, 5000])
def test_arrays_come_back_small_or_large(size):
    array = np.arange(size, dtype=">i4").astype("int64").reshape(1, -1)
    text, arrays = plain.pack({"a": array, "b": np.float32(0.1)}, "here")
    back = plain.unpack(text, arrays, "there")
    assert len(arrays) == (size > 3)
    assert back["a"].dtype == array.dtype
    np.testing.assert_array_equal(back["a"], array)
    assert type(back["b"]) is np.float32
    assert back["b"] == np.float32(0.1)


def test_what_cannot_be_saved_is_named_by_its_path():
    with pytest.raises(DTypeError, match=r"Checkpoint\['callbacks'\]\[0\]\['x'\]: got <object.*\(object\).*get_state"):
        plain.pack({"callbacks": [{"x": object()}]}, "Checkpoint")
    with pytest.raises(DTypeError, match="array of objects"):
        plain.pack(np.array([{}]), "Checkpoint")


@pytest.mark.parametrize("text", ["{", '{"$array": 3}', '{"$inline": ["f9", [1], "", false]}', '{"$bytes": 1}'])
def test_damaged_text(text):
    with pytest.raises(DataError, match="The checkpoint x: got damaged text"):
        plain.unpack(text, [], "The checkpoint x")
