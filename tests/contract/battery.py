"""What every layer must do, whatever it computes; one call checks one row of the table."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

import kerax.layers
from kerax import Model, dtype_policies
from kerax._core.dtypes import is_float
from kerax.layers import Input
from kerax.layers._call import mixes_rows
from tests.contract.layer_cases import Case


def call(layer, case: Case, inputs, training=None):
    """Call a layer on the inputs of a row."""
    options = dict(case.call, training=training)
    if case.mask is not None:
        options["mask"] = jnp.asarray(case.mask_value())
    return layer(**inputs, **options) if isinstance(inputs, dict) else layer(inputs, **options)


def symbolic(case: Case, batch: int | None):
    """Symbolic tensors like the inputs of a row."""
    return jax.tree.map(lambda x: Input(x.shape[1:], batch_size=batch, dtype=str(x.dtype)), case.inputs())


def weights_of(layer):
    return [(w.name, tuple(w.shape), w.dtype, w.trainable) for w in layer.weights]


def facts(x) -> tuple:
    return tuple(x.shape), str(x.dtype)


def leaves(structure):
    return jax.tree.leaves(structure, is_leaf=lambda x: hasattr(x, "shape"))


def check_config(case: Case) -> None:
    """The config survives JSON, which makes tuples lists, and what is made from it has the same one."""
    layer = case.make(kerax.layers)
    text = json.dumps(layer.get_config())
    assert json.dumps(type(layer).from_config(json.loads(text)).get_config()) == text
    saved = json.loads(json.dumps(kerax.layers.serialize(layer)))
    assert json.dumps(kerax.layers.deserialize(saved).get_config()) == text
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def check_building(case: Case) -> None:
    """`build(shape)`, a symbolic call and an eager call make the same weights, and shapes agree."""
    batch = case.inputs()["query"].shape[0] if isinstance(case.inputs(), dict) else None
    if "stateful" in case.name:
        batch = case.shape[0]
    plain = Case(**{**vars(case), "mask": None})
    by_shape, by_symbol, by_call = (case.make(kerax.layers) for _ in range(3))
    shapes = jax.tree.map(lambda x: (batch, *x.shape[1:]), case.inputs())
    if not by_shape.built:
        if isinstance(shapes, dict):
            by_shape.build(**{f"{key}_shape": shape for key, shape in shapes.items()})
        else:
            by_shape.build(shapes)
    symbols = call(by_symbol, plain, symbolic(plain, batch))
    arrays = call(by_call, plain, case.inputs())
    assert by_shape.built
    assert by_symbol.built
    assert weights_of(by_shape) == weights_of(by_symbol) == weights_of(by_call)
    assert len(by_shape.variables) == len(by_call.variables)
    assert isinstance(arrays, (tuple, list)) == isinstance(symbols, (tuple, list))
    for symbol, array in zip(leaves(symbols), leaves(arrays), strict=True):
        assert str(symbol.dtype) == str(array.dtype), "the symbolic dtype is not the real one"
        assert len(symbol.shape) == array.ndim
        assert all(a is None or a == b for a, b in zip(symbol.shape, array.shape, strict=True))


def check_no_tracing(case: Case) -> None:
    """Graphs are built without evaluating `call`."""
    layer = type(case.make(kerax.layers))
    spec = layer.compute_output_spec is not kerax.layers.Layer.compute_output_spec
    assert spec or not getattr(layer.compute_output_shape, "_is_default", False), "the shape is found by tracing call"


def check_mixed_precision(case: Case) -> None:
    """Under mixed_float16 weights stay float32 and float outputs are float16."""
    try:
        dtype_policies.set_dtype_policy("mixed_float16")
        layer = case.make(kerax.layers)
        outputs = call(layer, case, case.inputs())
        symbols = case.make(kerax.layers).compute_dtype
    finally:
        dtype_policies.set_dtype_policy(None)
    assert symbols == "float16"
    assert all(w.dtype == "float32" for w in layer.weights if is_float(w.dtype))
    for output in leaves(outputs):
        if is_float(str(output.dtype)):
            assert str(output.dtype) == "float16"
            assert np.isfinite(np.asarray(output, "float32")).all()


def check_masks(case: Case) -> None:
    """A mask goes on where the layer says so."""
    layer = case.make(kerax.layers)
    if case.mask is None or not layer.supports_masking:
        return
    inputs = jnp.asarray(case.inputs())
    inputs._keras_mask = jnp.asarray(case.mask_value())
    plain = Case(**{**vars(case), "mask": None})
    passed, given = call(layer, plain, inputs), call(layer, case, case.inputs())
    for a, b in zip(leaves(passed), leaves(given), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def check_transforms(case: Case) -> None:
    """`nnx.jit` changes nothing, and a row alone, under `jax.vmap`, gives what it gives in a batch."""
    layer = case.make(kerax.layers)
    inputs = jax.tree.map(jnp.asarray, case.inputs())
    plain = Case(**{**vars(case), "mask": None})
    eager = call(layer, plain, inputs, False)
    alone = not (mixes_rows(layer) or "stateful" in case.name)

    def run(layer, x):
        rows = jax.vmap(lambda row: call(layer, plain, jax.tree.map(lambda leaf: leaf[None], row), False))
        return call(layer, plain, x, False), rows(x) if alone else None

    if "stateful" in case.name:
        layer.reset_state()
    whole, rows = nnx.jit(run)(layer, inputs)
    for a, b in zip(leaves(whole), leaves(eager), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-4, atol=1e-5)
    for a, b in zip(leaves(rows), leaves(eager), strict=True) if alone else ():
        np.testing.assert_allclose(np.asarray(a[:, 0]), np.asarray(b), rtol=1e-4, atol=1e-5)


def check_half_precision(case: Case) -> None:
    """In float16 and bfloat16 outputs have that dtype; in bfloat16 they are those of float32 but for rounding."""
    full = case.make(kerax.layers)
    inputs = jax.tree.map(jnp.asarray, case.inputs())
    expected = call(full, case, inputs, False)
    if "dtype" not in full.get_config():  # a Pipeline: the layers inside have their own
        return
    for dtype in ("float16", "bfloat16"):
        try:
            dtype_policies.set_dtype_policy(dtype)
            layer = case.make(kerax.layers)
        finally:
            dtype_policies.set_dtype_policy(None)
        shapes = jax.eval_shape(lambda x, layer=layer: call(layer, case, x, False), inputs)
        for one, whole in zip(leaves(shapes), leaves(expected), strict=True):
            assert str(one.dtype) == (dtype if is_float(str(whole.dtype)) else str(whole.dtype))
    layer.set_weights(full.get_weights())
    rounded = jax.jit(lambda x: call(layer, case, x, False))(inputs)
    for a, b in zip(leaves(rounded), leaves(expected), strict=True):
        np.testing.assert_allclose(np.asarray(a, "float32"), np.asarray(b, "float32"), rtol=0.1, atol=0.5)


class Squeezed(Model):
    """What a layer gives, each row as one number."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.layer = case.make(kerax.layers)

    def call(self, inputs, training=None):
        outputs = call(self.layer, self.case, inputs, training)
        rows = [jnp.mean(x.reshape(x.shape[0], -1).astype("float32"), axis=1) for x in leaves(outputs)]
        return jnp.stack(rows, axis=1).sum(axis=1, keepdims=True)


def check_fit(case: Case) -> None:
    """One step of `fit` from a Python generator under mixed_bfloat16: a finite loss, weights of float32."""
    try:
        dtype_policies.set_dtype_policy("mixed_bfloat16")
        model = Squeezed(case)
    finally:
        dtype_policies.set_dtype_policy(None)
    model.compile("sgd", "mse")
    inputs = case.inputs()
    rows = len(jax.tree.leaves(inputs)[0])
    targets = np.ones((rows, 1), "float32")
    inputs = tuple(inputs) if isinstance(inputs, list) else inputs
    history = model.fit(iter([(inputs, targets)]), steps_per_epoch=1, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert all(w.dtype == "float32" for w in model.weights if is_float(w.dtype))
    assert all(np.isfinite(np.asarray(w.value)).all() for w in model.weights)


CHECKS = [
    check_config,
    check_building,
    check_no_tracing,
    check_mixed_precision,
    check_masks,
    check_transforms,
    check_half_precision,
    check_fit,
]
