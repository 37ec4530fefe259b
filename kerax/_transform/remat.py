"""remat: compute again in the backward pass instead of keeping in memory."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax

from .. import tree
from .._core.context import setting
from .._core.stateful import Carried, discover, pure
from .._core.variable import Variable
from .._errors import ArgumentError
from .._graph.tensor import any_symbolic

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


def remat(f: Callable) -> Callable:
    """`f`, or a layer, whose intermediate results are computed again when gradients are: less memory, more time.

    Random numbers and updates of Variables happen once, as without it.

    Args:
        f: takes and gives arrays, in any structure; other arguments are constants.
    """
    return _again(f, None)


def _again(f: Callable, policy: Callable | None) -> Callable:
    """`f` with what `policy` does not save (None: nothing) computed again in the backward pass."""

    @functools.wraps(f, updated=())
    def run(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return f(*args, **kwargs)
        leaves = tree.flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
        carried = Carried()

        def call(arrays: Sequence[Any]) -> Any:
            filled = list(leaves)
            for place, value in zip(places, arrays, strict=True):
                filled[place] = value
            inner_args, inner_kwargs = tree.pack_sequence_as((args, kwargs), filled)
            return f(*inner_args, **inner_kwargs)

        def attempt() -> Any:
            # What is only read is a constant to `pure`, and differentiated as what it closes over.
            step = pure(call, carried, check_reads=False)
            return jax.checkpoint(step, policy=policy)(carried.values(), [leaves[i] for i in places])

        outputs, after = discover(attempt, carried)
        for variable, value in zip(carried.variables, after, strict=True):
            variable.assign(value) if isinstance(variable, Variable) else variable.set_value(value)
        return outputs

    return run


def _is_costly(primitive: Any, *_: Any, **__: Any) -> bool:
    return primitive.name in ("dot_general", "conv_general_dilated")


class Rule:
    """Which layers compute again; a layer made in a `RematScope` keeps the rule.

    Args:
        mode, output_size_threshold, layer_names: as for `RematScope`.
    """

    def __init__(self, mode: str | None, output_size_threshold: int, layer_names: Sequence[str]) -> None:
        self.mode, self.output_size_threshold, self.layer_names = mode, output_size_threshold, layer_names

    def __call__(self, layer: Any, call: Callable, args: tuple, kwargs: dict) -> Any:
        """What the layer's `call` gives."""
        if self.mode == "activations":
            return (_again(call, _is_costly) if getattr(layer, "activation", None) else call)(*args, **kwargs)
        if self.mode == "larger_than":
            wanted = self._is_large(layer, args)
        else:
            wanted = self.mode == "full" or (self.mode == "list_of_layers" and layer.name in self.layer_names)
        return (remat(call) if wanted else call)(*args, **kwargs)

    def _is_large(self, layer: Any, args: tuple) -> bool:
        shapes = layer.compute_output_shape(tree.map_structure(lambda x: tuple(x.shape), args[0]))
        sizes = tree.map_shape_structure(math.prod, shapes)
        return sum(tree.flatten(sizes)) > self.output_size_threshold


class RematScope:
    """Layers made within the block compute again in the backward pass what they would keep in memory.

    Args:
        mode: "full" for all layers; "activations" for all but the matrix products and convolutions of layers that
            have an `activation`; "larger_than" for layers whose outputs have more than `output_size_threshold`
            elements; "list_of_layers" for those named; None for none.
        output_size_threshold: for "larger_than".
        layer_names: for "list_of_layers".

    Raises:
        ArgumentError: another mode.
    """

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: Sequence[str] | None = None
    ) -> None:
        if mode not in _MODES:
            raise ArgumentError("RematScope", got=f"mode={mode!r}", expected=f"one of {_MODES}")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())

    def __enter__(self) -> RematScope:
        rule = None if self.mode is None else Rule(self.mode, self.output_size_threshold, self.layer_names)
        self._setting = setting(remat=rule)
        self._setting.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._setting.__exit__(*exc)
