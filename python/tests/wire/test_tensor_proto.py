"""Arrays through TensorProto, held against TensorFlow's own reading and writing."""

from __future__ import annotations

import numpy as np
import pytest

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError
from stele.wire import messages, tensor_proto

from .test_oip import same, sample


@pytest.mark.parametrize("put", [tensor_proto.put, tensor_proto.put_content])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
@pytest.mark.parametrize("dtype", dtypes.DTYPES, ids=lambda dtype: dtype.name)
def test_every_dtype_there_and_back(take, dtype: dtypes.DType, shape, put) -> None:
    array = sample(dtype, shape)
    proto = messages.TensorProto()
    put(proto, array)
    proto = messages.TensorProto.FromString(proto.SerializeToString())
    assert same(array, take("x", proto))


@pytest.fixture(scope="module")
def theirs():
    """TensorFlow's TensorProto, make_tensor_proto and make_ndarray."""
    from tensorflow.core.framework import tensor_pb2
    from tensorflow.python.framework import tensor_util

    return tensor_pb2.TensorProto, tensor_util.make_tensor_proto, tensor_util.MakeNdarray


@pytest.mark.parametrize("dtype", dtypes.DTYPES, ids=lambda dtype: dtype.name)
def test_tensorflow_reads_and_writes_the_same(take, dtype: dtypes.DType, theirs) -> None:
    their_class, make, read = theirs
    for shape in ((), (1,), (2, 3)):
        array = sample(dtype, shape)
        made = make(array, dtype=dtype.number, shape=shape)
        ours = messages.TensorProto.FromString(made.SerializeToString())
        assert same(array, take("x", ours))
        for put in (tensor_proto.put, tensor_proto.put_content):
            proto = messages.TensorProto()
            put(proto, array)
            found = np.asarray(read(their_class.FromString(proto.SerializeToString())))
            assert same(array, found.astype(dtype.numpy))


@pytest.mark.parametrize("dtype", dtypes.DTYPES, ids=lambda dtype: dtype.name)
def test_missing_values_are_what_tensorflow_makes_of_them(
    take, dtype: dtypes.DType, theirs
) -> None:
    their_class, _, read = theirs
    for given in (0, 1, 2):
        proto = messages.TensorProto()
        tensor_proto.put(proto, sample(dtype, (given,)))
        proto.tensor_shape.dim[0].size = 5
        found = take("x", proto)
        expected = np.asarray(read(their_class.FromString(proto.SerializeToString())))
        # MakeNdarray pads BYTES with its own zero, the number 0 or "".
        if dtype.name == "BYTES" and not given:
            assert found.tolist() == [b""] * 5
        else:
            assert same(found, expected.astype(dtype.numpy).reshape(5))


def test_strings_packed_into_tensor_content(take) -> None:
    import tensorflow as tf

    strings = [b"", b"a\0b", b"x" * 300]
    # TensorFlow's kernel writes a TensorProto with tensor_content.
    data = tf.io.serialize_tensor(tf.constant(strings)).numpy()
    proto = messages.TensorProto.FromString(data)
    packed = b"".join((b"\0", b"\3", b"\xac\2", *strings))
    if not proto.tensor_content:
        proto.ClearField("string_val")
        proto.tensor_content = packed
    assert proto.tensor_content == packed
    assert take("x", proto).tolist() == strings
    for damaged in (packed[:-1], packed + b"a", packed[:2], b"\xff" * 6 + packed):
        proto.tensor_content = damaged
        with pytest.raises(SteleError) as caught:
            take("x", proto)
        assert caught.value.code is Code.INVALID_ARGUMENT


def proto_of(dtype: str, *shape: int, **fields):
    proto = messages.TensorProto(dtype=dtypes.BY_NAME[dtype].number, **fields)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def unknown_rank():
    proto = proto_of("FP32", float_val=[1.0])
    proto.tensor_shape.unknown_rank = True
    return proto


@pytest.mark.parametrize(
    ("proto", "words"),
    [
        (messages.TensorProto(dtype=21), ["unknown dtype", "TF_21"]),
        (messages.TensorProto(), ["unknown dtype", "TF_0"]),
        (unknown_rank(), ["unknown rank"]),
        (proto_of("FP32", 2, tensor_content=b"\0" * 7), ["7 bytes", "FP32 [2] has 8"]),
        (proto_of("FP32", 2, tensor_content=b"\0" * 8, float_val=[1.0]), ["both"]),
        (proto_of("FP32", 2, double_val=[1.0, 2.0]), ["double_val", "float_val"]),
        (proto_of("FP32", 1, float_val=[1.0, 2.0]), ["2 values"]),
        (proto_of("FP32", 2**29), ["0 values", "too many to fill in"]),
        (proto_of("FP32", 2**29, float_val=[1.0]), ["1 values", "too many to fill in"]),
        (proto_of("BYTES", 2**29, string_val=[b"a"]), ["too many to fill in"]),
        (proto_of("BYTES", 2**29, tensor_content=b"a"), ["too few"]),
        (proto_of("FP32", -1, float_val=[1.0]), ["negative dimension"]),
        (proto_of("FP32", 2**32, 2**32), ["beyond 2^63-1"]),
        (proto_of("FP32", 0, 2**32, 2**32), ["beyond 2^63-1"]),
        (proto_of("INT8", 1, int_val=[128]), ["INT8 cannot hold"]),
        (proto_of("FP16", 1, half_val=[65536]), ["cannot hold"]),
        (proto_of("C64", 1, scomplex_val=[1.0]), ["half of a complex number"]),
        (proto_of("BOOL", 1, tensor_content=b"\2"), ["BOOL byte"]),
    ],
)
def test_what_does_not_add_up(take, proto, words) -> None:
    with pytest.raises(SteleError) as caught:
        take("x", proto)
    assert caught.value.code is Code.INVALID_ARGUMENT
    for word in ['tensor "x"', *words]:
        assert word in caught.value.message
