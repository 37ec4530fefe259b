"""Names that are not there: an AttributeError that tells what to use instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ... import ops
from ..._errors import NameError_, near_misses

# What TensorFlow has and kerax has under another name or in another way.
INSTEAD = {
    "tf.AggregationMethod": "leave it out: XLA chooses how gradients are added up",
    "tf.Graph": "kerax.function, which compiles; there are no graphs to build by hand",
    "tf.IndexedSlices": "dense arrays: gradients of look-ups are dense here",
    "tf.RaggedTensor": "padded arrays and a mask, as kerax.utils.pad_sequences and Embedding(mask_zero=True) give",
    "tf.Session": "calling functions directly; everything runs eagerly, or compiled by kerax.function",
    "tf.SparseTensor": "dense arrays, or jax.experimental.sparse.BCOO",
    "tf.TensorArray": "a Python list and tf.stack, or kerax.ops.scan inside compiled loops",
    "tf.contrib": "the namesakes in tf.keras; contrib ended with TensorFlow 1",
    "tf.estimator": "a model of tf.keras",
    "tf.experimental.dlpack": "jax.dlpack",
    "tf.feature_column": "the preprocessing layers of tf.keras, such as Normalization",
    "tf.get_logger": "logging.getLogger('kerax')",
    "tf.gradients": "tf.GradientTape, or jax.grad",
    "tf.hessians": "jax.hessian, or two tapes",
    "tf.lite": "jax.export",
    "tf.lookup": "a dict on the host, or the preprocessing layers of tf.keras",
    "tf.placeholder": "tf.keras.Input",
    "tf.profiler": "jax.profiler",
    "tf.ragged": "padded arrays with a mask, such as kerax.utils.pad_sequences gives",
    "tf.raw_ops": "jax.lax",
    "tf.saved_model": "model.save, or jax.export",
    "tf.sparse": "dense arrays, or jax.experimental.sparse",
    "tf.tpu": "jax.devices('tpu') and kerax.distribution",
    "tf.train": "model.save_weights and load_weights",
    "tf.xla": "nothing: everything runs on XLA",
    "tf.compat.v1": "the functions of TensorFlow 2: there are no sessions, placeholders and graphs here",
    "tf.nn.ctc_beam_search_decoder": "kerax.ops.ctc_decode(strategy='beam_search')",
    "tf.nn.ctc_greedy_decoder": "kerax.ops.ctc_decode(strategy='greedy')",
    "tf.nn.rnn_cell": "the cells in tf.keras.layers",
    "tf.linalg.LinearOperator": "matrices",
    "tf.linalg.logm": "scipy.linalg.logm, on the host",
    "tf.image.non_max_suppression": "a loop over the sorted boxes on the host",
    "tf.distribute.MultiWorkerMirroredStrategy": "jax.distributed.initialize and kerax.distribution.DataParallel",
    "tf.distribute.TPUStrategy": "tf.distribute.MirroredStrategy, which takes every device there is",
    "tf.distribute.experimental": "tf.distribute.MirroredStrategy, or kerax.distribution",
    "tf.data.FixedLengthRecordDataset": "numpy.fromfile and tf.data.Dataset.from_tensor_slices",
    "tf.data.TFRecordDataset": "grain.experimental.TFRecordIterDataset, which fit takes as it is",
    "tf.data.experimental.make_csv_dataset": "kerax.utils.make_csv_dataset, or pandas.read_csv and from_tensor_slices",
    "tf.distribute.cluster_resolver": "jax.distributed.initialize",
}


def _elsewhere(space: str, name: str) -> str | None:
    """The function of that very name in another namespace of tf, in kerax.ops or in JAX."""
    package = __package__ or ""
    for inner in ("math", "nn", "linalg", "image", "random", "strings", "signal", "debugging", "config"):
        module = sys.modules[f"{package}.{inner}"]
        if f"tf.{inner}" != space and name in module.__all__:
            return f"tf.{inner}.{name}"
    if space != "tf" and name in sys.modules[package].__all__:
        return f"tf.{name}"
    places = (
        ("kerax.ops", ops),
        ("jax.numpy", jnp),
        ("jax.nn", jax.nn),
        ("jax.lax", jax.lax),
        ("jax.scipy.special", jax.scipy.special),
        ("jax.numpy.linalg", jnp.linalg),
    )
    for where, module in places:
        if callable(getattr(module, name, None)):
            return f"{where}.{name}"
    return None


def unknown(space: str, name: str, known: list[str]) -> NameError_:
    """The error for `space.name`: a name that is not there, and what does the same."""
    full = f"{space}.{name}"
    instead = INSTEAD.get(full)
    if instead is None:
        instead = _elsewhere(space, name)
    if instead is not None:
        return NameError_(f"{full} is not in kerax.compat", hint=instead)
    return NameError_(f"{full} is not in kerax.compat", hint=near_misses(name, known))


def absent(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a namespace of this package: every name it does not have is an error."""
    space = module.removeprefix("kerax.compat.")

    def missing(name: str) -> Any:
        known = sys.modules[module]
        if name.startswith("__"):  # the import system and inspect ask for these
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise unknown(space, name, list(known.__all__))

    return missing
