"""Models as programs: what comes back computes what the model computed."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import layers as L
from kerax.export import ExportArchive, load
from tests.saving.models import CASES


@pytest.fixture(scope="module")
def model():
    model = kerax.Sequential([L.Input((4,)), L.Dense(3, activation="relu"), L.BatchNormalization(), L.Dropout(0.5)])
    model.set_weights([np.random.default_rng(1).uniform(0.5, 1.5, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """An export of `model` that tests may read and not change."""
    path = tmp_path_factory.mktemp("export") / "m"
    model.export(path, platforms=["cpu"])
    return path


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


# -- what comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 5])
def test_a_program_takes_any_number_of_rows(model, folder, rows):
    x = numbers(rows, 4)
    np.testing.assert_allclose(load(folder).serve(x), model(x, training=False), rtol=1e-6)
    np.testing.assert_allclose(load(folder)(x.tolist()), model(x, training=False), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_model_exports(name, tmp_path):
    case = CASES[name]
    model = case.make(kerax)
    model.export(tmp_path / "m", platforms=["cpu"])
    x = case.inputs(rows=3)
    theirs, ours = jax.tree.leaves(model.predict(x, verbose=0)), jax.tree.leaves(load(tmp_path / "m").serve(x))
    for want, got in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(got, want, rtol=case.tolerance, atol=case.tolerance)


def test_names_and_nesting_of_inputs_and_outputs_stay(tmp_path):
    a, b = kerax.Input((3,), name="a"), kerax.Input((3,), name="b", dtype="int32")
    both = L.Add()([a, L.Rescaling(0.5)(b)])
    model = kerax.Model({"y": [b], "x": a}, {"sum": both, "rest": (L.ReLU()(both), [a])})
    model.export(tmp_path / "m", platforms=["cpu"])
    serve = load(tmp_path / "m").serve
    inputs = {"x": numbers(2, 3), "y": [np.arange(6).reshape(2, 3)]}
    got, want = serve(inputs), model(inputs)
    assert jax.tree.structure(got) == jax.tree.structure(want)
    jax.tree.map(np.testing.assert_allclose, got, want)
    assert repr(serve).startswith("<Endpoint serve(a: float32(batch, 3), b: int32(batch, 3)) -> ")


def test_other_sizes_may_stay_open_too(tmp_path):
    x = kerax.Input((None, None, 3), name="image")
    y = L.GlobalAveragePooling2D()(L.Conv2D(4, 3, strides=2, padding="same")(x))
    model = kerax.Model(x, y)
    model.export(tmp_path / "m", platforms=["cpu"])
    serve = load(tmp_path / "m").serve
    assert "image: float32(batch, image_1, image_2, 3)" in repr(serve)
    for shape in [(1, 8, 9, 3), (2, 5, 5, 3)]:
        np.testing.assert_allclose(serve(numbers(*shape)), model(numbers(*shape)), rtol=1e-4, atol=1e-6)


def test_sizes_that_must_agree_share_a_name(tmp_path):
    a, b = kerax.Input((None, 2), name="a"), kerax.Input((None, 2), name="b")
    kerax.Model([a, b], L.Add()([a, b])).export(tmp_path / "m", platforms=["cpu"])
    serve = load(tmp_path / "m").serve
    assert serve([numbers(2, 5, 2), numbers(2, 5, 2)]).shape == (2, 5, 2)
    with pytest.raises(ValueError, match=r"endpoint 'serve', b: got axis_1 = 4, in the shape \(2, 4, 2\), expected 5"):
        serve([numbers(2, 5, 2), numbers(2, 4, 2)])


def test_a_subclass_exports_for_the_shape_it_was_called_on(tmp_path):
    class Two(kerax.Model):
        def __init__(self):
            super().__init__()
            self.dense = L.Dense(2)

        def call(self, x, training=False):
            return self.dense(x) * (-1.0 if training else 1.0)

    model = Two()
    model(numbers(7, 3))
    model.export(tmp_path / "m", platforms=["cpu"])
    np.testing.assert_allclose(load(tmp_path / "m").serve(numbers(2, 3)), model(numbers(2, 3)), rtol=1e-6)


def test_a_signature_of_the_callers_own_counts(model, tmp_path):
    model.export(tmp_path / "m", input_signature=[kerax.InputSpec(shape=(2, 4))], platforms=["cpu"])
    serve = load(tmp_path / "m").serve
    assert serve.inputs[0].shape == (2, 4)
    with pytest.raises(ValueError, match=r"got a tensor of shape \(3, 4\), expected \(2, 4\)"):
        serve(numbers(3, 4))


def test_half_precision_values_stay_what_they_are(tmp_path):
    model = kerax.Sequential([L.Input((4,)), L.Dense(3, dtype="bfloat16")])
    model.export(tmp_path / "m", platforms=["cpu"])
    loaded = load(tmp_path / "m")
    assert {value.dtype.name for value in loaded.variables.values()} == {"bfloat16"}
    np.testing.assert_array_equal(loaded.serve(numbers(2, 4)), model(numbers(2, 4)))


def test_a_program_names_the_devices_it_runs_on(model, tmp_path):
    model.export(tmp_path / "m")
    loaded = load(tmp_path / "m")
    assert loaded.platforms == loaded.serve.exported.platforms == ("cpu", "cuda", "tpu")


def test_what_is_written_needs_jax_alone(folder, model, tmp_path):
    np.save(tmp_path / "x.npy", numbers(2, 4))
    code = """
import json, sys
import numpy as np, jax.export
sys.modules["kerax"] = sys.modules["flax"] = None
folder, data = sys.argv[1:]
about = json.load(open(f"{folder}/signature.json"))
path = lambda key: f"{folder}/{about['files'][key]['name']}"
serve = jax.export.deserialize(bytearray(open(path("serve.bin"), "rb").read()))
held = np.load(path("variables.npz"))
out, = serve.call([held[name] for name in about["endpoints"]["serve"]["variables"]], [np.load(data)])
print(json.dumps(np.asarray(out).tolist()))
"""
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "x.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    np.testing.assert_allclose(json.loads(done.stdout), model(numbers(2, 4), training=False), rtol=1e-5)


# -- archives of several endpoints ------------------------------------------------------------------


def test_an_archive_holds_several_functions_over_the_same_values(model, tmp_path):
    archive = ExportArchive()
    archive.track(model)
    spec = [kerax.InputSpec(shape=(None, 4))]
    archive.add_endpoint("serve", model.call, spec)
    archive.add_endpoint("train", lambda x: model.call(x, training=True), spec)
    archive.add_endpoint("both", lambda a, b: {"out": model(a) + b}, [*spec, jax.ShapeDtypeStruct((3,), "float32")])
    archive.add_variable_collection("norm", model.layers[1].weights)
    archive.write_out(tmp_path / "m", verbose=False, platforms=["cpu"])
    loaded = load(tmp_path / "m")
    x = numbers(6, 4)
    np.testing.assert_allclose(loaded.serve(x), model(x), rtol=1e-6)
    assert (np.asarray(loaded.train(x)) == 0).any()  # dropout
    np.testing.assert_allclose(loaded.both(x, np.ones(3))["out"], model(x) + 1, rtol=1e-6)
    assert loaded.collections == {"norm": [v.path for v in model.layers[1].weights]}
    assert len(archive.variables) == len(loaded.variables) == 7  # the weights, and the seed
    assert {v.path for v in archive.trainable_variables} == loaded.trainable
    assert len(archive.non_trainable_variables) == 3
    with pytest.raises(ValueError, match=r"got the endpoint 'serving', expected one of \['both', 'serve', 'train'\]"):
        loaded.endpoint("serving")
    with pytest.raises(AttributeError, match="no endpoint 'serving'"):
        _ = loaded.serving


def test_functions_of_plain_jax_and_variables_export(tmp_path):
    scale = kerax.Variable(2.0, name="scale")
    archive = ExportArchive()
    archive.add_endpoint("double", lambda x: jnp.sum(x * scale), kerax.InputSpec(shape=(None,)))
    archive.write_out(tmp_path / "m", platforms=["cpu"])
    assert float(load(tmp_path / "m")([1.0, 2.0])) == 6.0


# -- as a layer ---------------------------------------------------------------------------------------


def test_an_exported_layer_stands_in_a_model_and_does_not_train(model, folder):
    inputs = kerax.Input((4,))
    layer = L.ExportedLayer(folder)
    outer = kerax.Model(inputs, L.Dense(1)(layer(inputs)))
    assert layer.output.shape == (None, 3)
    np.testing.assert_allclose(layer(numbers(2, 4)), model(numbers(2, 4), training=False), rtol=1e-6)
    assert (len(layer.trainable_weights), len(layer.weights), len(outer.trainable_weights)) == (0, 6, 2)
    before = layer.get_weights()
    outer.compile("sgd", "mse")
    history = outer.fit(numbers(8, 4), np.ones((8, 1)), epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_weights_of_an_exported_layer_can_be_replaced(folder):
    layer = L.ExportedLayer(folder)
    layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    np.testing.assert_array_equal(layer(numbers(2, 4)), np.zeros((2, 3)))


def test_gradients_pass_through_a_program_exported_for_them(model, folder, tmp_path):
    model.export(tmp_path / "m", platforms=["cpu"], differentiable=True)
    x = jnp.asarray(numbers(2, 4))
    got = jax.grad(lambda x: L.ExportedLayer(tmp_path / "m")(x).sum())(x)
    np.testing.assert_allclose(got, jax.grad(lambda x: model(x, training=False).sum())(x), rtol=1e-5)
    with pytest.raises(ValueError, match="No VJP is available"):
        jax.grad(lambda x: L.ExportedLayer(folder)(x).sum())(x)


def test_training_may_call_another_endpoint(tmp_path):
    archive = ExportArchive()
    spec = [kerax.InputSpec(shape=(None, 2))]
    archive.add_endpoint("serve", lambda x: x, spec)
    archive.add_endpoint("train", lambda x: -x, spec)
    archive.add_endpoint("two", lambda x, y: x, spec * 2)
    archive.write_out(tmp_path / "m", platforms=["cpu"])
    layer = L.ExportedLayer(tmp_path / "m", call_training_endpoint="train")
    assert layer(np.ones((1, 2))).tolist() == [[1, 1]]
    assert layer(np.ones((1, 2)), training=True).tolist() == [[-1, -1]]
    with pytest.raises(ValueError, match="the endpoint 'two' of 2 arguments"):
        L.ExportedLayer(tmp_path / "m", call_endpoint="two")


def test_a_saved_model_with_an_exported_layer_names_its_directory_and_needs_leave(folder, tmp_path):
    model = kerax.Sequential([L.Input((4,)), L.ExportedLayer(folder, name="ready")])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"ExportedLayer 'ready': got the path .* named in a config.*safe_mode=False"):
        kerax.models.load_model(tmp_path / "m.keras")
    loaded = kerax.models.load_model(tmp_path / "m.keras", safe_mode=False)
    np.testing.assert_array_equal(loaded(numbers(2, 4)), model(numbers(2, 4)))


def test_an_exported_layer_can_be_pickled_and_copied(folder):
    layer = L.ExportedLayer(folder)
    copies = [pickle.loads(pickle.dumps(layer)), kerax.models.clone_model(kerax.Sequential([layer])).layers[0]]
    for copy in copies:
        np.testing.assert_array_equal(copy(numbers(2, 4)), layer(numbers(2, 4)))
