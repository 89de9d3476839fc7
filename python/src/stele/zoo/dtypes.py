"""Every dtype, rank and awkward value, through a model that only moves elements.

There is nothing to train: what goes in must come out in another order, bit for
bit. A binding that confuses row-major with column-major order, loses a NaN's
payload, flushes a subnormal or cuts a string at its first NUL is found here.

Signatures:
    ``bool`` to ``bytes``: one for each dtype of the protocol, named like it in lower
        case; ``x`` of any rank to ``same``, ``transposed`` (all axes reversed),
        ``reversed`` (rank 1, last element first) and ``shape`` (INT64 [rank]).
    ``matrices``: an input of every dtype, named like it, of shape [2,3]; to
        ``<dtype>/transposed`` [3,2] and ``<dtype>/changed`` [2,3] (``~x`` for BOOL
        and integers, ``-x`` for floats, ``x + x`` for BYTES).
    ``rows``: an input of every dtype of shape [?,3]; to ``<dtype>/reversed``,
        the rows in reverse order.
    ``mixed``: inputs and outputs of several dtypes and ranks under names that must
        be carried as they are.

Floats are negated and not, say, doubled: TensorFlow flushes subnormals to zero in its
pool threads but not in the caller's, so that even ``x + x`` depends on how a session
schedules its ops (the config profiles ``default`` and ``inline`` differ). A sign is
one bit in any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from stele.contract.dtypes import DTYPES, DType
from stele.zoo.dtype_values import counted, special
from stele.zoo.model import Case, ModuleResult, Report, ZooModel

SEED = 0
SOURCE = "made for this test"
# A different size on every axis that has more than one element: any two axes
# exchanged show in the shape or in the order.
SHAPES = tuple((2, 3, 4, 1, 5, 1)[:rank] for rank in range(7))

_BY_SIGNATURE = {dtype.name.lower(): dtype for dtype in DTYPES}

_Tensors = dict[str, tf.Tensor]


def _train(report: Report) -> ModuleResult:
    functions = {name: _any_rank(dtype) for name, dtype in _BY_SIGNATURE.items()}
    functions |= {
        "matrices": _every_dtype((2, 3), _transposed_and_changed),
        "rows": _every_dtype((None, 3), lambda x: {"reversed": tf.reverse(x, axis=[0])}),
        "mixed": _mixed(),
    }
    signatures = {name: function.get_concrete_function() for name, function in functions.items()}
    report(1, 1, f"{len(signatures)} signatures")
    return ModuleResult(tf.Module(name="dtypes"), signatures)


def _spec(shape: tuple[int | None, ...] | None, dtype: DType, name: str) -> tf.TensorSpec:
    return tf.TensorSpec(shape, tf.dtypes.DType(dtype.number), name)


def _any_rank(dtype: DType) -> Any:  # noqa: ANN401 - tf.function has no public type
    def moved(x: tf.Tensor) -> _Tensors:
        return {
            "same": tf.identity(x),
            "transposed": tf.transpose(x),
            "reversed": tf.reverse(tf.reshape(x, [-1]), axis=[0]),
            "shape": tf.shape(x, out_type=tf.int64),
        }

    return tf.function(moved, input_signature=[_spec(None, dtype, "x")])


def _every_dtype(shape: tuple[int | None, ...], outputs: Callable[[tf.Tensor], _Tensors]) -> Any:  # noqa: ANN401
    """Make a function of one input per dtype that gives the same outputs for each."""

    def every(tensors: _Tensors) -> _Tensors:
        return {
            f"{name}/{output}": value
            for name, tensor in tensors.items()
            for output, value in outputs(tensor).items()
        }

    specs = {name: _spec(shape, dtype, name) for name, dtype in _BY_SIGNATURE.items()}
    return tf.function(every, input_signature=[specs])


def _transposed_and_changed(x: tf.Tensor) -> _Tensors:
    if x.dtype == tf.string:
        changed = x + x
    else:
        changed = -x if x.dtype.is_floating or x.dtype.is_complex else ~x
    return {"transposed": tf.transpose(x), "changed": changed}


def _mixed() -> Any:  # noqa: ANN401
    # TensorFlow wants identifiers for inputs, and no two that differ in case only;
    # the names of outputs are free.
    specs = {
        "Texts": tf.TensorSpec([None], tf.string, "Texts"),
        "prefix": tf.TensorSpec([], tf.string, "prefix"),
        "FLAG": tf.TensorSpec([], tf.bool, "FLAG"),
        "x_0": tf.TensorSpec([2, None, 4], tf.int64, "x_0"),
        "x": tf.TensorSpec(None, tf.bfloat16, "x"),
        "lambda_": tf.TensorSpec([None, 3], tf.float64, "lambda_"),
    }

    def mixed(tensors: _Tensors) -> _Tensors:
        return {
            "two words": tf.strings.join([tensors["prefix"], tensors["Texts"]]),
            "größe/日本": tf.shape(tensors["x"], out_type=tf.int64),
            "tab\there": tf.transpose(tensors["x_0"]),
            "line\nbreak": tf.logical_not(tensors["FLAG"]),
            "back\\slash": tf.transpose(tensors["lambda_"]),
            'x:0 "quoted"': tf.identity(tensors["x"]),
        }

    return tf.function(mixed, input_signature=[specs])


def _cases() -> Iterator[Case]:
    for name, dtype in _BY_SIGNATURE.items():
        for rank, shape in enumerate(SHAPES):
            yield Case(f"{name}-rank{rank}", {"x": counted(dtype, shape)}, SOURCE, name)
        for kind, values in special(dtype).items():
            yield Case(f"{name}-{kind}", {"x": values}, SOURCE, name)
    for name in ("fp32", "int8", "c128", "bytes"):
        for shape in ((0,), (2, 0, 3)):
            empty = counted(_BY_SIGNATURE[name], shape)
            yield Case(f"{name}-empty-{'x'.join(map(str, shape))}", {"x": empty}, SOURCE, name)
    yield _every_dtype_case("matrices", "matrices", (2, 3))
    yield _every_dtype_case("rows-none", "rows", (0, 3))
    yield _every_dtype_case("rows-5", "rows", (5, 3))
    yield _mixed_case("mixed-none", 0)
    yield _mixed_case("mixed-3", 3)


def _every_dtype_case(name: str, signature: str, shape: tuple[int, ...]) -> Case:
    inputs = {key: counted(dtype, shape) for key, dtype in _BY_SIGNATURE.items()}
    return Case(name, inputs, SOURCE, signature)


def _mixed_case(name: str, size: int) -> Case:
    """Make a case with this size for every unknown dimension."""
    inputs = {
        "Texts": counted(_BY_SIGNATURE["bytes"], (size,)),
        "prefix": np.array(b"\xff\0", object),
        "FLAG": np.array(True),
        "x_0": counted(_BY_SIGNATURE["int64"], (2, size, 4)),
        "x": counted(_BY_SIGNATURE["bf16"], (size, 2)),
        "lambda_": counted(_BY_SIGNATURE["fp64"], (size, 3)),
    }
    return Case(name, inputs, SOURCE, "mixed")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases)
