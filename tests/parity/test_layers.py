"""Layers against Keras: same weights and inputs, then same outputs, gradients, states and configs."""

from __future__ import annotations

import inspect
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax.layers
from tests.contract.layer_cases import CASES, Case

pytestmark = pytest.mark.slow

_OURS_NOT = ("quantization_config",)
_OURS_MORE = {"MaxNumBoundingBoxes": ("fill_value",), "RandomGrayscale": ("seed",)}  # arguments Keras's configs forget


def call(layer, case: Case, inputs, training):
    options = dict(case.call)
    if case.mask is not None:
        options["mask"] = jnp.asarray(case.mask_value())
    if isinstance(inputs, dict):
        return layer(**inputs, training=training, **options)
    return layer(inputs, training=training, **options)


def stateless(layer, case: Case, trainable, rest, inputs, training):
    options = dict(case.call)
    if "training" in inspect.signature(layer.call).parameters:
        options["training"] = training
    if case.mask is not None:
        options["mask"] = jnp.asarray(case.mask_value())
    if isinstance(inputs, dict):
        inputs = dict(inputs)
        query = inputs.pop("query")
        return layer.stateless_call(trainable, rest, query, **inputs, **options)
    return layer.stateless_call(trainable, rest, inputs, **options)


def values(variables):
    return [jnp.asarray(v.value) for v in variables]


def pair(case: Case):
    ours, theirs = case.make(kerax.layers), case.make(keras.layers)
    inputs = case.inputs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call(ours, case, inputs, False)
        call(theirs, case, inputs, False)
    for name in ("trainable_weights", "non_trainable_weights"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert [(w.name, tuple(w.shape)) for w in mine] == [(w.name, tuple(w.shape)) for w in other], name
    seeds = [sum("seed" in v.path for v in layer.variables) for layer in (ours, theirs)]
    assert seeds[0] == seeds[1], "seed generators"
    assert len(ours.losses) == len(theirs.losses)
    assert ours.supports_masking == theirs.supports_masking
    rng = np.random.default_rng(1)
    new = []
    for w in theirs.weights:
        value = np.asarray(w)
        if value.dtype.kind == "f":
            value = rng.normal(size=value.shape) * 0.5
            if "variance" in w.name or "stddev" in w.name:
                value = np.abs(value) + 0.5
        new.append(value.astype(np.asarray(w).dtype))
    if "Normalization" in case.cls and any(w.name == "count" for w in theirs.weights):
        new = [np.asarray(w) for w in theirs.weights]
    theirs.set_weights(new)
    ours.set_weights(new)
    if "stateful" in case.name:
        theirs.reset_state()
        ours.reset_state()
    return ours, theirs, inputs


def close(a, b, tolerance, what):
    flat_a, flat_b = jax.tree.leaves(a), jax.tree.leaves(b)
    assert len(flat_a) == len(flat_b), what
    for x, y in zip(flat_a, flat_b, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert x.shape == y.shape, f"{what}: {x.shape} is not {y.shape}"
        assert x.dtype == y.dtype, f"{what}: {x.dtype} is not {y.dtype}"
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance, err_msg=what)


def cases():
    known = set(dir(kerax.layers))
    return [pytest.param(case, id=case.name) for case in CASES if case.cls in known and hasattr(keras.layers, case.cls)]


@pytest.mark.parametrize("case", cases())
def test_weights_outputs_gradients_and_states_are_those_of_keras(case: Case):
    ours, theirs, inputs = pair(case)
    # Where training changes nothing, one mode tells all.
    modes = (False, True) if "BatchNormalization" in case.name else (not case.random,)
    for training in modes:
        mine, other = (measured(layer, case, inputs, training) for layer in (ours, theirs))
        close(mine[0], other[0], case.tolerance, f"outputs, training={training}")
        close(mine[1], other[1], case.tolerance, f"states, training={training}")
        close(mine[2], other[2], 4 * case.tolerance, f"gradients, training={training}")


def measured(layer, case: Case, inputs, training: bool):
    """Outputs, states afterwards, and gradients of a function of the outputs, compiled as one."""
    trainable, rest = values(layer.trainable_variables), values(layer.non_trainable_variables)

    def run(trainable, inputs):
        outputs, after = stateless(layer, case, trainable, rest, inputs, training)
        outputs = jax.tree.leaves(outputs)
        total = sum(jnp.sum(jnp.sin(out) * jnp.cos(jnp.arange(out.size).reshape(out.shape))) for out in outputs)
        return total, (outputs, after)

    arrays = jax.tree.map(jnp.asarray, inputs)
    if case.grads and (trainable or case.dtype == "float32"):
        wanted = (0, 1) if case.dtype == "float32" else 0
        (_, (outputs, after)), grads = jax.jit(jax.value_and_grad(run, wanted, has_aux=True))(trainable, arrays)
    else:
        grads, (_, (outputs, after)) = None, jax.jit(run)(trainable, arrays)
    paths = [v.path for v in layer.non_trainable_variables]
    kept = [v for v, path in zip(after, paths, strict=True) if "seed" not in path and "rnn_state" not in path]
    return outputs, kept, grads


def plain(config):
    """A config without what kerax leaves out, names and object ids."""
    if isinstance(config, dict):
        skip = (*_OURS_NOT, "name", "registered_name")
        return {key: plain(value) for key, value in config.items() if key not in skip}
    if isinstance(config, (list, tuple)):
        return type(config)(plain(item) for item in config)
    return config


@pytest.mark.parametrize("case", cases())
def test_configs_are_those_of_keras(case: Case):
    ours, theirs = case.make(kerax.layers), case.make(keras.layers)
    known = {key: value for key, value in ours.get_config().items() if key not in _OURS_MORE.get(case.cls, ())}
    assert plain(known) == plain(theirs.get_config())
    assert ours.name == theirs.name or theirs.name.startswith(ours.name)
    again = kerax.layers.deserialize(keras.layers.serialize(theirs)).get_config()
    known = {key: value for key, value in again.items() if key not in _OURS_MORE.get(case.cls, ())}
    assert plain(known) == plain(theirs.get_config())
    back = keras.layers.deserialize(kerax.layers.serialize(ours))
    assert plain(back.get_config()) == plain(theirs.get_config())


def symbolic(library, case: Case, batch):
    def one(x):
        return library.Input(x.shape[1:], batch_size=batch, dtype=str(x.dtype))

    return jax.tree.map(one, case.inputs())


@pytest.mark.parametrize("case", cases())
def test_symbolic_outputs_are_those_of_keras(case: Case):
    if "stateful" in case.name:
        pytest.skip("needs a batch size")
    ours, theirs = case.make(kerax.layers), case.make(keras.layers)
    case = Case(**{**vars(case), "mask": None})
    kinds = [
        call(layer, case, symbolic(library, case, None), None)
        for layer, library in ((ours, kerax.layers), (theirs, keras.layers))
    ]
    mine, other = (jax.tree.leaves(kind, is_leaf=lambda x: hasattr(x, "shape")) for kind in kinds)
    for x, y in zip(mine, other, strict=True) if case.spec else ():
        assert len(x.shape) == len(y.shape)
        assert all(a == b for a, b in zip(x.shape, y.shape, strict=True) if b is not None)
        assert str(x.dtype) == str(y.dtype)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.mask is not None])
def test_rows_without_any_real_step_are_those_of_keras(case: Case):
    ours, theirs, inputs = pair(case)
    mask = np.array(case.mask_value())
    mask[0] = False
    mine, other = (jax.tree.leaves(layer(inputs, mask=jnp.asarray(mask), training=False)) for layer in (ours, theirs))
    close(mine, other, case.tolerance, "outputs")


@pytest.mark.parametrize("case", [c for c in cases() if "masked" not in c.id and "stateful" not in c.id])
def test_a_batch_of_one_has_the_shape_it_has_in_keras(case: Case):
    """By abstract evaluation: no program is compiled."""
    alone = jax.tree.map(lambda x: jax.ShapeDtypeStruct((1, *x.shape[1:]), x.dtype), case.inputs())
    plain_case = Case(**{**vars(case), "mask": None})
    found = []
    for layer in (case.make(kerax.layers), case.make(keras.layers)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(layer, plain_case, case.inputs(), False)
            found.append(jax.eval_shape(lambda x, layer=layer: call(layer, plain_case, x, False), alone))
    mine, other = (jax.tree.leaves(out) for out in found)
    assert [(x.shape, x.dtype) for x in mine] == [(x.shape, x.dtype) for x in other]
