"""Files that Keras 3.15 and Keras 2 wrote load, and predict what was recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kerax

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("*.keras"), *HERE.glob("keras2_*.h5")])


def recorded(name, kind):
    with np.load(HERE / "numbers.npz") as held:
        return [held[key] for key in sorted(held.files) if key.startswith(f"{name}.{kind}")]


def checked(model, name):
    x, y = recorded(name, "x"), recorded(name, "y")
    got = model(x if len(x) > 1 else x[0], training=False)
    for one, want in zip(got if isinstance(got, (list, tuple)) else [got], y, strict=True):
        np.testing.assert_allclose(one, want, rtol=1e-5, atol=1e-6)
    return x if len(x) > 1 else x[0], y if len(y) > 1 else y[0]


def test_the_files_are_small_and_there():
    assert len(FILES) == 5
    assert sum(path.stat().st_size for path in HERE.glob("*.*")) < 200_000


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_golden_file_predicts_what_was_recorded_and_trains_on(path):
    model = kerax.models.load_model(path)
    x, y = checked(model, path.stem)
    if path.suffix == ".keras":
        assert model.optimizer.iterations == 1
    elif "functional" not in path.name:  # of two outputs, whose metrics Keras 2 files one by one
        assert type(model.optimizer).__name__ == "SGD"
        assert float(model.optimizer.learning_rate) == 0.25
        history = model.fit(x, y, verbose=0).history
        assert set(history) == {"loss", "mae"}


def test_golden_weights_fill_a_model_of_the_same_code():
    model = kerax.models.load_model(HERE / "keras3_sequential.keras", compile=False)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    model.load_weights(HERE / "keras3.weights.h5")
    checked(model, "keras3_sequential")
