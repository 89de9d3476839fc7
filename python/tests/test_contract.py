"""Holds Python's reading of the contract against the files of ``bindings/contract/``."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import ml_dtypes  # noqa: F401  (numpy learns bfloat16)
import numpy as np
import pytest

from stele.contract import config, dtypes, signature
from stele.contract.bundle import RawTensor, read_tensors, write_bundle
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.signature import Signature, TensorSpec, check_inputs
from tests.tables import rows


def refused(call, *arguments) -> SteleError:
    with pytest.raises(SteleError) as caught:
        call(*arguments)
    return caught.value


def test_codes() -> None:
    assert [(str(code.value), code.name) for code in Code] == [
        tuple(row) for row in rows("codes.tsv", "number", "name")
    ]


def test_errors() -> None:
    codes = {getattr(errno, name): code for name, code in rows("errors.tsv", "errno", "code")}
    for number in errno.errorcode:
        error = from_os_error(OSError(number, os.strerror(number), "somewhere"))
        assert error.code.name == codes.get(number, "UNKNOWN"), errno.errorcode[number]
        assert "somewhere" in error.message


def test_dtypes() -> None:
    table = rows("dtypes.tsv", "name", "number", "size", "kind")
    kinds = {"bool": "b", "int": "i", "uint": "u", "complex": "c", "bytes": "O"}
    assert [row[0] for row in table] == [dtype.name for dtype in dtypes.DTYPES]
    for name, number, size, kind in table:
        dtype = dtypes.BY_NAME[name]
        assert (dtype.number, dtype.itemsize) == (int(number), int(size))
        # To numpy, bfloat16 is a structure of its own.
        assert dtype.numpy.kind == kinds.get(kind, "V" if name == "BF16" else "f")


def test_profiles() -> None:
    table = rows("profiles.tsv", "name", "config", "meaning")
    assert {name: data.hex() for name, data in config.PROFILES.items()} == {
        name: data for name, data, _ in table
    }
    error = refused(config.parse, "fast")
    assert error.code is Code.INVALID_ARGUMENT
    assert error.message == ('no profile "fast"; there are "default", "inline", "python", "single"')


@pytest.mark.parametrize("text", ["hex:0g", "hex:123", "hex:10 01", "hex:\n", "hex:-1", "hex:١٢"])
def test_configs_that_are_no_hexadecimal(text: str) -> None:
    assert refused(config.parse, text).code is Code.INVALID_ARGUMENT


def literal(text: str, dtype: dtypes.DType) -> object:
    """Return the value that a literal of ``values.tsv`` stands for."""
    if text.startswith("hex:"):
        return bytes.fromhex(text[4:])
    if dtype.name == "BOOL":
        return {"true": True, "false": False}[text]
    if "INT" in dtype.name:
        return int(text)
    if dtype.name in ("C64", "C128"):
        part = dtypes.BY_NAME[{"C64": "FP32", "C128": "FP64"}[dtype.name]]
        pair = np.array([literal(half, part) for half in text.split(";")], part.numpy)
        return pair.view(dtype.numpy)[0]
    if text.startswith("nan:"):
        bits = int(text[4:], 16).to_bytes(dtype.itemsize, "little")
        return np.frombuffer(bits, dtype.numpy)[0]
    return float(text)


@pytest.mark.parametrize("row", rows("values.tsv", "dtype", "shape", "literals", "bytes"))
def test_values(row: list[str], tmp_path: Path) -> None:
    name, shape_text, literals, data = row
    dtype = dtypes.BY_NAME[name]
    shape = tuple(map(int, shape_text.split(",")))
    array = np.empty(int(np.prod(shape)), dtype.numpy)
    for index, text in enumerate(literals.split(",")):
        array[index] = literal(text, dtype)
    array = array.reshape(shape)
    assert RawTensor.of(array).data.hex() == data
    write_bundle(tmp_path, {"x": array})
    ((_, back),) = read_tensors(tmp_path)
    assert back.shape == shape
    for got, text in zip(back.reshape(-1), literals.split(","), strict=True):
        value = np.array(literal(text, dtype), dtype.numpy)
        if name == "BYTES":
            assert got == value[()]
        else:
            assert got.tobytes() == value.tobytes()


def test_every_dtype_has_values() -> None:
    names = [row[0] for row in rows("values.tsv", "dtype", "shape", "literals", "bytes")]
    assert names == list(dtypes.BY_NAME)


PAIR = Signature("s", tuple(TensorSpec(name, 1, (None, 2), f"{name}:0") for name in "ab"), (), "")
GOOD = np.zeros((1, 2), np.float32)
BAD_DTYPE, BAD_SHAPE = GOOD.astype(np.float64), GOOD[0]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([("c", GOOD), ("b", GOOD), ("c", GOOD)], 'input "c" is given twice'),
        ([("c", GOOD), ("b", GOOD), ("b", GOOD), ("c", GOOD)], 'input "b" is given twice'),
        ([("d", GOOD), ("c", GOOD)], 'no input "d"; signature "s" has "a", "b"'),
        ([("b", BAD_SHAPE)], 'input "a" of signature "s" is missing'),
        # Each input by itself, sorted by name, whatever the order given.
        (
            [("b", BAD_DTYPE), ("a", BAD_SHAPE)],
            'input "a" has shape [2], expected [?,2]',
        ),
        (
            [("b", BAD_SHAPE), ("a", BAD_DTYPE[0])],
            'input "a" has dtype FP64, expected FP32',
        ),
    ],
)
def test_order_of_checks(inputs, message: str) -> None:
    error = refused(check_inputs, PAIR, inputs)
    assert (error.code, error.message) == (Code.INVALID_ARGUMENT, message)


def test_many_unknown_inputs_cost_one_look_each() -> None:
    class Name(str):
        """Counts how often it is compared with another."""

        __slots__ = ()
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            Name.compared += 1
            return str.__eq__(self, other)

    count = 10_000
    refused(check_inputs, PAIR, [(Name(f"n{index}"), GOOD) for index in range(count)])
    assert Name.compared < 10 * count


def test_what_no_protocol_can_run() -> None:
    sparse = Signature("s", (TensorSpec("sp", 0, None, ""),), (), "")
    handle = Signature("s", (), (TensorSpec("x", 20, None, "x:0"),), "")
    for found, message in (
        (sparse, 'input "sp" of signature "s" is sparse or composite'),
        (handle, 'output "x" of signature "s" has dtype TF_20'),
    ):
        error = refused(signature.find_signature, {"s": found}, "s")
        assert (error.code, error.message) == (Code.UNIMPLEMENTED, message)
    error = refused(signature.find_signature, {}, "x")
    assert error.message == 'no signature "x"; this model has none'
