"""Files that Keras writes, and files that Keras reads."""

from __future__ import annotations

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

import kerax
from tests.saving.models import CASES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    ),  # Keras 3.15
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]
LIBRARIES = {"keras to kerax": (keras, kerax), "kerax to keras": (kerax, keras)}


def outputs(model, x):
    return [np.asarray(y, "float32") for y in keras.tree.flatten(model.predict(x, verbose=0))]


def moved(model, case):
    """A training run that leaves every weight and slot different from its start."""
    x = case.inputs()
    targets = [np.ones_like(y) for y in outputs(model, x)]
    return model.fit(x, targets if len(targets) > 1 else targets[0], epochs=3, batch_size=4, shuffle=False, verbose=0)


def compiled(model, optimizer="adam"):
    count = len(keras.tree.flatten(model.outputs)) if getattr(model, "outputs", None) else 1
    model.compile(optimizer, ["mse"] * count if count > 1 else "mse", metrics=["mae"] if count == 1 else None)


def structure(path):
    """Every array of a weights file: path -> shape and dtype, seeds of kerax left out."""
    found = {}

    def visit(name, item):
        if "seed_generator" in name:
            return
        if isinstance(item, h5py.Dataset):
            found[name] = (item.shape, item.dtype.str, dict(item.attrs))

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@pytest.mark.parametrize("name", CASES)
def test_weights_stand_where_keras_puts_them(name, tmp_path):
    found = []
    for lib in (keras, kerax):
        model = CASES[name].make(lib)
        compiled(model)
        moved(model, CASES[name])
        path = tmp_path / f"{lib.__name__}.weights.h5"
        model.save_weights(path)
        found.append(structure(path))
    assert found[1] == found[0]


@pytest.mark.parametrize("direction", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_a_saved_model_predicts_and_trains_on_alike(name, direction, tmp_path):
    writer, reader = LIBRARIES[direction]
    case = CASES[name]
    x = case.inputs()
    model = case.make(writer)
    compiled(model)
    moved(model, case)
    before = outputs(model, x)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = reader.saving.load_model(path, custom_objects=case.custom(reader))
    for old, new in zip(before, outputs(loaded, x), strict=True):
        np.testing.assert_allclose(new, old, rtol=case.tolerance, atol=case.tolerance)
    assert int(loaded.optimizer.iterations) == 6
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for old, new in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(new, "float32"), np.asarray(old, "float32"))
    if not case.trains:
        return
    one, two = moved(model, case).history, moved(loaded, case).history
    assert one.keys() == two.keys()
    for key in one:
        np.testing.assert_allclose(two[key], one[key], rtol=100 * case.tolerance, atol=10 * case.tolerance, err_msg=key)


@pytest.mark.parametrize("direction", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_weights_alone_go_into_a_model_of_the_same_code(name, direction, tmp_path):
    writer, reader = LIBRARIES[direction]
    case = CASES[name]
    model = case.make(writer)
    compiled(model)
    moved(model, case)
    model.save_weights(tmp_path / "m.weights.h5")
    other = case.make(reader)
    other.load_weights(tmp_path / "m.weights.h5")
    for old, new in zip(outputs(model, case.inputs()), outputs(other, case.inputs()), strict=True):
        np.testing.assert_allclose(new, old, rtol=case.tolerance, atol=case.tolerance)


OPTIMIZERS = {
    "SGD": lambda o: o.SGD(0.01, momentum=0.9, nesterov=True),
    "SGD with an average": lambda o: o.SGD(0.01, momentum=0.5, use_ema=True),
    "RMSprop": lambda o: o.RMSprop(0.01, momentum=0.5, centered=True),
    "Adam": lambda o: o.Adam(0.01, amsgrad=True),
    "Adam that accumulates": lambda o: o.Adam(0.01, gradient_accumulation_steps=2),
    "Adam with a schedule": lambda o: o.Adam(o.schedules.ExponentialDecay(0.01, 5, 0.9)),
    "AdamW": lambda o: o.AdamW(0.01, weight_decay=0.01, clipnorm=1.0),
    "Adagrad": lambda o: o.Adagrad(0.01),
    "Adadelta": lambda o: o.Adadelta(0.1),
    "Adamax": lambda o: o.Adamax(0.01),
    "Nadam": lambda o: o.Nadam(0.01),
    "Ftrl": lambda o: o.Ftrl(0.01),
    "Lion": lambda o: o.Lion(0.001),
    "Lamb": lambda o: o.Lamb(0.01),
    "Adafactor": lambda o: o.Adafactor(0.01),
    "LossScaleOptimizer": lambda o: o.LossScaleOptimizer(o.Adam(0.01), initial_scale=8.0),
}


GO_ON = [
    (name, direction)
    for name in OPTIMIZERS
    for direction in LIBRARIES
    if (name, direction) != ("SGD with an average", "keras to kerax")  # Keras itself cannot fit such a model twice
]


@pytest.mark.parametrize(("name", "direction"), GO_ON)
def test_every_optimizer_goes_on_where_it_was(name, direction, tmp_path):
    writer, reader = LIBRARIES[direction]
    case = CASES["sequential"]
    model = case.make(writer)
    compiled(model, OPTIMIZERS[name](writer.optimizers))
    moved(model, case)
    model.save(tmp_path / "model.keras")
    loaded = reader.saving.load_model(tmp_path / "model.keras")
    one, two = moved(model, case).history["loss"], moved(loaded, case).history["loss"]
    np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("direction", LIBRARIES)
@pytest.mark.parametrize("name", [n for n in CASES if n != "subclassed"])
def test_legacy_files_of_whole_models(name, direction, tmp_path):
    writer, reader = LIBRARIES[direction]
    case = CASES[name]
    model = case.make(writer)
    compiled(model)
    moved(model, case)
    model.save(tmp_path / "model.h5")
    loaded = reader.saving.load_model(
        tmp_path / "model.h5", custom_objects=case.custom(reader), compile=reader is kerax
    )
    for old, new in zip(outputs(model, case.inputs()), outputs(loaded, case.inputs()), strict=True):
        np.testing.assert_allclose(new, old, rtol=case.tolerance, atol=case.tolerance)
    if reader is kerax and case.trains:
        one, two = moved(model, case).history["loss"], moved(loaded, case).history["loss"]
        np.testing.assert_allclose(two, one, rtol=100 * case.tolerance, atol=10 * case.tolerance)


@pytest.mark.parametrize("direction", LIBRARIES)
def test_weights_in_parts(direction, tmp_path):
    writer, reader = LIBRARIES[direction]
    case = CASES["recurrent"]
    model, other = case.make(writer), case.make(reader)
    compiled(model)
    moved(model, case)
    model.save_weights(
        tmp_path / "m.weights.h5" if writer is kerax else tmp_path / "m.weights.json", max_shard_size=1e-6
    )
    assert len(list(tmp_path.glob("m_*.weights.h5"))) > 3
    other.load_weights(tmp_path / "m.weights.json")
    np.testing.assert_allclose(outputs(other, case.inputs())[0], outputs(model, case.inputs())[0], rtol=1e-5, atol=1e-6)


def test_the_archive_holds_what_keras_writes(tmp_path):
    found = []
    for lib in (keras, kerax):
        model = CASES["sequential"].make(lib)
        compiled(model)
        moved(model, CASES["sequential"])
        model.save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            found.append((archive.namelist(), json.loads(archive.read("config.json"))))
    assert found[1][0] == found[0][0]
    ours, theirs = found[1][1], found[0][1]
    assert ours.keys() == theirs.keys()
    assert ours["build_config"] == theirs["build_config"]
    assert ours["compile_config"].keys() >= {"optimizer", "loss", "metrics"}
