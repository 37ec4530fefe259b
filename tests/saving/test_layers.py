"""Where the weights of every layer of the shelf stand in a file: where Keras puts them."""

from __future__ import annotations

import h5py
import keras
import pytest

import kerax
from tests.contract.layer_cases import CASES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    ),  # Keras 3.15
]


def arrays(lib, case, path):
    """Every array of the weights file of a model holding one such layer: path -> shape and dtype."""
    layer = case.make(lib.layers)
    inputs = case.inputs()
    kwargs = {key: value for key, value in case.call.items()}

    class Holder(lib.Model):
        def __init__(self):
            super().__init__(name="holder")
            self.held = layer

        def call(self, x):
            return self.held(**x, **kwargs) if isinstance(x, dict) else self.held(x, **kwargs)

    model = Holder()
    model(inputs)
    model.save_weights(path)
    with h5py.File(path) as file:
        found = {}

        def visit(name, item):
            if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
                found[name] = (item.shape, item.dtype)

        file.visititems(visit)
    return found


# Keras 3.15 cannot call a Normalization inside this holder (it leaks a tracer).
KERAS_FAILS = ("Normalization",)


FILED = [case for case in CASES if not case.name.startswith(KERAS_FAILS)]


@pytest.mark.parametrize("case", FILED, ids=lambda case: case.name)
def test_a_layer_is_filed_as_keras_files_it(case, tmp_path):
    theirs = arrays(keras, case, tmp_path / "theirs.weights.h5")
    assert arrays(kerax, case, tmp_path / "ours.weights.h5") == theirs
