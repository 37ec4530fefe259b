"""Function and Operation: against Keras's, and what they refuse."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerax
from kerax import ops

ONES = np.ones((2, 3), "float32")


def sigmoid_of_sum(library):
    a, b = library.KerasTensor((None, 3)), library.KerasTensor((None, 3))
    return a, b, library.ops.sigmoid(a + b)


def test_a_function_gives_what_keras_gives():
    results = []
    for library in (kerax, keras):
        a, b, y = sigmoid_of_sum(library)
        fn = library.Function({"a": a, "b": b}, {"y": y})
        assert fn.compute_output_shape({"a": (4, 3), "b": (4, 3)}) == {"y": (4, 3)}
        assert [len(fn.inputs), len(fn.outputs), len(fn.operations)] == [2, 1, 2]
        assert library.utils.get_source_inputs(y) == [a, b]
        results.append(fn({"a": ONES, "b": 2 * ONES})["y"])
    np.testing.assert_allclose(*results, rtol=1e-6)


def test_a_function_runs_on_symbolic_tensors_and_on_layers():
    x = kerax.KerasTensor((None, 3))
    layer = kerax.layers.Dense(2)
    fn = kerax.Function(x, layer(x))
    assert fn(kerax.KerasTensor((5, 3))).shape == (5, 2)
    np.testing.assert_allclose(fn(ONES), layer(ONES))
    assert fn.input is x


def test_what_a_function_cannot_do_is_named():
    a, b, y = sigmoid_of_sum(kerax)
    with pytest.raises(ValueError, match="comes from nowhere"):
        kerax.Function(a, y)
    fn = kerax.Function([a, b], y)
    with pytest.raises(ValueError, match="1 inputs.*expected 2"):
        fn(ONES)
    with pytest.raises(ValueError, match=r"shape \(2, 4\).*\(None, 3\)"):
        fn([np.ones((2, 4)), ONES])


class Scale(kerax.Operation):
    def __init__(self, factor, name=None):
        super().__init__(name=name)
        self.factor = factor

    def call(self, x):
        return x * self.factor


def test_an_operation_of_one_s_own_computes_and_stands_in_models():
    double = Scale(2.0)
    np.testing.assert_array_equal(double(ONES), 2 * ONES)
    inputs = kerax.Input((3,))
    model = kerax.Model(inputs, ops.sum(double(inputs), axis=-1))
    np.testing.assert_allclose(model(ONES), [6.0, 6.0])
    assert double.input is inputs
    assert double.output.shape == (None, 3)
    assert Scale.from_config(double.get_config()).factor == 2.0
    assert double.get_config() == {"name": "scale", "factor": 2.0}
    with pytest.raises(NotImplementedError, match="write call"):
        kerax.Operation()(ONES)
