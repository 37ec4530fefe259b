"""`compute_output_shape` tells the real output's shape, whatever the arguments."""

from __future__ import annotations

import jax
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kerax import layers
from kerax._errors import KeraxError

pytestmark = pytest.mark.slow

bounded = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

FORMATS = st.sampled_from(["channels_last", "channels_first"])
SMALL = st.integers(1, 4)


def real_shape(layer, shape, dtype="float32", **options):
    """The shapes that `call` gives, by abstract evaluation: nothing is computed."""
    structs = jax.tree.map(
        lambda one: jax.ShapeDtypeStruct(one, dtype), shape, is_leaf=lambda one: isinstance(one, tuple)
    )
    layer.build(shape)
    out = jax.eval_shape(lambda x: layer(x, **options), structs)
    return jax.tree.map(lambda leaf: tuple(leaf.shape), out)


def agree(layer, shape, dtype="float32"):
    """The shape told is the real one, before and after building, and with an unknown batch size."""
    told = as_tuples(layer.compute_output_shape(shape))
    assert told == as_tuples(real_shape(layer, shape, dtype))
    assert as_tuples(layer.compute_output_shape(shape)) == told
    assert as_tuples(layer.compute_output_shape(open_batch(as_tuples(shape)))) == open_batch(told)


def open_batch(structure):
    """The same shapes with a batch of unknown size."""
    return [open_batch(one) for one in structure] if isinstance(structure, list) else (None, *structure[1:])


def as_tuples(structure):
    if isinstance(structure, (list, tuple)) and not all(isinstance(size, int) or size is None for size in structure):
        return [as_tuples(item) for item in structure]
    return tuple(structure)


def spatial(draw, rank, least=1, most=9):
    return tuple(draw(st.lists(st.integers(least, most), min_size=rank, max_size=rank)))


def with_channels(sizes, channels, data_format):
    return (2, channels, *sizes) if data_format == "channels_first" else (2, *sizes, channels)


def per_axis(draw, rank, strategy=SMALL):
    return draw(st.one_of(strategy, st.tuples(*[strategy] * rank)))


def fits(make, shape):
    """The layer, unless its arguments do not go together: then an error of ours is what is expected."""
    try:
        layer = make()
        layer.compute_output_shape(shape)
    except KeraxError:
        assume(False)
    return layer


@bounded
@given(data=st.data(), rank=st.integers(1, 3), data_format=FORMATS)
def test_convolutions(data, rank, data_format):
    draw = data.draw
    kind = draw(st.sampled_from(["Conv", "Depthwise", "Separable", "Transpose"]))
    channels = draw(st.sampled_from([2, 4]))
    shape = with_channels(spatial(draw, rank, 3, 9), channels, data_format)
    paddings = ["valid", "same"] + (["causal"] if kind == "Conv" and rank == 1 else [])
    strides, dilation = per_axis(draw, rank), per_axis(draw, rank, st.integers(1, 2))
    if draw(st.booleans()):
        strides = 1
    else:
        dilation = 1
    common = {
        "kernel_size": per_axis(draw, rank, st.integers(1, 3)),
        "strides": strides,
        "padding": draw(st.sampled_from(paddings)),
        "dilation_rate": dilation,
        "data_format": data_format,
    }
    if kind in ("Depthwise", "Separable"):
        rank_ok = rank < 3
        assume(rank_ok)
        # XLA and Keras want equal strides along both axes there.
        common["strides"] = strides if isinstance(strides, int) else strides[0]
    if kind == "Conv":
        cls = getattr(layers, f"Conv{rank}D")
        layer = fits(lambda: cls(4, groups=draw(st.sampled_from([1, 2])), **common), shape)
    elif kind == "Depthwise":
        layer = fits(lambda: getattr(layers, f"DepthwiseConv{rank}D")(depth_multiplier=2, **common), shape)
    elif kind == "Separable":
        layer = fits(lambda: getattr(layers, f"SeparableConv{rank}D")(3, **common), shape)
    else:
        layer = fits(lambda: getattr(layers, f"Conv{rank}DTranspose")(3, **common), shape)
    agree(layer, shape)


@bounded
@given(data=st.data(), rank=st.integers(1, 3), data_format=FORMATS)
def test_pooling(data, rank, data_format):
    draw = data.draw
    shape = with_channels(spatial(draw, rank, 2, 9), 3, data_format)
    cls = draw(st.sampled_from(["MaxPooling", "AveragePooling", "GlobalMax", "GlobalAverage", "AdaptiveMax"]))
    if cls.startswith("Global"):
        layer = getattr(layers, f"{cls}Pooling{rank}D")(data_format=data_format, keepdims=draw(st.booleans()))
    elif cls.startswith("Adaptive"):
        size = per_axis(draw, rank, st.integers(1, 2))
        layer = getattr(layers, f"{cls}Pooling{rank}D")(size, data_format=data_format)
    else:
        strides = draw(st.one_of(st.none(), SMALL))
        padding = draw(st.sampled_from(["valid", "same"]))
        layer = fits(
            lambda: getattr(layers, f"{cls}{rank}D")(per_axis(draw, rank), strides, padding, data_format=data_format),
            shape,
        )
    agree(layer, shape)


@bounded
@given(data=st.data(), rank=st.integers(1, 3), data_format=FORMATS)
def test_padding_cropping_and_upsampling(data, rank, data_format):
    draw = data.draw
    kind = draw(st.sampled_from(["ZeroPadding", "Cropping", "UpSampling"]))
    shape = with_channels(spatial(draw, rank, 5, 9), 3, data_format)
    if kind == "UpSampling":
        size = draw(SMALL) if rank == 1 else per_axis(draw, rank, st.integers(1, 3))
        options = {} if rank == 1 else {"data_format": data_format}
        layer = getattr(layers, f"UpSampling{rank}D")(size, **options)
        if rank == 2 and draw(st.booleans()):
            layer = layers.UpSampling2D(size, interpolation=draw(st.sampled_from(["bilinear", "bicubic"])), **options)
    else:
        side = st.integers(0, 2)
        amount = draw(st.one_of(side, st.tuples(*[side] * rank), st.tuples(*[st.tuples(side, side)] * rank)))
        if rank == 1:
            amount = draw(st.one_of(side, st.tuples(side, side)))
        options = {} if rank == 1 and kind == "Cropping" else {"data_format": data_format}
        layer = getattr(layers, f"{kind}{rank}D")(amount, **options)
    agree(layer, shape)


@bounded
@given(data=st.data(), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_reshaping(data, sizes):
    draw = data.draw
    shape = (2, *sizes)
    kind = draw(st.sampled_from(["Reshape", "Reshape open", "Permute", "Flatten", "RepeatVector", "Identity"]))
    if kind == "Permute":
        layer = layers.Permute(tuple(draw(st.permutations(range(1, len(sizes) + 1)))))
    elif kind.startswith("Reshape"):
        target = list(draw(st.permutations(sizes)))
        if kind.endswith("open"):
            target[draw(st.integers(0, len(target) - 1))] = -1
        layer = layers.Reshape(tuple(target))
    elif kind == "RepeatVector":
        shape, layer = shape[:2], layers.RepeatVector(draw(SMALL))
    else:
        layer = getattr(layers, kind)()
    agree(layer, shape)


@bounded
@given(data=st.data())
def test_recurrent_layers(data):
    draw = data.draw
    sequences, state, back = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    options = {"return_sequences": sequences, "return_state": state, "go_backwards": back}
    shape = (2, draw(SMALL), draw(SMALL))
    kind = draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "TimeDistributed", "ConvLSTM1D"]))
    if kind == "RNN":
        cells = [layers.LSTMCell(draw(SMALL)), layers.GRUCell(draw(SMALL))]
        layer = layers.RNN(cells if draw(st.booleans()) else cells[0], **options)
    elif kind == "Bidirectional":
        inner = layers.LSTM(draw(SMALL), return_sequences=sequences, return_state=state)
        layer = layers.Bidirectional(inner, merge_mode=draw(st.sampled_from(["concat", "sum", "mul", "ave", None])))
    elif kind == "TimeDistributed":
        layer = layers.TimeDistributed(layers.Dense(draw(SMALL)))
    elif kind == "ConvLSTM1D":
        shape = (2, draw(SMALL), draw(st.integers(3, 5)), draw(SMALL))
        layer = layers.ConvLSTM1D(2, 2, padding=draw(st.sampled_from(["valid", "same"])), **options)
    else:
        layer = getattr(layers, kind)(draw(SMALL), **options)
    agree(layer, shape)


@bounded
@given(data=st.data(), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_merging(data, sizes):
    draw = data.draw
    kind = draw(st.sampled_from(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"]))
    count = 2 if kind in ("Subtract", "Dot") else draw(st.integers(2, 3))
    shapes = [(2, *sizes) for _ in range(count)]
    if kind == "Concatenate":
        axis = draw(st.integers(1, len(sizes)))
        shapes = [(*one[:axis], draw(SMALL), *one[axis + 1 :]) for one in shapes]
        layer = layers.Concatenate(axis=draw(st.sampled_from([axis, axis - len(sizes) - 1])))
    elif kind == "Dot":
        axes = draw(st.integers(1, len(sizes)))
        layer = layers.Dot(axes, normalize=draw(st.booleans()))
    else:
        layer = getattr(layers, kind)()
        if draw(st.booleans()):  # sizes of 1 are stretched
            axis = draw(st.integers(1, len(sizes)))
            shapes[-1] = (*shapes[-1][:axis], 1, *shapes[-1][axis + 1 :])
    agree(layer, shapes)


@bounded
@given(data=st.data(), batch=SMALL, targets=SMALL, sources=SMALL)
def test_attention(data, batch, targets, sources):
    draw = data.draw
    size, value_size = draw(SMALL), draw(SMALL)
    kind = draw(st.sampled_from(["Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"]))
    if kind in ("Attention", "AdditiveAttention"):
        shapes = [(batch, targets, size), (batch, sources, value_size), (batch, sources, size)]
        agree(getattr(layers, kind)(), shapes)
        return
    if kind == "MultiHeadAttention":
        layer = layers.MultiHeadAttention(draw(SMALL), 2, draw(st.one_of(st.none(), SMALL)))
    else:
        layer = layers.GroupQueryAttention(2, 4, draw(st.sampled_from([1, 2, 4])))
    query, value = (batch, targets, size), (batch, sources, value_size)
    told = layer.compute_output_shape(query, value)
    out = jax.eval_shape(lambda q, v: layer(q, v), *(jax.ShapeDtypeStruct(one, "float32") for one in (query, value)))
    assert tuple(told) == out.shape


@bounded
@given(data=st.data(), sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_dense_layers_and_lookups(data, sizes):
    draw = data.draw
    kind = draw(st.sampled_from(["Dense", "Embedding", "PReLU", "LayerNormalization", "BatchNormalization", "Softmax"]))
    if kind == "Embedding":
        agree(layers.Embedding(5, draw(SMALL)), (2, *sizes), "int32")
    elif kind == "Dense":
        agree(layers.Dense(draw(SMALL)), (2, *sizes))
    else:
        agree(getattr(layers, kind)(), (2, *sizes))


@bounded
@given(data=st.data())
def test_spectrograms(data):
    draw = data.draw
    length = draw(st.integers(3, 9))  # a symmetric Hann window of 2 samples is zero
    options = {
        "mode": draw(st.sampled_from(["log", "stft", "psd"])),
        "frame_length": length,
        "frame_step": draw(st.integers(1, length)),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "expand_dims": draw(st.booleans()),
    }
    data_format = draw(FORMATS)
    shape = with_channels((draw(st.integers(length, 30)),), draw(SMALL), data_format)
    agree(layers.STFTSpectrogram(data_format=data_format, **options), shape)
    mel = layers.MelSpectrogram(8, draw(SMALL), num_mel_bins=draw(SMALL))
    agree(mel, (2, draw(st.integers(9, 30))))
