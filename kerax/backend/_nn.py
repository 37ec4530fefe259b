"""Activations, losses, convolutions and recurrence, under the names of the old backend; over `kerax.ops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import config, losses, ops, random
from .._errors import ArgumentError
from .._types import Array, ArrayLike
from ..activations import relu as _relu
from ..layers import UpSampling2D, UpSampling3D
from ..layers._recurrent.walk import Walk
from ..ops import (
    binary_crossentropy,
    categorical_crossentropy,
    elu,
    sigmoid,
    softmax,
    softplus,
    softsign,
)

__all__ = [
    "batch_normalization",
    "bias_add",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "ctc_batch_cost",
    "ctc_decode",
    "depthwise_conv2d",
    "dropout",
    "elu",
    "hard_sigmoid",
    "in_top_k",
    "l2_normalize",
    "pool2d",
    "pool3d",
    "relu",
    "resize_images",
    "resize_volumes",
    "rnn",
    "separable_conv2d",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
]

Sizes = int | Sequence[int]


# -- activations ---------------------------------------------------------------------------------


def relu(x: ArrayLike, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Array:
    """`max(x, 0)`; `alpha` is the slope below `threshold`, `max_value` the limit above."""
    return _relu(x, alpha, max_value, threshold)


def hard_sigmoid(x: ArrayLike) -> Array:
    """`0.2 x + 0.5`, held between 0 and 1: the line of the old backend, which is steeper than that of `activations`."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def l2_normalize(x: ArrayLike, axis: int | Sequence[int] | None = None) -> Array:
    """`x` scaled to length 1 along axes, all of them by default."""
    length = ops.sum(ops.square(x), axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(length, 1e-12)))


def dropout(x: ArrayLike, level: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None) -> Array:
    """Zeros in a share `level` of the elements, chosen at random; the rest scaled up."""
    return random.dropout(x, level, noise_shape, seed)


def in_top_k(predictions: ArrayLike, targets: ArrayLike, k: int) -> Array:
    """Whether each target is among the k greatest predictions: (batch, classes) and (batch,) -> (batch,)."""
    return ops.in_top_k(targets, predictions, k)


# -- losses --------------------------------------------------------------------------------------


def sparse_categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Array:
    """`-log(p)` of the class that each integer target names; 0 for `ignore_class`."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits, ignore_class, axis)


def binary_focal_crossentropy(
    target: ArrayLike,
    output: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Array:
    """The focal cross-entropy of each element, no mean taken (Lin et al., 2017)."""
    target, output = (ops.expand_dims(x, -1) for x in (target, output))  # the mean over one element is none
    return losses.binary_focal_crossentropy(target, output, apply_class_balancing, alpha, gamma, from_logits)


def categorical_focal_crossentropy(
    target: ArrayLike,
    output: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Array:
    """The focal cross-entropy summed over classes (Lin et al., 2017)."""
    return losses.categorical_focal_crossentropy(target, output, alpha, gamma, from_logits, axis=axis)


def ctc_batch_cost(y_true: ArrayLike, y_pred: ArrayLike, input_length: ArrayLike, label_length: ArrayLike) -> Array:
    """The CTC loss of each sequence, with the last class as blank (Graves et al., 2006).

    Args:
        y_true: integers (batch, longest label).
        y_pred: probabilities (batch, steps, classes).
        input_length, label_length: (batch, 1) integers.

    Returns:
        (batch, 1).
    """
    logits = ops.log(ops.add(y_pred, config.epsilon()))
    labels, steps = (ops.reshape(length, (-1,)) for length in (label_length, input_length))
    return ops.expand_dims(ops.ctc_loss(y_true, logits, labels, steps, mask_index=logits.shape[-1] - 1), 1)


def ctc_decode(
    y_pred: ArrayLike, input_length: ArrayLike, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Array], Array]:
    """The likeliest labels of sequences, with the last class as blank.

    Args:
        y_pred: probabilities (batch, steps, classes).
        input_length: (batch,) integers.
        greedy: take the likeliest class of each step; else search with `beam_width` candidates.
        top_paths: how many to give, without `greedy`.

    Returns:
        A list of `top_paths` arrays (batch, steps) of classes, filled up with -1, and their (batch, top_paths) scores.
    """
    logits = ops.log(ops.add(y_pred, config.epsilon()))
    strategy, count = ("greedy", 1) if greedy else ("beam_search", top_paths)
    paths, scores = ops.ctc_decode(logits, input_length, strategy, beam_width, count, mask_index=logits.shape[-1] - 1)
    return [paths[i] for i in range(count)], scores


# -- convolutions and pooling --------------------------------------------------------------------


def conv1d(
    x: ArrayLike,
    kernel: ArrayLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """A convolution along steps; padding "causal" looks back alone."""
    if padding == "causal":
        step = dilation_rate if isinstance(dilation_rate, int) else dilation_rate[0]
        pads = [(0, 0), (0, 0), (0, 0)]
        pads[2 if _layout(data_format) == "channels_first" else 1] = (
            step * (len(ops.convert_to_tensor(kernel)) - 1),
            0,
        )
        x, padding = ops.pad(x, pads), "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(
    x: ArrayLike,
    kernel: ArrayLike,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Array:
    """A convolution of images: kernel (height, width, in, out)."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: ArrayLike,
    kernel: ArrayLike,
    strides: Sizes = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1, 1),
) -> Array:
    """A convolution of volumes: kernel (depth, height, width, in, out)."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(
    x: ArrayLike,
    kernel: ArrayLike,
    output_shape: Sequence[int | None],
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Array:
    """The transpose of a convolution of images: kernel (height, width, out, in).

    Raises:
        ArgumentError: an `output_shape` that these arguments do not give.
    """
    out = ops.conv_transpose(x, kernel, strides, padding, None, data_format, dilation_rate)
    wanted = tuple(output_shape)[1:]
    if any(size is not None and size != found for size, found in zip(wanted, ops.shape(out)[1:], strict=True)):
        raise ArgumentError(
            "conv2d_transpose",
            got=f"output_shape={tuple(output_shape)}",
            expected=ops.shape(out),
            hint="ops.conv_transpose takes output_padding",
        )
    return out


def depthwise_conv2d(
    x: ArrayLike,
    depthwise_kernel: ArrayLike,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Array:
    """A convolution of each channel by itself: kernel (height, width, in, multiplier)."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x: ArrayLike,
    depthwise_kernel: ArrayLike,
    pointwise_kernel: ArrayLike,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Array:
    """`depthwise_conv2d`, then a product over channels."""
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def pool2d(
    x: ArrayLike,
    pool_size: Sizes,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Array:
    """The greatest ("max") or the mean ("avg") of each window of images."""
    return _pooled(x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(
    x: ArrayLike,
    pool_size: Sizes,
    strides: Sizes = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Array:
    """The greatest ("max") or the mean ("avg") of each window of volumes."""
    return _pooled(x, pool_size, strides, padding, data_format, pool_mode)


def _pooled(x: ArrayLike, size: Sizes, strides: Sizes, padding: str, data_format: str | None, mode: str) -> Array:
    pools: dict[str, Callable] = {"max": ops.max_pool, "avg": ops.average_pool}
    if mode not in pools:
        raise ArgumentError("pool_mode", got=repr(mode), expected='"max" or "avg"')
    return pools[mode](x, size, strides, padding, data_format)


def resize_images(
    x: ArrayLike, height_factor: int, width_factor: int, data_format: str | None, interpolation: str = "nearest"
) -> Array:
    """Images so many times as high and as wide."""
    layer = UpSampling2D((height_factor, width_factor), data_format=_layout(data_format), interpolation=interpolation)
    return layer(x)


def resize_volumes(
    x: ArrayLike, depth_factor: int, height_factor: int, width_factor: int, data_format: str | None
) -> Array:
    """Volumes so many times as deep, high and wide, each element repeated."""
    return UpSampling3D((depth_factor, height_factor, width_factor), data_format=_layout(data_format))(x)


def bias_add(x: ArrayLike, bias: ArrayLike, data_format: str | None = None) -> Array:
    """`x` plus a bias for each channel, or one for each element of a row."""
    size = ops.shape(bias)
    axes = len(ops.shape(x))
    if len(size) == 1:
        size = (1, *size, *(1,) * (axes - 2)) if _layout(data_format) == "channels_first" else size
    elif len(size) == axes - 1:
        size = (1, size[-1], *size[:-1]) if _layout(data_format) == "channels_first" else (1, *size)
    else:
        raise ArgumentError("bias_add", got=f"a bias of shape {size}", expected=f"1 or {axes - 1} axes")
    return ops.add(x, ops.reshape(bias, size))


def batch_normalization(
    x: ArrayLike,
    mean: ArrayLike,
    var: ArrayLike,
    beta: ArrayLike | None,
    gamma: ArrayLike | None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Array:
    """`(x - mean) / sqrt(var + epsilon) * gamma + beta`, each for the elements along `axis`."""
    return ops.batch_normalization(x, mean, var, axis, beta, gamma, epsilon)


def _layout(data_format: str | None) -> str:
    return data_format or config.image_data_format()


# -- recurrence ----------------------------------------------------------------------------------


class _Cell:
    """What `rnn` is given, as a cell."""

    def __init__(self, step: Callable, constants: Sequence[Any]) -> None:
        self.step, self.constants = step, list(constants)

    def call(self, inputs: Any, states: list[Any]) -> Any:
        return self.step(inputs, [*states, *self.constants])

    __call__ = call


def rnn(
    step_function: Callable,
    inputs: Any,
    initial_states: Sequence[ArrayLike],
    go_backwards: bool = False,
    mask: ArrayLike | None = None,
    constants: Sequence[ArrayLike] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Array, Array, list[Array]]:
    """A function of one step, along a sequence.

    Args:
        step_function: `(inputs of the step, states + constants) -> (output, new states)`.
        inputs: (batch, steps, …), or (steps, batch, …) with `time_major`.
        initial_states: those to begin with.
        go_backwards: start with the last step; outputs come in that order.
        mask: (batch, steps) or (batch, steps, 1) booleans; steps that are False leave the states as they are.
        constants: given to every step, after the states.
        unroll: write the steps out one by one.
        input_length: kept for compatibility; it is known.
        time_major: which of the first two axes of the inputs and outputs counts the steps.
        zero_output_for_mask: give zeros for masked steps, instead of the output before them.
        return_all_outputs: give the outputs of all steps, not of the last alone.

    Returns:
        (output of the last step, outputs, last states); `outputs` has one step without `return_all_outputs`.
    """
    inputs = ops.convert_to_tensor(inputs)
    inputs = ops.swapaxes(inputs, 0, 1) if time_major else inputs
    if mask is not None and len(ops.shape(mask)) == 3:
        mask = ops.squeeze(mask, -1)
    mask = None if mask is None else ops.convert_to_tensor(mask)
    if mask is not None and time_major:
        mask = ops.swapaxes(mask, 0, 1)
    walk = Walk(return_all_outputs, go_backwards, unroll, zero_output_for_mask, None)
    states = [ops.convert_to_tensor(state) for state in initial_states]
    last, outputs, states = walk(_Cell(step_function, constants or ()), inputs, states, mask, False)
    outputs = outputs if return_all_outputs else ops.expand_dims(last, 1)
    return last, ops.swapaxes(outputs, 0, 1) if time_major else outputs, states
