"""Arrays in and out: every dtype, memory layout and kind of string."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from stele_native import InvalidTypeError, InvalidValueError, Model

NUMBERS = {
    "bool": np.bool_,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "fp32": np.float32,
    "fp64": np.float64,
    "c64": np.complex64,
    "c128": np.complex128,
}
SHAPES = [(), (0,), (5,), (2, 3), (2, 0, 3), (2, 1, 3, 1, 2, 1)]


def aligned(shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """Make an array at an address that TensorFlow uses in place."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_come_back_bit_for_bit(dtypes: Model, name: str, shape: tuple[int, ...]) -> None:
    dtype = np.dtype(NUMBERS[name])
    count = int(np.prod(shape))
    # NaNs with payloads, infinities and subnormals are among these bytes.
    raw = (np.arange(count * dtype.itemsize) * 37 + 250).astype(np.uint8)
    x = (raw & 1 if name == "bool" else raw).view(dtype).reshape(shape)
    outputs = dtypes.run({"x": x}, signature=name)
    same = outputs["same"]
    assert (same.dtype, same.shape) == (dtype, shape)
    assert same.tobytes() == x.tobytes()
    assert outputs["transposed"].tobytes() == x.T.tobytes()
    assert outputs["shape"].tolist() == list(shape)


def test_layouts_are_read_as_numpy_means_them(dtypes: Model) -> None:
    base = np.arange(24, dtype=np.float64).reshape(4, 6)
    views = [base[::2, ::-3], base.T, np.asfortranarray(base), base.astype(">f8"), base[1:, 1:]]
    for view in views:
        assert np.array_equal(dtypes.run({"x": view}, "fp64")["same"], view)
    shifted = np.frombuffer(b"\0" + base.tobytes(), np.uint8)[1:].view(np.float64)
    assert not shifted.flags.aligned
    assert np.array_equal(dtypes.run({"x": shifted}, "fp64")["same"], base.reshape(-1))
    frozen = base.copy()
    frozen.flags.writeable = False
    assert np.array_equal(dtypes.run({"x": frozen}, "fp64")["same"], base)


def test_strings_are_bytes_of_any_kind(dtypes: Model) -> None:
    def same(x: Any) -> np.ndarray:
        return dtypes.run({"x": x}, "bytes")["same"]

    raw = np.array([[b"", b"a\0b"], [b"\xff\xfe", b"x" * 100]], object)
    assert same(raw).dtype == object
    assert same(raw).tolist() == raw.tolist()
    assert same(raw.T).tolist() == raw.T.tolist()
    assert same(np.array([b"fixed", b"width"])).tolist() == [b"fixed", b"width"]
    assert same(np.array(["naïve", "語"])).tolist() == ["naïve".encode(), "語".encode()]
    assert same(["text", b"bytes"][:1]).tolist() == [b"text"]
    assert same([b"a\0", b"\0\0"]).tolist() == [b"a\0", b"\0\0"]
    assert same(b"scalar").shape == ()
    assert same("scalar").item() == b"scalar"
    assert same(np.array([], object)).shape == (0,)


def test_strings_are_nothing_else(dtypes: Model) -> None:
    with pytest.raises(InvalidTypeError, match=r'input "x".*element 1 is int'):
        dtypes.run({"x": np.array([b"a", 1], object)}, "bytes")
    with pytest.raises(InvalidValueError, match='input "x"'):
        dtypes.run({"x": np.array(["\ud800"], object)}, "bytes")
    with pytest.raises(InvalidTypeError, match="has dtype FP32, expected BYTES"):
        dtypes.run({"x": np.float32(1)}, "bytes")


def test_what_has_no_dtype_takes_the_inputs(dtypes: Model) -> None:
    assert dtypes.run({"x": [[1, 2], [3, 4]]}, "fp16")["same"].tolist() == [[1, 2], [3, 4]]
    assert dtypes.run({"x": 7}, "int8")["same"] == 7
    assert dtypes.run({"x": [255]}, "uint8")["same"].tolist() == [255]
    assert dtypes.run({"x": []}, "uint8")["same"].dtype == np.uint8
    assert dtypes.run({"x": []}, "bytes")["same"].tolist() == []
    assert dtypes.run({"x": 0.5}, "bf16")["same"].dtype == ml_dtypes.bfloat16
    assert dtypes.run({"x": np.float32(2)}, "fp32")["same"].shape == ()
    with pytest.raises(InvalidTypeError, match="has dtype FP64, expected INT32"):
        dtypes.run({"x": [1.5]}, "int32")
    with pytest.raises(InvalidTypeError, match="has dtype FP32, expected FP64"):
        dtypes.run({"x": np.float32(1)}, "fp64")
    with pytest.raises(InvalidValueError, match='input "x"'):
        dtypes.run({"x": [300]}, "int8")
    with pytest.raises(InvalidValueError, match=r'input "x": 1e\+39 does not fit float32'):
        dtypes.run({"x": [1e39]}, "fp32")
    with pytest.raises(InvalidValueError, match='input "x"'):
        dtypes.run({"x": [[1], [1, 2]]}, "fp32")


def test_whatever_carries_a_dtype_is_judged_by_it(dtypes: Model) -> None:
    for value in (memoryview(b"ab"), [memoryview(b"ab")], bytearray(b"ab")):
        with pytest.raises(InvalidTypeError, match="has dtype UINT8, expected FP32"):
            dtypes.run({"x": value}, "fp32")
    assert dtypes.run({"x": memoryview(b"ab")}, "uint8")["same"].tolist() == [97, 98]
    objects = np.array([1.5, 2], object)
    with pytest.raises(InvalidTypeError, match=r'input "x": holds objects \(float, int\)'):
        dtypes.run({"x": objects}, "fp32")


def test_a_subclass_has_no_say(dtypes: Model) -> None:
    class Liar(np.ndarray):
        """Answers with a view of one element, as large as one likes."""

        def astype(self, *_arguments: Any, **_options: Any) -> Any:
            return np.broadcast_to(np.float32(1), (1000, 1000))

        copy = ravel = reshape = tolist = __array__ = astype

    given = np.arange(6, dtype=">f4").reshape(2, 3).T.view(Liar)
    same = dtypes.run({"x": given}, "fp32")["same"]
    assert same.tolist() == [[0, 3], [1, 4], [2, 5]]
    words = np.array([[b"a", b"b"]], object).T.view(Liar)
    assert dtypes.run({"x": words}, "bytes")["same"].tolist() == [[b"a"], [b"b"]]


@pytest.mark.parametrize("dtype", ["datetime64[s]", "longdouble", "V2", "i4,f4"])
def test_a_dtype_that_no_tensor_has_is_named(digits: Model, dtype: str) -> None:
    with pytest.raises(InvalidTypeError, match='input "image": no tensor has numpy') as caught:
        digits(image=np.zeros((1, 8, 8, 1), dtype))
    assert str(np.dtype(dtype)) in str(caught.value)


def test_aligned_inputs_are_used_in_place(state: Model) -> None:
    x = aligned((3,))
    x[:] = [1, 2, 3]
    state.run({"x": x}, "keep")
    # The model kept this very memory: a change would be one to the model, so that
    # the array allows none any more.
    assert not x.flags.writeable
    x.flags.writeable = True
    x[0] = 9
    assert state.run({}, "read")["kept"].tolist() == [9, 2, 3]


def test_memory_of_other_libraries_is_copied(state: Model) -> None:
    memory = aligned((3,))
    memory[:] = [1, 2, 3]
    state.run({"x": memoryview(memory)}, "keep")
    memory[0] = 9
    assert state.run({}, "read")["kept"].tolist() == [1, 2, 3]


def test_other_inputs_are_copied(state: Model) -> None:
    x = aligned((4,))[1:]
    x[:] = [1, 2, 3]
    state.run({"x": x}, "keep")
    assert x.flags.writeable
    x[0] = 9
    assert state.run({}, "read")["kept"].tolist() == [1, 2, 3]


def test_an_input_is_kept_alive_and_let_go(state: Model) -> None:
    class Seen(np.ndarray):
        """An array that can be watched."""

    memory = aligned((3,)).view(Seen)
    memory[:] = [1, 2, 3]
    gone = weakref.ref(memory)
    state.run({"x": memory}, "keep")
    del memory
    gc.collect()
    assert gone() is not None, "the model refers to it"
    assert state.run({}, "read")["kept"].tolist() == [1, 2, 3]
    state.run({"x": aligned((1,))}, "keep")
    state.run({}, "read")  # Whoever takes the lock next lets it go.
    gc.collect()
    assert gone() is None


def test_outputs_own_their_memory(state: Model, digits: Model) -> None:
    x = aligned((3,))
    x[:] = [1, 2, 3]
    outputs = state.run({"x": x}, "echo")
    assert x.flags.writeable, "the model did not keep it"
    x[:] = 0
    outputs["first"][:] += 1
    assert outputs["first"].tolist() == [2, 3, 4]
    assert outputs["second"].tolist() == [1, 2, 3]

    for _ in range(2):
        kept = state.run({}, "read")["kept"]
        assert kept.tolist() == [1, 2]
        kept[:] = 0

    probabilities = digits(image=np.ones((2, 8, 8, 1), np.float32))["probabilities"]
    assert not probabilities.flags.owndata, "TensorFlow's memory, without a copy"
    assert probabilities.flags.writeable
    expected = probabilities.tobytes()
    row = probabilities[1:]
    del probabilities
    gc.collect()
    digits(image=np.zeros((64, 8, 8, 1), np.float32))
    assert row.tobytes() == expected[40:]
