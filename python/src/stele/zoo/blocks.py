"""The layers and activations of Keras that no other model of the zoo has, side by side.

Nothing is trained: the weights are random, and seeded. Every output is one kind of
block, fed from an input of its rank, so that a difference names where it comes from.

Signature ``serving_default``: ``series`` FP32 [?,8,4], ``image`` FP32 [?,8,8,3],
``volume`` FP32 [?,4,4,4,2] to FP32 outputs named like the functions below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import keras
import numpy as np
from keras import layers

from stele.zoo.fit import for_predictions, seed_everything
from stele.zoo.model import Case, KerasResult, Report, ZooModel

SEED = 88
SOURCE = "made for this test"
SHAPES = {"series": (8, 4), "image": (8, 8, 3), "volume": (4, 4, 4, 2)}
"""Of a row of each input."""
ACTIVATIONS = (
    "celu", "exponential", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu6", "selu", "sigmoid",
    "soft_shrink", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "tanh_shrink",
)  # fmt: skip

_Tensor: TypeAlias = keras.KerasTensor


def activations(series: _Tensor) -> _Tensor:
    """Every activation that no other model has."""
    return layers.Concatenate()([layers.Activation(name)(series) for name in ACTIVATIONS])


def activation_layers(series: _Tensor) -> _Tensor:
    """Activations that are layers, one of which learns."""
    learnt = layers.PReLU(alpha_initializer="random_uniform")(series)
    return layers.Softmax()(layers.ELU()(layers.LeakyReLU()(learnt)))


def merging(series: _Tensor) -> _Tensor:
    """Two tensors made one, in each way."""
    other = layers.Permute((1, 2))(layers.Identity()(series))
    other = layers.UnitNormalization()(other)
    kinds = (
        layers.Add, layers.Subtract, layers.Multiply,
        layers.Average, layers.Maximum, layers.Minimum,
    )  # fmt: skip
    merged = [kind()([series, other]) for kind in kinds]
    return layers.Concatenate()([*merged, layers.Dot(axes=2)([series, other])])


def shaping(series: _Tensor) -> _Tensor:
    """Elements moved, repeated, cut off, and put in."""
    padded = layers.ZeroPadding1D(2)(layers.Cropping1D((1, 2))(series))
    flat = layers.Flatten()(layers.UpSampling1D(2)(padded))
    return layers.Reshape((3, -1))(layers.RepeatVector(3)(flat))


def convolutions_1d(series: _Tensor) -> _Tensor:
    """One dimension, on the way down and up."""
    down = layers.Conv1D(6, 3, strides=2, padding="same", activation="relu")(series)
    separate = layers.SeparableConv1D(6, 3, padding="same")(down)
    up = layers.Conv1DTranspose(4, 3, strides=2, padding="same")(separate)
    return layers.DepthwiseConv1D(3, padding="valid")(up)


def convolutions_2d(image: _Tensor) -> _Tensor:
    """Two dimensions, on the way down and up."""
    padded = layers.ZeroPadding2D(((1, 0), (2, 1)))(image)
    down = layers.SeparableConv2D(6, 3, strides=2, padding="same")(padded)
    up = layers.Conv2DTranspose(4, 3, strides=2, padding="valid")(down)
    return layers.DepthwiseConv2D(3, dilation_rate=2)(layers.Cropping2D(1)(up))


def convolutions_3d(volume: _Tensor) -> _Tensor:
    """Three dimensions, on the way down and up."""
    padded = layers.ZeroPadding3D(1)(volume)
    # Without strides: behind one with them, oneDNN refuses the transposed convolution.
    down = layers.Conv3D(4, 3, padding="valid")(padded)
    up = layers.Conv3DTranspose(4, 2, strides=2)(down)
    return layers.UpSampling3D(2)(layers.Cropping3D(1)(up))


def poolings(image: _Tensor, volume: _Tensor, series: _Tensor) -> _Tensor:
    """Every pooling that `photo` has not, end to end."""
    lines = [layers.MaxPooling1D(2), layers.AveragePooling1D(3, strides=1)]
    lines += [layers.AdaptiveAveragePooling1D(3), layers.AdaptiveMaxPooling1D(2)]
    spaces = [layers.MaxPooling3D(2), layers.AveragePooling3D(2)]
    spaces += [layers.AdaptiveAveragePooling3D(2), layers.AdaptiveMaxPooling3D(2)]
    squares = [layers.AdaptiveAveragePooling2D(3), layers.AdaptiveMaxPooling2D(2)]
    pooled = [layer(series) for layer in lines] + [layer(volume) for layer in spaces]
    flat = [layers.Flatten()(x) for x in [*pooled, *(layer(image) for layer in squares)]]
    whole = [layers.GlobalAveragePooling1D()(series), layers.GlobalMaxPooling1D()(series)]
    whole += [layers.GlobalAveragePooling3D()(volume), layers.GlobalMaxPooling3D()(volume)]
    return layers.Concatenate()([*flat, *whole])


def normalizations(image: _Tensor) -> _Tensor:
    """Each normalization that no trained model has."""
    grouped = layers.GroupNormalization(groups=3)(image)
    root = layers.RMSNormalization()(grouped)
    spectral = layers.SpectralNormalization(layers.Conv2D(4, 3))(root)
    return layers.ActivityRegularization(l2=1e-3)(spectral)


def dropouts(series: _Tensor, image: _Tensor, volume: _Tensor) -> _Tensor:
    """What changes nothing but in training."""
    for layer in (
        layers.Dropout(0.5), layers.AlphaDropout(0.5), layers.GaussianDropout(0.5),
        layers.GaussianNoise(0.5), layers.SpatialDropout1D(0.5),
    ):  # fmt: skip
        series = layer(series)
    flat = [layers.SpatialDropout2D(0.5)(image), layers.SpatialDropout3D(0.5)(volume), series]
    return layers.Concatenate()([layers.Flatten()(x) for x in flat])


def recurrent(series: _Tensor, image: _Tensor, volume: _Tensor) -> _Tensor:
    """Cells, a stack of them, and convolutions that recur."""
    cells = layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(3)])
    found = [layers.RNN(cells)(series), layers.RNN(layers.SimpleRNNCell(3))(series)]
    found.append(layers.SimpleRNN(3, go_backwards=True)(series))
    each = layers.TimeDistributed(layers.Dense(2, activation="relu"))(series)
    found.append(layers.Flatten()(each))
    steps = layers.Reshape((4, 2, 4))(series)
    found.append(layers.Flatten()(layers.ConvLSTM1D(2, 2, padding="same")(steps)))
    found.append(layers.Flatten()(layers.ConvLSTM2D(2, 2)(volume)))
    planes = layers.Reshape((2, 4, 4, 2, 3))(image)
    found.append(layers.Flatten()(layers.ConvLSTM3D(1, 2)(planes)))
    return layers.Concatenate()(found)


def attentions(series: _Tensor) -> _Tensor:
    """The attentions beside the usual one."""
    product = layers.Attention(use_scale=True)([series, series])
    added = layers.AdditiveAttention()([series, product])
    shared = layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)
    return layers.EinsumDense("abc,cd->abd", output_shape=(None, 3))(shared(added, series))


def pictures(image: _Tensor) -> _Tensor:
    """What changes a picture, and not at random."""
    bright = layers.Rescaling(255.0)(layers.Activation("sigmoid")(image))
    larger = layers.UpSampling2D(2, interpolation="bilinear")(bright)
    # Left to itself, Solarization would put all that follows into training mode in the export.
    flat = [layers.Solarization(1.0, 0.0)(bright, training=False)]
    flat.append(layers.Resizing(3, 5)(bright))
    flat.append(layers.Resizing(4, 4, interpolation="bicubic")(larger))
    return layers.Concatenate()([layers.Flatten()(x) for x in flat])


def sound(series: _Tensor) -> _Tensor:
    """Spectra of a wave."""
    wave = layers.Reshape((32,))(series)
    power = layers.STFTSpectrogram(frame_length=8, frame_step=4, fft_length=8, expand_dims=False)(
        layers.Reshape((32, 1))(wave)
    )
    mel = layers.MelSpectrogram(
        fft_length=16, sequence_stride=8, sequence_length=16, num_mel_bins=4, sampling_rate=64
    )(wave)
    return layers.Concatenate()([layers.Flatten()(power), layers.Flatten()(mel)])


_FED: tuple[tuple[Callable[..., _Tensor], str], ...] = (
    (activations, "series"),
    (activation_layers, "series"),
    (merging, "series"),
    (shaping, "series"),
    (convolutions_1d, "series"),
    (convolutions_2d, "image"),
    (convolutions_3d, "volume"),
    (poolings, "image volume series"),
    (normalizations, "image"),
    (dropouts, "series image volume"),
    (recurrent, "series image volume"),
    (attentions, "series"),
    (pictures, "image"),
    (sound, "series"),
)


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    given = {name: keras.Input(shape, name=name) for name, shape in SHAPES.items()}
    outputs = {
        block.__name__: layers.Identity(name=block.__name__)(
            block(*(given[name] for name in names.split()))
        )
        for block, names in _FED
    }
    model = keras.Model(given, outputs, name="blocks")
    for_predictions(model)
    report(1, 1, f"{len(model.layers)} layers")
    return KerasResult(model, train_size=0)


def _cases() -> Iterator[Case]:
    random = np.random.default_rng(SEED)
    for name, rows in (("one", 1), ("batch-3", 3)):
        inputs = {
            key: random.standard_normal((rows, *shape), dtype=np.float32)
            for key, shape in SHAPES.items()
        }
        yield Case(name, inputs, SOURCE)


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases)
