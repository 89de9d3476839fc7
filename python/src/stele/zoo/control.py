"""Control flow and shapes that only a run knows: loops, branches, ragged rows, many names.

Nothing is trained. A binding hands over one graph and gets tensors back; what may go
wrong is a shape that it takes from the signature, where only the answer has it.

Signatures:
    ``serving_default``: ``n`` INT64 [?] to ``steps`` INT32 [?], the length of each number's
        Collatz sequence (`tf.while_loop`, no longer than `MOST_STEPS`), and ``path``
        INT64 [?], that of the first (`tf.TensorArray`); -1 where there is none.
    ``branches``: ``descending`` BOOL [], ``x`` FP32 [?] to ``sorted`` FP32 [?] (`tf.cond`)
        and ``kind`` BYTES [] (`tf.switch_case` by the number of elements).
    ``words``: ``lines`` BYTES [?] to ``word`` BYTES [?], ``length`` INT64 [?] and ``padded``
        BYTES [?,?], through a ragged tensor.
    ``distinct``: ``x`` INT32 [?] to ``value`` INT32 [?], ``count`` INT32 [?] and ``where``
        INT64 [?,1], the places of what is not zero.
    ``many``: 50 inputs ``x00`` to ``x49`` FP32 [?] to ``sum`` FP32 [?], and an output for
        each of `NAMES` that is one of them as it came.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from stele.zoo.model import Case, ModuleResult, Report, ZooModel
from stele.zoo.signatures import traced

SOURCE = "made for this test"
MOST_STEPS = 200
MANY = 50
NAMES = ("a/b/c", "a.b", "two words", "größe", "日本", "sum:0", "-", "A", "a")
"""Names of outputs, which TensorFlow leaves free; inputs must be identifiers."""

_Tensors = dict[str, tf.Tensor]


def _collatz(n: tf.Tensor) -> _Tensors:
    # No number that the caller gives may keep the loop running, or overflow in it.
    start = tf.clip_by_value(n, 1, 1 << 20)

    def longer(value: tf.Tensor, _steps: tf.Tensor) -> tf.Tensor:
        return tf.reduce_any(value != 1)

    def step(value: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _next(value), steps + tf.cast(value != 1, tf.int32)

    none = tf.zeros_like(start, tf.int32)
    _, steps = tf.while_loop(longer, step, (start, none), maximum_iterations=MOST_STEPS)
    return {"steps": steps, "path": _path(start)}


def _next(value: tf.Tensor) -> tf.Tensor:
    following = tf.where(value % 2 == 0, value // 2, 3 * value + 1)
    return tf.where(value == 1, value, following)


def _path(start: tf.Tensor) -> tf.Tensor:
    first = tf.concat([start, [-1]], axis=0)[0]
    values = tf.TensorArray(tf.int64, size=0, dynamic_size=True, element_shape=[])

    def longer(value: tf.Tensor, _values: tf.TensorArray) -> tf.Tensor:
        return value > 1

    def step(value: tf.Tensor, values: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        return _next(value), values.write(values.size(), value)

    last, values = tf.while_loop(longer, step, (first, values), maximum_iterations=MOST_STEPS)
    return values.write(values.size(), last).stack()


def _branches(descending: tf.Tensor, x: tf.Tensor) -> _Tensors:
    ordered = tf.cond(descending, lambda: tf.sort(x, direction="DESCENDING"), lambda: tf.sort(x))
    kinds = [lambda name=name: tf.constant(name) for name in ("none", "one", "several")]
    return {"sorted": ordered, "kind": tf.switch_case(tf.minimum(tf.size(x), 2), kinds)}


def _words(lines: tf.Tensor) -> _Tensors:
    words = tf.strings.split(lines)
    return {
        "word": words.flat_values,
        "length": words.row_lengths(),
        "padded": words.to_tensor(default_value="·"),
    }


def _distinct(x: tf.Tensor) -> _Tensors:
    found = tf.unique_with_counts(x)
    return {"value": found.y, "count": found.count, "where": tf.where(x != 0)}


def _many(**tensors: tf.Tensor) -> _Tensors:
    values = [tensors[name] for name in sorted(tensors)]
    kept = {name: tf.identity(value) for name, value in zip(NAMES, values, strict=False)}
    return {"sum": tf.add_n(values), **kept}


def _vector(dtype: tf.DType) -> tf.TensorSpec:
    return tf.TensorSpec([None], dtype)


def _train(report: Report) -> ModuleResult:
    flag = tf.TensorSpec([], tf.bool)
    signatures = {
        "serving_default": traced(_collatz, n=_vector(tf.int64)),
        "branches": traced(_branches, descending=flag, x=_vector(tf.float32)),
        "words": traced(_words, lines=_vector(tf.string)),
        "distinct": traced(_distinct, x=_vector(tf.int32)),
        "many": traced(_many, **{f"x{i:02}": _vector(tf.float32) for i in range(MANY)}),
    }
    report(1, 1, f"{len(signatures)} signatures")
    return ModuleResult(tf.Module(name="control"), signatures)


def _cases() -> Iterator[Case]:
    numbers = np.array([27, 1, 97, -5, 1 << 62], np.int64)
    yield Case("collatz", {"n": numbers}, SOURCE)
    floats = np.array([3, -0.0, 0.0, -1, 2.5], np.float32)
    for name, flag in (("ascending", False), ("descending", True)):
        inputs = {"descending": np.array(flag), "x": floats}
        yield Case(f"branches-{name}", inputs, SOURCE, "branches")
    lines = np.array(["one", "", "zwei Wörter", "  三 つ の "], object)
    encoded = np.array([line.encode() for line in lines], object)
    yield Case("words", {"lines": encoded}, SOURCE, "words")
    repeated = np.array([7, 0, 7, -7, 0, 3], np.int32)
    yield Case("distinct", {"x": repeated}, SOURCE, "distinct")
    many = {f"x{i:02}": np.array([i, i / 8, -i], np.float32) for i in range(MANY)}
    yield Case("many", many, SOURCE, "many")


MODEL = ZooModel(seed=0, train=_train, cases=_cases)
