"""Arrays through Open Inference messages: bits, forms, and what is refused."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError
from stele.wire import messages, oip

RAW_ONLY = {"FP16", "BF16", "C64", "C128"}


def sample(dtype: dtypes.DType, shape: tuple[int, ...]) -> dtypes.Array:
    """Random bits, NaN payloads included; quiet ones, as typed floats are."""
    random = np.random.default_rng(5)
    if dtype.name == "BYTES":
        array = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            array[index] = random.bytes(int(random.integers(0, 9)))
        return array
    if dtype.name == "BOOL":
        return random.random(shape) < 0.5
    count = int(np.prod(shape)) * dtype.itemsize
    array = np.frombuffer(random.bytes(count), dtype=dtype.numpy).reshape(shape).copy()
    return array if dtype.exact else array + dtype.numpy.type(0)


def same(one: dtypes.Array, other: dtypes.Array) -> bool:
    if one.dtype == object:
        return one.shape == other.shape and one.tolist() == other.tolist()
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (3,), (2, 3)])
@pytest.mark.parametrize("dtype", dtypes.DTYPES, ids=lambda dtype: dtype.name)
def test_every_dtype_there_and_back(take_inputs, dtype: dtypes.DType, shape, raw: bool) -> None:
    array = sample(dtype, shape)
    request = messages.ModelInferRequest()
    oip.put_inputs(request, {"x": array}, raw=raw)
    assert bool(request.raw_input_contents) == (raw or dtype.name in RAW_ONLY)
    # Through the wire, as the other side sees it.
    request = messages.ModelInferRequest.FromString(request.SerializeToString())
    ((name, found),) = take_inputs(request)
    assert name == "x"
    assert same(array, found)
    response = messages.ModelInferResponse()
    oip.put_outputs(response, [("y", array)], raw=raw)
    ((name, found),) = oip.take_outputs(response)
    assert name == "y"
    assert same(array, found)


def test_raw_numbers_are_not_copied() -> None:
    request = messages.ModelInferRequest()
    oip.put_inputs(request, {"x": np.arange(3.0)})
    ((_, found),) = oip.take_inputs(request)
    assert not found.flags.owndata


def test_other_layouts_travel_row_major() -> None:
    array = np.arange(6).reshape(2, 3).T
    request = messages.ModelInferRequest()
    oip.put_inputs(request, {"x": array})
    ((_, found),) = oip.take_inputs(request)
    assert found.tolist() == array.tolist()


def test_one_raw_only_dtype_makes_the_message_raw() -> None:
    request = messages.ModelInferRequest()
    oip.put_inputs(request, {"a": np.zeros(1), "b": np.zeros(1, ml_dtypes.bfloat16)}, raw=False)
    assert len(request.raw_input_contents) == 2
    assert [name for name, _ in oip.take_inputs(request)] == ["a", "b"]


def entry(request, datatype="FP32", shape=(2,), name="x", **contents):
    tensor = request.inputs.add(name=name, datatype=datatype, shape=shape)
    for field, values in contents.items():
        getattr(tensor.contents, field).extend(values)
    return tensor


def refused(take_inputs, request) -> str:
    with pytest.raises(SteleError) as caught:
        take_inputs(request)
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "words"),
    [
        ("FLOAT32", [2], b"\0" * 8, ["unknown dtype", "FLOAT32"]),
        ("", [2], b"\0" * 8, ["unknown dtype"]),
        ("FP32", [2], b"\0" * 7, ["7 bytes", "FP32 [2] has 8"]),
        ("FP32", [2], b"\0" * 9, ["9 bytes"]),
        ("FP32", [2**29], b"\0", ["1 bytes"]),
        ("FP32", [-1, 2], b"\0" * 8, ["negative dimension", "[-1,2]"]),
        ("FP32", [-1, -2], b"\0" * 8, ["negative dimension"]),
        ("FP32", [2**32, 2**32], b"\0" * 8, ["beyond 2^63-1"]),
        ("FP32", [0, 2**32, 2**32], b"", ["beyond 2^63-1"]),
        ("BYTES", [2**40], b"\0" * 8, ["too few"]),
        ("BYTES", [1], b"\xff\xff\xff\x7fab", ["ends inside BYTES element 0"]),
        ("BYTES", [1], b"\1\0\0\0ab", ["1 bytes behind"]),
        ("BOOL", [2], b"\1\2", ["BOOL byte"]),
    ],
)
def test_raw_contents_that_do_not_add_up(take_inputs, datatype, shape, data, words) -> None:
    request = messages.ModelInferRequest(raw_input_contents=[data])
    entry(request, datatype, shape)
    message = refused(take_inputs, request)
    for word in ['tensor "x"', *words]:
        assert word in message


def test_more_dimensions_than_an_array_can_have() -> None:
    request = messages.ModelInferRequest(raw_input_contents=[b"\0" * 4])
    entry(request, "FP32", [1] * 70)
    message = refused(oip.take_inputs, request)
    for word in ('tensor "x"', "dimension"):
        assert word in message


@pytest.mark.parametrize(
    ("datatype", "shape", "contents", "words"),
    [
        ("FP32", [2], {}, ["0 elements", "has 2"]),
        ("FP32", [2**29], {}, ["0 elements"]),
        ("FP32", [2], {"fp32_contents": [1.0]}, ["1 elements"]),
        ("FP32", [2], {"fp64_contents": [1.0, 2.0]}, ["fp64_contents", "FP32 is in fp32_contents"]),
        ("FP32", [0], {"int_contents": [1]}, ["int_contents"]),
        ("INT8", [1], {"int_contents": [128]}, ["INT8 cannot hold"]),
        ("UINT16", [1], {"uint_contents": [65536]}, ["UINT16 cannot hold"]),
        ("FP16", [1], {"fp32_contents": [1.0]}, ["FP16", "raw contents only"]),
        ("C64", [1], {}, ["C64", "raw contents only"]),
        ("BYTES", [2**40], {"bytes_contents": [b"a"]}, ["1 elements"]),
        ("INT32", [-3], {"int_contents": [1]}, ["negative dimension"]),
    ],
)
def test_typed_contents_that_do_not_add_up(take_inputs, datatype, shape, contents, words) -> None:
    request = messages.ModelInferRequest()
    entry(request, datatype, shape, **contents)
    message = refused(take_inputs, request)
    for word in ['tensor "x"', *words]:
        assert word in message


def test_raw_and_typed_contents(take_inputs) -> None:
    request = messages.ModelInferRequest(raw_input_contents=[b"\0" * 8, b"\0" * 8])
    entry(request, name="raw")
    entry(request, name="both", fp32_contents=[1.0, 2.0])
    assert 'tensor "both" has typed contents' in refused(take_inputs, request)


@pytest.mark.parametrize(("raws", "culprit"), [(1, '"b"'), (3, '"b"')])
def test_a_number_of_raw_contents_that_is_not_the_tensors(
    take_inputs, raws: int, culprit: str
) -> None:
    request = messages.ModelInferRequest(raw_input_contents=[b"\0" * 8] * raws)
    entry(request, name="a")
    entry(request, name="b")
    message = refused(take_inputs, request)
    assert culprit in message
    assert f"{raws} raw contents for 2 tensors" in message


def test_raw_contents_without_tensors(take_inputs) -> None:
    request = messages.ModelInferRequest(raw_input_contents=[b"\0"])
    assert "1 raw contents for 0 tensors" in refused(take_inputs, request)
