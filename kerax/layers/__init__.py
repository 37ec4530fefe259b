"""Layers: the building blocks of models."""

from .._registry import Registry
from .._serial import resolver
from . import experimental
from ._activation.prelu import PReLU
from ._activation.simple import ELU, Activation, LeakyReLU, ReLU, Softmax
from ._attention.attention import AdditiveAttention, Attention
from ._attention.multi_head import GroupQueryAttention, MultiHeadAttention
from ._convolution.conv import Conv1D, Conv2D, Conv3D
from ._convolution.depthwise import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D
from ._convolution.transpose import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from ._core.dense import Dense
from ._core.einsum_dense import EinsumDense
from ._core.embedding import Embedding
from ._core.function import Lambda
from ._core.input_layer import Input, InputLayer
from ._core.reversible_embedding import ReversibleEmbedding
from ._core.small import Identity, Masking
from ._layer import InputSpec, Layer
from ._merging.concatenate import Concatenate, concatenate
from ._merging.dot import Dot, dot
from ._merging.elementwise import (
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from ._normalization.batch import BatchNormalization
from ._normalization.layer import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization
from ._normalization.spectral import SpectralNormalization
from ._pooling.adaptive import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from ._pooling.overall import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
from ._pooling.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from ._preprocessing.category_encoding import CategoryEncoding
from ._preprocessing.discretization import Discretization
from ._preprocessing.hashed_crossing import HashedCrossing
from ._preprocessing.hashing import Hashing
from ._preprocessing.image.bending import RandomElasticTransform, RandomPerspective
from ._preprocessing.image.colors import (
    RandomColorDegeneration,
    RandomColorJitter,
    RandomGrayscale,
    RandomHue,
    RandomSaturation,
)
from ._preprocessing.image.cropping import CenterCrop, RandomCrop, RandomFlip, Resizing
from ._preprocessing.image.filters import RandomErasing, RandomGaussianBlur, RandomSharpness
from ._preprocessing.image.histograms import AutoContrast, ContrastLimitedAdaptiveHistogramEqualization, Equalization
from ._preprocessing.image.light import (
    RandomBrightness,
    RandomContrast,
    RandomInvert,
    RandomPosterization,
    Solarization,
)
from ._preprocessing.image.max_boxes import MaxNumBoundingBoxes
from ._preprocessing.image.mixing import CutMix, MixUp
from ._preprocessing.image.policies import AugMix, RandAugment
from ._preprocessing.image.warping import RandomRotation, RandomShear, RandomTranslation, RandomZoom
from ._preprocessing.integer_lookup import IntegerLookup
from ._preprocessing.mel_spectrogram import MelSpectrogram
from ._preprocessing.normalization import Normalization
from ._preprocessing.rescaling import Rescaling
from ._preprocessing.stft_spectrogram import STFTSpectrogram
from ._preprocessing.string_lookup import StringLookup
from ._preprocessing.text_vectorization import TextVectorization
from ._recurrent.bidirectional import Bidirectional
from ._recurrent.cells import GRUCell, LSTMCell, SimpleRNNCell
from ._recurrent.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from ._recurrent.gru import GRU
from ._recurrent.lstm import LSTM
from ._recurrent.rnn import RNN
from ._recurrent.simple_rnn import SimpleRNN
from ._recurrent.stacked import StackedRNNCells
from ._regularization.activity import ActivityRegularization
from ._regularization.dropout import (
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from ._reshaping.border import Cropping1D, Cropping2D, Cropping3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D
from ._reshaping.shape import Flatten, Permute, RepeatVector, Reshape
from ._reshaping.upsampling import UpSampling1D, UpSampling2D, UpSampling3D
from ._wrapping.exported import ExportedLayer
from ._wrapping.foreign import FlaxLayer, JaxLayer, NNXLayer
from ._wrapping.pipeline import Pipeline
from ._wrapping.time_distributed import TimeDistributed
from ._wrapping.wrapper import Wrapper

# Other names of the same layers.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

registry = Registry(
    "layer",
    "layers",
    [
        Activation,
        ActivityRegularization,
        AdaptiveAveragePooling1D,
        AdaptiveAveragePooling2D,
        AdaptiveAveragePooling3D,
        AdaptiveMaxPooling1D,
        AdaptiveMaxPooling2D,
        AdaptiveMaxPooling3D,
        Add,
        AdditiveAttention,
        AlphaDropout,
        Attention,
        AugMix,
        AutoContrast,
        Average,
        AveragePooling1D,
        AveragePooling2D,
        AveragePooling3D,
        BatchNormalization,
        Bidirectional,
        CenterCrop,
        CategoryEncoding,
        Concatenate,
        ContrastLimitedAdaptiveHistogramEqualization,
        Conv1D,
        Conv1DTranspose,
        Conv2D,
        Conv2DTranspose,
        Conv3D,
        Conv3DTranspose,
        ConvLSTM1D,
        ConvLSTM2D,
        ConvLSTM3D,
        Cropping1D,
        Cropping2D,
        Cropping3D,
        CutMix,
        Dense,
        DepthwiseConv1D,
        DepthwiseConv2D,
        Discretization,
        Dot,
        Dropout,
        ELU,
        EinsumDense,
        Embedding,
        Equalization,
        Flatten,
        ExportedLayer,
        FlaxLayer,
        GRU,
        GRUCell,
        GaussianDropout,
        GaussianNoise,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalAveragePooling3D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GlobalMaxPooling3D,
        GroupNormalization,
        GroupQueryAttention,
        HashedCrossing,
        Hashing,
        Identity,
        InputLayer,
        IntegerLookup,
        JaxLayer,
        LSTM,
        LSTMCell,
        Lambda,
        Layer,
        LayerNormalization,
        LeakyReLU,
        Masking,
        MaxNumBoundingBoxes,
        MaxPooling1D,
        MaxPooling2D,
        MaxPooling3D,
        Maximum,
        MelSpectrogram,
        Minimum,
        MixUp,
        MultiHeadAttention,
        Multiply,
        NNXLayer,
        Normalization,
        PReLU,
        Permute,
        Pipeline,
        RMSNormalization,
        RNN,
        RandAugment,
        RandomBrightness,
        RandomColorDegeneration,
        RandomColorJitter,
        RandomContrast,
        RandomCrop,
        RandomElasticTransform,
        RandomErasing,
        RandomFlip,
        RandomGaussianBlur,
        RandomGrayscale,
        RandomHue,
        RandomInvert,
        RandomPerspective,
        RandomPosterization,
        RandomRotation,
        RandomSaturation,
        RandomSharpness,
        RandomShear,
        RandomTranslation,
        RandomZoom,
        ReLU,
        RepeatVector,
        Rescaling,
        Reshape,
        Resizing,
        ReversibleEmbedding,
        STFTSpectrogram,
        SeparableConv1D,
        SeparableConv2D,
        SimpleRNN,
        SimpleRNNCell,
        Softmax,
        Solarization,
        SpatialDropout1D,
        SpatialDropout2D,
        SpatialDropout3D,
        SpectralNormalization,
        StackedRNNCells,
        StringLookup,
        Subtract,
        TextVectorization,
        TimeDistributed,
        UnitNormalization,
        UpSampling1D,
        UpSampling2D,
        UpSampling3D,
        Wrapper,
        ZeroPadding1D,
        ZeroPadding2D,
        ZeroPadding3D,
    ],
    aliases={
        "AvgPool1D": "AveragePooling1D",
        "AvgPool2D": "AveragePooling2D",
        "AvgPool3D": "AveragePooling3D",
        "Convolution1D": "Conv1D",
        "Convolution1DTranspose": "Conv1DTranspose",
        "Convolution2D": "Conv2D",
        "Convolution2DTranspose": "Conv2DTranspose",
        "Convolution3D": "Conv3D",
        "Convolution3DTranspose": "Conv3DTranspose",
        "GlobalAvgPool1D": "GlobalAveragePooling1D",
        "GlobalAvgPool2D": "GlobalAveragePooling2D",
        "GlobalAvgPool3D": "GlobalAveragePooling3D",
        "GlobalMaxPool1D": "GlobalMaxPooling1D",
        "GlobalMaxPool2D": "GlobalMaxPooling2D",
        "GlobalMaxPool3D": "GlobalMaxPooling3D",
        "MaxPool1D": "MaxPooling1D",
        "MaxPool2D": "MaxPooling2D",
        "MaxPool3D": "MaxPooling3D",
        "SeparableConvolution1D": "SeparableConv1D",
        "SeparableConvolution2D": "SeparableConv2D",
    },
)
get, serialize, deserialize = resolver(registry, Layer)

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "ActivityRegularization",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "AugMix",
    "AutoContrast",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "CenterCrop",
    "Concatenate",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "CutMix",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Equalization",
    "ExportedLayer",
    "Flatten",
    "FlaxLayer",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "GroupQueryAttention",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "JaxLayer",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxNumBoundingBoxes",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "MelSpectrogram",
    "Minimum",
    "MixUp",
    "MultiHeadAttention",
    "Multiply",
    "NNXLayer",
    "Normalization",
    "PReLU",
    "Permute",
    "Pipeline",
    "RMSNormalization",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "ReversibleEmbedding",
    "STFTSpectrogram",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "Solarization",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StackedRNNCells",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "experimental",
    "get",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
