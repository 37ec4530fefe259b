"""One row for each way a layer is used: what the contract battery and the parity tests run through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A layer and what it is called on.

    Args:
        name: of the class, then what is special.
        make: from the module `layers` of kerax or Keras to a layer.
        shape: of the input; a list of shapes for a list of inputs, a dict for named ones.
        dtype: of the input; "ids" are small integers.
        random: whether training draws random numbers, so that two libraries differ then.
        mask: the shape of a mask passed by hand, None for none.
        call: keyword arguments of the call.
        tolerance: of outputs and gradients.
        grads: whether gradients are compared.
        spec: whether Keras infers the shape and dtype of the output, and right.
    """

    name: str
    make: Callable[[Any], Any]
    shape: Any
    dtype: str = "float32"
    random: bool = False
    mask: Any = None
    call: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-5
    grads: bool = True
    spec: bool = True

    @property
    def cls(self) -> str:
        return self.name.split()[0]

    def inputs(self, batch: int | None = None, seed: int = 0) -> Any:
        rng = np.random.default_rng(seed)

        def one(shape: tuple) -> np.ndarray:
            if self.dtype == "ids":
                return rng.integers(0, 4, shape).astype("int32")
            if self.dtype == "uint8":
                return rng.integers(0, 255, shape).astype("uint8")
            return rng.normal(size=shape).astype(self.dtype)

        if isinstance(self.shape, list):
            return [one(shape) for shape in self.shape]
        if isinstance(self.shape, dict):
            return {key: one(shape) for key, shape in self.shape.items()}
        return one(self.shape)

    def mask_value(self) -> Any:
        if self.mask is None:
            return None
        rng = np.random.default_rng(7)
        mask = rng.random(self.mask) > 0.4
        mask[:, 0] = True
        return mask


C = Case
IMAGE, SEQ, VOL = (2, 7, 8, 4), (2, 6, 4), (2, 5, 6, 5, 3)
FIRST = (2, 4, 7, 8)
PHOTO, PHOTO_FIRST = (2, 6, 7, 3), (2, 3, 6, 7)

CASES = [
    C("Dense", lambda L: L.Dense(3, activation="relu"), (4, 5)),
    C("Activation", lambda L: L.Activation("tanh"), (2, 3)),
    C("ReLU", lambda L: L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), (3, 4)),
    C("ReLU plain", lambda L: L.ReLU(), (3, 4)),
    C("LeakyReLU", lambda L: L.LeakyReLU(0.2), (3, 4)),
    C("ELU", lambda L: L.ELU(0.5), (3, 4)),
    C("PReLU", lambda L: L.PReLU(), (3, 4, 5)),
    C("PReLU shared", lambda L: L.PReLU(shared_axes=[1, 2], alpha_initializer="ones"), (3, 4, 5, 2)),
    C("Softmax", lambda L: L.Softmax(), (3, 4)),
    C("Softmax axes", lambda L: L.Softmax(axis=[1, 2]), (3, 4, 5)),
    C("Softmax masked", lambda L: L.Softmax(), (3, 4), mask=(3, 4)),
    C("Dropout", lambda L: L.Dropout(0.5), (3, 4), random=True),
    C("Dropout none", lambda L: L.Dropout(0.0), (3, 4)),
    C("Dropout shaped", lambda L: L.Dropout(0.3, noise_shape=(None, 1, 4), seed=3), (3, 2, 4), random=True),
    C("SpatialDropout1D", lambda L: L.SpatialDropout1D(0.5), SEQ, random=True),
    C("SpatialDropout2D", lambda L: L.SpatialDropout2D(0.5), IMAGE, random=True),
    C("SpatialDropout2D first", lambda L: L.SpatialDropout2D(0.5, data_format="channels_first"), FIRST, random=True),
    C("SpatialDropout3D", lambda L: L.SpatialDropout3D(0.5), VOL, random=True),
    C("GaussianDropout", lambda L: L.GaussianDropout(0.3), (3, 4), random=True),
    C("GaussianNoise", lambda L: L.GaussianNoise(0.3), (3, 4), random=True),
    C("AlphaDropout", lambda L: L.AlphaDropout(0.3), (3, 4), random=True),
    C("ActivityRegularization", lambda L: L.ActivityRegularization(l1=0.1, l2=0.2), (3, 4)),
    C("Flatten", lambda L: L.Flatten(), (2, 3, 4)),
    C("Flatten vector", lambda L: L.Flatten(), (3,)),
    C("Flatten first", lambda L: L.Flatten(data_format="channels_first"), (2, 3, 4, 5)),
    C("Flatten ids", lambda L: L.Flatten(), (2, 3, 4), dtype="ids"),
    C("Reshape", lambda L: L.Reshape((4, 3)), (2, 12)),
    C("Reshape open", lambda L: L.Reshape((-1, 2)), (2, 4, 3)),
    C("Permute", lambda L: L.Permute((2, 1)), (2, 3, 4)),
    C("RepeatVector", lambda L: L.RepeatVector(3), (2, 4)),
    C("ZeroPadding1D", lambda L: L.ZeroPadding1D((1, 2)), SEQ),
    C("ZeroPadding1D first", lambda L: L.ZeroPadding1D(2, data_format="channels_first"), SEQ),
    C("ZeroPadding2D", lambda L: L.ZeroPadding2D((1, 2)), IMAGE),
    C("ZeroPadding2D first", lambda L: L.ZeroPadding2D(((1, 0), (2, 3)), data_format="channels_first"), FIRST),
    C("ZeroPadding3D", lambda L: L.ZeroPadding3D(1), VOL),
    C("Cropping1D", lambda L: L.Cropping1D((1, 2)), SEQ),
    C("Cropping2D", lambda L: L.Cropping2D(((1, 0), (2, 3))), IMAGE),
    C("Cropping2D first", lambda L: L.Cropping2D(1, data_format="channels_first"), FIRST),
    C("Cropping3D", lambda L: L.Cropping3D(1), VOL),
    C("UpSampling1D", lambda L: L.UpSampling1D(3), SEQ),
    C("UpSampling2D", lambda L: L.UpSampling2D((2, 3)), IMAGE),
    C("UpSampling2D first", lambda L: L.UpSampling2D(2, data_format="channels_first"), FIRST),
    C("UpSampling2D bilinear", lambda L: L.UpSampling2D(2, interpolation="bilinear"), IMAGE),
    C("UpSampling2D bilinear first", lambda L: L.UpSampling2D(2, "channels_first", interpolation="bilinear"), FIRST),
    C("UpSampling2D bicubic", lambda L: L.UpSampling2D(2, interpolation="bicubic"), IMAGE),
    C("UpSampling3D", lambda L: L.UpSampling3D((1, 2, 2)), VOL),
    C("Identity", lambda L: L.Identity(), (2, 3)),
    C("Masking", lambda L: L.Masking(0.5), (2, 3, 4)),
    C("Embedding", lambda L: L.Embedding(4, 3), (2, 5), dtype="ids"),
    C("Embedding masked", lambda L: L.Embedding(4, 3, mask_zero=True), (2, 5), dtype="ids"),
    C("ReversibleEmbedding", lambda L: L.ReversibleEmbedding(4, 3), (2, 5), dtype="ids"),
    C(
        "ReversibleEmbedding back",
        lambda L: L.ReversibleEmbedding(4, 3, logit_soft_cap=0.5),
        (2, 5, 3),
        call={"reverse": True},
    ),
    C(
        "ReversibleEmbedding untied",
        lambda L: L.ReversibleEmbedding(4, 3, tie_weights=False, mask_zero=True),
        (2, 5, 3),
        call={"reverse": True},
    ),
    C("Pipeline", lambda L: L.Pipeline([L.Rescaling(2.0, 1.0), L.Dense(3), L.ReLU()]), (2, 4)),
    C("Pipeline random", lambda L: L.Pipeline([L.Dropout(0.5, seed=1), L.Flatten()]), (2, 3, 4), random=True),
    # convolutions
    C("Conv1D", lambda L: L.Conv1D(3, 2), SEQ),
    C("Conv1D causal", lambda L: L.Conv1D(3, 3, padding="causal", dilation_rate=2), SEQ),
    C("Conv1D first", lambda L: L.Conv1D(3, 2, data_format="channels_first", padding="same"), (2, 4, 6)),
    C("Conv2D", lambda L: L.Conv2D(3, 3, activation="relu"), IMAGE),
    C("Conv2D same strided", lambda L: L.Conv2D(3, (3, 2), strides=2, padding="same", use_bias=False), IMAGE),
    C("Conv2D groups", lambda L: L.Conv2D(4, 3, groups=2), IMAGE),
    C("Conv2D dilated", lambda L: L.Conv2D(3, 2, dilation_rate=(2, 3)), IMAGE),
    C("Conv2D first", lambda L: L.Conv2D(3, 3, data_format="channels_first", strides=(2, 1)), FIRST),
    C("Conv2D regularized", lambda L: L.Conv2D(3, 3, kernel_regularizer="l2", bias_initializer="ones"), IMAGE),
    C("Conv3D", lambda L: L.Conv3D(2, 2, padding="same"), VOL),
    C("DepthwiseConv1D", lambda L: L.DepthwiseConv1D(2, depth_multiplier=2), SEQ),
    C("DepthwiseConv2D", lambda L: L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", strides=2), IMAGE),
    C("DepthwiseConv2D first", lambda L: L.DepthwiseConv2D(3, data_format="channels_first"), FIRST),
    C("SeparableConv1D", lambda L: L.SeparableConv1D(3, 2, padding="same"), SEQ),
    C("SeparableConv2D", lambda L: L.SeparableConv2D(3, 3, depth_multiplier=2, activation="relu"), IMAGE),
    C("SeparableConv2D first", lambda L: L.SeparableConv2D(3, 3, data_format="channels_first"), FIRST),
    C("Conv1DTranspose", lambda L: L.Conv1DTranspose(3, 3, strides=2), SEQ),
    C("Conv1DTranspose same", lambda L: L.Conv1DTranspose(3, 3, strides=2, padding="same"), SEQ),
    C("Conv1DTranspose short", lambda L: L.Conv1DTranspose(3, 2, strides=3, padding="same"), SEQ),
    C("Conv1DTranspose gap", lambda L: L.Conv1DTranspose(3, 2, strides=3), SEQ),
    C("Conv1DTranspose dilated", lambda L: L.Conv1DTranspose(3, 3, dilation_rate=2, padding="same"), SEQ),
    C("Conv2DTranspose", lambda L: L.Conv2DTranspose(3, 3, strides=2, padding="same"), IMAGE),
    C("Conv2DTranspose valid", lambda L: L.Conv2DTranspose(3, (2, 4), strides=(1, 2)), IMAGE),
    C("Conv2DTranspose extra", lambda L: L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1), IMAGE),
    C("Conv2DTranspose extra valid", lambda L: L.Conv2DTranspose(3, 3, strides=2, output_padding=1), IMAGE),
    C(
        "Conv2DTranspose extra even",
        lambda L: L.Conv2DTranspose(3, 4, strides=3, padding="same", output_padding=2),
        IMAGE,
    ),
    C("Conv2DTranspose first", lambda L: L.Conv2DTranspose(3, 3, strides=2, data_format="channels_first"), FIRST),
    C("Conv3DTranspose", lambda L: L.Conv3DTranspose(2, 2, strides=2), VOL),
    # pooling
    C("MaxPooling1D", lambda L: L.MaxPooling1D(2), SEQ),
    C("MaxPooling2D", lambda L: L.MaxPooling2D(), IMAGE),
    C("MaxPooling2D same", lambda L: L.MaxPooling2D(3, strides=2, padding="same"), IMAGE),
    C("MaxPooling2D first", lambda L: L.MaxPooling2D((2, 3), data_format="channels_first"), FIRST),
    C("MaxPooling3D", lambda L: L.MaxPooling3D(2), VOL),
    C("AveragePooling1D", lambda L: L.AveragePooling1D(2, padding="same"), (2, 5, 4)),
    C("AveragePooling2D", lambda L: L.AveragePooling2D(3, strides=1, padding="same"), IMAGE),
    C("AveragePooling2D first", lambda L: L.AveragePooling2D(2, data_format="channels_first"), FIRST),
    C("AveragePooling3D", lambda L: L.AveragePooling3D(2), VOL),
    C("GlobalAveragePooling1D", lambda L: L.GlobalAveragePooling1D(), SEQ),
    C("GlobalAveragePooling1D masked", lambda L: L.GlobalAveragePooling1D(), SEQ, mask=(2, 6)),
    C(
        "GlobalAveragePooling1D first",
        lambda L: L.GlobalAveragePooling1D(data_format="channels_first"),
        SEQ,
        mask=(2, 4),
    ),
    C("GlobalAveragePooling2D", lambda L: L.GlobalAveragePooling2D(keepdims=True), IMAGE),
    C("GlobalAveragePooling3D", lambda L: L.GlobalAveragePooling3D(data_format="channels_first"), VOL),
    C("GlobalMaxPooling1D", lambda L: L.GlobalMaxPooling1D(), SEQ),
    C("GlobalMaxPooling2D", lambda L: L.GlobalMaxPooling2D(data_format="channels_first"), FIRST),
    C("GlobalMaxPooling3D", lambda L: L.GlobalMaxPooling3D(keepdims=True), VOL),
    # normalization
    C("BatchNormalization", lambda L: L.BatchNormalization(), (8, 5), tolerance=3e-5),
    C("BatchNormalization image", lambda L: L.BatchNormalization(momentum=0.5, epsilon=1e-2), IMAGE, tolerance=3e-5),
    C("BatchNormalization axis", lambda L: L.BatchNormalization(axis=1, scale=False), FIRST, tolerance=3e-5),
    C("BatchNormalization plain", lambda L: L.BatchNormalization(center=False, scale=False), (8, 5), tolerance=3e-5),
    C("BatchNormalization masked", lambda L: L.BatchNormalization(), SEQ, mask=(2, 6), tolerance=3e-5),
    C(
        "BatchNormalization renorm",
        lambda L: L.BatchNormalization(renorm=True, renorm_clipping={"rmax": 2.0, "rmin": 0.5, "dmax": 1.0}),
        (8, 5),
        tolerance=3e-5,
    ),
    C("LayerNormalization", lambda L: L.LayerNormalization(), (3, 4, 5), tolerance=3e-5),
    C("LayerNormalization axes", lambda L: L.LayerNormalization(axis=[1, 2]), (3, 4, 5), tolerance=3e-5),
    C("LayerNormalization axis", lambda L: L.LayerNormalization(axis=1, center=False), (3, 4, 5), tolerance=3e-5),
    C("LayerNormalization plain", lambda L: L.LayerNormalization(scale=False, epsilon=1e-6), (3, 4, 5), tolerance=3e-5),
    C("GroupNormalization", lambda L: L.GroupNormalization(2), IMAGE, tolerance=3e-5),
    C("GroupNormalization each", lambda L: L.GroupNormalization(-1, axis=1), FIRST, tolerance=3e-5),
    C("RMSNormalization", lambda L: L.RMSNormalization(), (3, 4, 5)),
    C("UnitNormalization", lambda L: L.UnitNormalization(axis=[1, 2]), (3, 4, 5)),
    # merging
    C("Add", lambda L: L.Add(), [(2, 3), (2, 3), (2, 3)]),
    C("Add stretched", lambda L: L.Add(), [(2, 3, 4), (2, 1, 4), (2, 4)]),
    C("Subtract", lambda L: L.Subtract(), [(2, 3), (2, 3)]),
    C("Multiply", lambda L: L.Multiply(), [(2, 3), (2, 3)]),
    C("Average", lambda L: L.Average(), [(2, 3), (2, 3)]),
    C("Maximum", lambda L: L.Maximum(), [(2, 3), (2, 3)]),
    C("Minimum", lambda L: L.Minimum(), [(2, 3), (2, 3)]),
    C("Concatenate", lambda L: L.Concatenate(axis=1), [(2, 3, 4), (2, 5, 4)]),
    C("Dot", lambda L: L.Dot(axes=1), [(2, 3), (2, 3)]),
    C("Dot batched", lambda L: L.Dot(axes=(2, 1), normalize=True), [(2, 3, 4), (2, 4, 5)]),
    # recurrent
    C("LSTM", lambda L: L.LSTM(3), SEQ),
    C("LSTM sequences", lambda L: L.LSTM(3, return_sequences=True, return_state=True), SEQ),
    C("LSTM backwards", lambda L: L.LSTM(3, go_backwards=True, return_sequences=True), SEQ),
    C("LSTM masked", lambda L: L.LSTM(3, return_sequences=True), SEQ, mask=(2, 6)),
    C("LSTM masked last", lambda L: L.LSTM(3), SEQ, mask=(2, 6)),
    C("LSTM zeros masked", lambda L: L.LSTM(3, return_sequences=True, zero_output_for_mask=True), SEQ, mask=(2, 6)),
    C("LSTM unrolled", lambda L: L.LSTM(3, unroll=True, return_sequences=True, use_bias=False), SEQ, mask=(2, 6)),
    C("LSTM stateful", lambda L: L.LSTM(3, stateful=True), SEQ, grads=False),
    C(
        "LSTM options",
        lambda L: L.LSTM(3, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False),
        SEQ,
    ),
    C("LSTM dropout", lambda L: L.LSTM(3, dropout=0.2, recurrent_dropout=0.3, seed=1), SEQ, random=True),
    C("GRU", lambda L: L.GRU(3, return_sequences=True, return_state=True), SEQ),
    C("GRU before", lambda L: L.GRU(3, reset_after=False, go_backwards=True), SEQ, mask=(2, 6)),
    C("GRU bare", lambda L: L.GRU(3, use_bias=False), SEQ),
    C("SimpleRNN", lambda L: L.SimpleRNN(3, return_sequences=True), SEQ, mask=(2, 6)),
    C("RNN", lambda L: L.RNN(L.GRUCell(3), return_sequences=True), SEQ),
    C("RNN stacked", lambda L: L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True), SEQ),
    C("RNN stacked masked", lambda L: L.RNN([L.LSTMCell(3), L.LSTMCell(2)], go_backwards=True), SEQ, mask=(2, 6)),
    C("StackedRNNCells", lambda L: L.RNN(L.StackedRNNCells([L.SimpleRNNCell(3), L.SimpleRNNCell(2)])), SEQ),
    C("LSTMCell", lambda L: L.RNN(L.LSTMCell(3, use_bias=False)), SEQ),
    C("GRUCell", lambda L: L.RNN(L.GRUCell(3, reset_after=False)), SEQ),
    C("SimpleRNNCell", lambda L: L.RNN(L.SimpleRNNCell(3, activation="relu")), SEQ),
    C("Bidirectional", lambda L: L.Bidirectional(L.LSTM(3)), SEQ),
    C(
        "Bidirectional sequences",
        lambda L: L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="sum"),
        SEQ,
        mask=(2, 6),
    ),
    C(
        "Bidirectional none",
        lambda L: L.Bidirectional(L.LSTM(3, return_state=True, return_sequences=True), merge_mode=None),
        SEQ,
    ),
    C("Bidirectional state", lambda L: L.Bidirectional(L.LSTM(3, return_state=True), merge_mode="ave"), SEQ),
    C("TimeDistributed", lambda L: L.TimeDistributed(L.Dense(3)), (2, 5, 4)),
    C("TimeDistributed images", lambda L: L.TimeDistributed(L.Conv2D(3, 2)), (2, 3, 5, 5, 2)),
    C("ConvLSTM1D", lambda L: L.ConvLSTM1D(3, 2, return_sequences=True), (2, 4, 6, 3)),
    C("ConvLSTM2D", lambda L: L.ConvLSTM2D(3, 2, padding="same", return_state=True), (2, 4, 5, 6, 3)),
    C("ConvLSTM2D first", lambda L: L.ConvLSTM2D(3, 2, data_format="channels_first"), (2, 4, 3, 5, 6)),
    C("ConvLSTM3D", lambda L: L.ConvLSTM3D(2, 2), (2, 3, 4, 4, 3, 2)),
    # attention
    C("Attention", lambda L: L.Attention(use_scale=True), [(2, 3, 4), (2, 5, 4)]),
    C(
        "Attention concat",
        lambda L: L.Attention(score_mode="concat", use_scale=True),
        [(2, 3, 4), (2, 5, 4), (2, 5, 4)],
    ),
    C("Attention causal", lambda L: L.Attention(), [(2, 5, 4), (2, 5, 4)], call={"use_causal_mask": True}),
    C("AdditiveAttention", lambda L: L.AdditiveAttention(), [(2, 3, 4), (2, 5, 4)]),
    C("MultiHeadAttention", lambda L: L.MultiHeadAttention(2, 3), {"query": (2, 5, 4), "value": (2, 6, 4)}),
    C(
        "MultiHeadAttention causal",
        lambda L: L.MultiHeadAttention(2, 3, output_shape=7),
        {"query": (2, 5, 4), "value": (2, 5, 4)},
        call={"use_causal_mask": True},
    ),
    C(
        "MultiHeadAttention key",
        lambda L: L.MultiHeadAttention(2, 3, use_bias=False),
        {"query": (2, 5, 4), "value": (2, 6, 3), "key": (2, 6, 2)},
    ),
    C(
        "MultiHeadAttention scores",
        lambda L: L.MultiHeadAttention(2, 3, value_dim=5),
        {"query": (2, 5, 4), "value": (2, 6, 4)},
        call={"return_attention_scores": True},
        spec=False,
    ),
    C(
        "MultiHeadAttention images",
        lambda L: L.MultiHeadAttention(2, 3, attention_axes=(1, 2)),
        {"query": (2, 3, 4, 5), "value": (2, 2, 3, 5)},
    ),
    C(
        "MultiHeadAttention gate",
        lambda L: L.MultiHeadAttention(2, 3, use_gate=True),
        {"query": (2, 5, 4), "value": (2, 6, 4)},
    ),
    C(
        "MultiHeadAttention dropout",
        lambda L: L.MultiHeadAttention(2, 3, dropout=0.2, seed=1),
        {"query": (2, 5, 4), "value": (2, 6, 4)},
        random=True,
    ),
    C(
        "MultiHeadAttention window",
        lambda L: L.MultiHeadAttention(2, 3, sliding_window=2),
        {"query": (2, 5, 4), "value": (2, 5, 4)},
    ),
    C(
        "MultiHeadAttention wide values",
        lambda L: L.MultiHeadAttention(2, 3, value_dim=4),
        {"query": (2, 5, 4), "value": (2, 5, 4)},
        call={"return_attention_scores": True},
    ),
    C("GroupQueryAttention", lambda L: L.GroupQueryAttention(3, 4, 2), {"query": (2, 5, 4), "value": (2, 6, 4)}),
    C(
        "GroupQueryAttention causal",
        lambda L: L.GroupQueryAttention(3, 4, 2, use_gate=True),
        {"query": (2, 5, 4), "value": (2, 5, 4)},
        call={"use_causal_mask": True},
    ),
    C(
        "EinsumDense",
        lambda L: L.EinsumDense("abc,cd->abd", output_shape=(None, 6), bias_axes="d", activation="relu"),
        (2, 3, 4),
    ),
    C("EinsumDense dots", lambda L: L.EinsumDense("...x,xy->...y", output_shape=6, bias_axes="y"), (2, 3, 4)),
    C(
        "EinsumDense heads",
        lambda L: L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"),
        (2, 3, 4),
    ),
    C("SpectralNormalization", lambda L: L.SpectralNormalization(L.Dense(3), power_iterations=2), (4, 5), grads=False),
    C("AdaptiveAveragePooling1D", lambda L: L.AdaptiveAveragePooling1D(3), (2, 8, 4)),
    C("AdaptiveAveragePooling2D", lambda L: L.AdaptiveAveragePooling2D((3, 4)), IMAGE),
    C("AdaptiveAveragePooling3D", lambda L: L.AdaptiveAveragePooling3D(2), VOL),
    C("AdaptiveMaxPooling1D", lambda L: L.AdaptiveMaxPooling1D(2, data_format="channels_first"), (2, 3, 8)),
    C("AdaptiveMaxPooling2D", lambda L: L.AdaptiveMaxPooling2D((3, 4)), IMAGE),
    C("AdaptiveMaxPooling3D", lambda L: L.AdaptiveMaxPooling3D(2), VOL),
    # preprocessing
    *(
        C(f"STFTSpectrogram {mode}", lambda L, mode=mode: L.STFTSpectrogram(mode, 8, 4), (2, 20, 2), tolerance=3e-5)
        for mode in ("log", "magnitude", "psd", "real", "imag", "stft")
    ),
    C("STFTSpectrogram angle", lambda L: L.STFTSpectrogram("angle", 8, 4), (2, 20, 2), grads=False),
    C(
        "STFTSpectrogram image",
        lambda L: L.STFTSpectrogram("psd", 7, 3, 16, "hamming", True, "spectrum", "same", expand_dims=True),
        (2, 20, 2),
        tolerance=3e-5,
    ),
    C(
        "STFTSpectrogram first",
        lambda L: L.STFTSpectrogram("stft", 8, window=None, padding="same", data_format="channels_first"),
        (2, 2, 21),
    ),
    C("MelSpectrogram", lambda L: L.MelSpectrogram(64, 16, num_mel_bins=8), (2, 100), tolerance=1e-4),
    C(
        "MelSpectrogram power",
        lambda L: L.MelSpectrogram(64, 16, 48, "hamming", 8000, 8, 50.0, 3000.0, False, mag_exp=1.0),
        (2, 100),
        tolerance=1e-4,
    ),
    C(
        "MelSpectrogram quiet",
        lambda L: L.MelSpectrogram(64, 16, num_mel_bins=8, top_db=20.0, ref_power=4.0, min_power=1e-3),
        (2, 100),
        tolerance=1e-4,
    ),
    C("Rescaling", lambda L: L.Rescaling(1 / 255, offset=-0.5), (2, 3, 3, 2), dtype="uint8", grads=False),
    C("Normalization", lambda L: L.Normalization(), (4, 3)),
    C(
        "Normalization given",
        lambda L: L.Normalization(axis=-1, mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0]),
        (4, 3),
    ),
    C("Normalization inverted", lambda L: L.Normalization(axis=None, mean=1.0, variance=4.0, invert=True), (4, 3)),
    C("Normalization axes", lambda L: L.Normalization(axis=(1, -1)), (4, 3, 2)),
    # images
    C("Resizing", lambda L: L.Resizing(4, 9), PHOTO, grads=False),
    C("Resizing first", lambda L: L.Resizing(4, 9, "nearest", data_format="channels_first"), PHOTO_FIRST, grads=False),
    C("Resizing integers", lambda L: L.Resizing(3, 3, antialias=True), PHOTO, dtype="uint8", grads=False, spec=False),
    C("CenterCrop", lambda L: L.CenterCrop(4, 5), PHOTO),
    C("RandomCrop", lambda L: L.RandomCrop(6, 7, seed=1), PHOTO, random=True),
    C("RandomFlip", lambda L: L.RandomFlip("horizontal", seed=1), PHOTO, random=True),
    C("RandomRotation", lambda L: L.RandomRotation(0.2, "constant", seed=1), PHOTO, random=True),
    C("RandomZoom", lambda L: L.RandomZoom((-0.3, -0.2), seed=1), PHOTO, random=True),
    C("RandomTranslation", lambda L: L.RandomTranslation(0.2, (0.1, 0.3), seed=1), PHOTO, random=True),
    C("RandomShear", lambda L: L.RandomShear((0.1, 0.2), (0.0, 0.1), seed=1), PHOTO, random=True),
    C("RandomPerspective", lambda L: L.RandomPerspective(scale=0.5, seed=1), PHOTO, random=True),
    C("RandomElasticTransform", lambda L: L.RandomElasticTransform(seed=1), PHOTO, random=True),
    C("RandomBrightness", lambda L: L.RandomBrightness(0.2, seed=1), PHOTO, random=True),
    C("RandomContrast", lambda L: L.RandomContrast(0.2, seed=1), PHOTO, random=True),
    C("RandomInvert", lambda L: L.RandomInvert(0.5, (0, 1), seed=1), PHOTO, random=True),
    C("RandomPosterization", lambda L: L.RandomPosterization(4, seed=1), PHOTO, random=True),
    C("Solarization", lambda L: L.Solarization(0.2, (0.1, 0.3), seed=1), PHOTO, random=True),
    C("RandomHue", lambda L: L.RandomHue(0.2, seed=1), PHOTO, random=True),
    C("RandomSaturation", lambda L: L.RandomSaturation((0.2, 0.7), seed=1), PHOTO, random=True),
    C("RandomColorDegeneration", lambda L: L.RandomColorDegeneration(0.5, seed=1), PHOTO, random=True),
    C("RandomGrayscale", lambda L: L.RandomGrayscale(0.5, seed=1), PHOTO, random=True),
    C("RandomColorJitter", lambda L: L.RandomColorJitter((0, 1), 0.2, 0.2, seed=1), PHOTO, random=True),
    C("RandomSharpness", lambda L: L.RandomSharpness((0.4, 0.9), seed=1), PHOTO, random=True),
    C("RandomGaussianBlur", lambda L: L.RandomGaussianBlur(0.5, (3, 5), (0.2, 0.9), seed=1), PHOTO, random=True),
    C("RandomErasing", lambda L: L.RandomErasing(seed=1), PHOTO, random=True),
    C("CutMix", lambda L: L.CutMix(seed=1), PHOTO, random=True),
    C("MaxNumBoundingBoxes", lambda L: L.MaxNumBoundingBoxes(3), PHOTO),
    C("AutoContrast", lambda L: L.AutoContrast((-3, 3)), PHOTO, grads=False),
    C("Equalization", lambda L: L.Equalization(bins=16), (1, 6, 7, 3), grads=False),
    C(
        "ContrastLimitedAdaptiveHistogramEqualization",
        lambda L: L.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 3)),
        PHOTO,
        grads=False,
    ),
    C("CategoryEncoding", lambda L: L.CategoryEncoding(4), (3, 5), dtype="ids"),
    C("CategoryEncoding one-hot", lambda L: L.CategoryEncoding(3, "one_hot"), (3, 5), dtype="ids"),
    C("CategoryEncoding column", lambda L: L.CategoryEncoding(4, "one_hot"), (3, 1), dtype="ids"),
    C("CategoryEncoding count", lambda L: L.CategoryEncoding(4, "count"), (3, 5), dtype="ids"),
    C("Discretization", lambda L: L.Discretization([-0.5, 0.0, 1.0]), (3, 4), grads=False),
    C("Discretization one-hot", lambda L: L.Discretization([-0.5, 0.5], output_mode="one_hot"), (3, 1), grads=False),
    C("Discretization multi-hot", lambda L: L.Discretization([0.0], output_mode="multi_hot"), (3, 4), grads=False),
    C("Discretization count", lambda L: L.Discretization([0.0, 0.5], output_mode="count"), (3, 4), grads=False),
]
