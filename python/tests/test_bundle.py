"""Bundles keep every bit, and refuse what does not add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stele.contract import dtypes
from stele.contract.bundle import INDEX, decode, encode, read_bundle, read_tensors, write_bundle
from stele.contract.codes import Code, SteleError
from stele.contract.lines import format_line, parse_line

SHAPES = hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3)
NUMERIC = [dtype for dtype in dtypes.DTYPES if dtype.itemsize]


@given(st.sampled_from(NUMERIC), SHAPES, st.data())
def test_every_bit_of_every_dtype_survives(dtype, shape, data) -> None:
    size = int(np.prod(shape)) * dtype.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    if dtype.name == "BOOL":
        raw = bytes(byte & 1 for byte in raw)
    array = decode(dtype, shape, raw)
    assert array.shape == shape
    assert array.dtype == dtype.numpy
    assert encode(array) == raw


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_bytes_survive(elements) -> None:
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    assert decode(dtypes.BY_NAME["BYTES"], array.shape, encode(array)).tolist() == elements


@given(st.text(), st.text())
def test_fields_survive(first, second) -> None:
    line = format_line(first, second)
    assert "\n" not in line
    assert parse_line(line) == [first, second]


def test_files_are_row_major_and_little_endian(tmp_path: Path) -> None:
    array = np.arange(6, dtype=">i4").reshape(2, 3)
    write_bundle(tmp_path, {"a\tb": np.asfortranarray(array.astype(np.int32))})
    assert (tmp_path / INDEX).read_text() == "a\\tb\tINT32\t2,3\t24\t0.bin\n"
    assert np.fromfile(tmp_path / "0.bin", dtype="<i4").tolist() == [0, 1, 2, 3, 4, 5]
    assert read_bundle(tmp_path)["a\tb"].tolist() == array.tolist()


def test_scalar_and_empty_shapes_differ(tmp_path: Path) -> None:
    tensors = {"scalar": np.float32(2.5).reshape(()), "empty": np.zeros((0, 3), np.float32)}
    write_bundle(tmp_path, tensors)
    found = read_bundle(tmp_path)
    assert found["scalar"].shape == ()
    assert found["empty"].shape == (0, 3)


def test_names_with_unicode_line_ends_stay_one_line(tmp_path: Path) -> None:
    write_bundle(tmp_path, {"a\u2028b\x85c\x0bd": np.zeros(1, np.int8)})
    assert list(read_bundle(tmp_path)) == ["a\u2028b\x85c\x0bd"]


def refused(folder: Path, line: str, data: bytes = b"") -> SteleError:
    (folder / INDEX).write_bytes(line.encode() + b"\n")
    (folder / "0.bin").write_bytes(data)
    with pytest.raises(SteleError) as caught:
        read_tensors(folder)
    return caught.value


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("x\tFP32\t1\t4", b"0000"),
        ("x\tFP32\t1\t4\t0.bin\tmore", b"0000"),
        ("x\tFLOAT\t1\t4\t0.bin", b"0000"),
        ("x\tFP32\t-1\t4\t0.bin", b"0000"),
        ("x\tFP32\t+1\t4\t0.bin", b"0000"),
        ("x\tFP32\t1,\t4\t0.bin", b"0000"),
        ("x\tFP32\t1\t4.0\t0.bin", b"0000"),
        ("x\tFP32\t1\t4\t0.bin", b"000"),
        ("x\tFP32\t1\t4\t0.bin", b"00000"),
        ("x\tFP32\t2\t4\t0.bin", b"0000"),
        ("x\tINT8\t4294967296,4294967296\t0\t0.bin", b""),
        ("x\tINT8\t0,4294967296,4294967296\t0\t0.bin", b""),
        ("x\tINT8\t9223372036854775808\t0\t0.bin", b""),
        ("x\tFP64\t2305843009213693952\t0\t0.bin", b""),
        ("x\tBOOL\t2\t2\t0.bin", b"\x00\x02"),
        ("x\tBYTES\t1\t3\t0.bin", b"\x00\x00\x00"),
        ("x\tBYTES\t1\t5\t0.bin", b"\x02\x00\x00\x00a"),
        ("x\tBYTES\t1\t6\t0.bin", b"\x01\x00\x00\x00ab"),
        ("x\tBYTES\t9223372036854775807\t4\t0.bin", b"\x00\x00\x00\x00"),
        ("x\tINT8\t" + ",".join(["1"] * 200) + "\t1\t0.bin", b"0"),
        ("x\\q\tINT8\t1\t1\t0.bin", b"0"),
    ],
)
def test_what_does_not_add_up_is_refused(tmp_path: Path, line: str, data: bytes) -> None:
    error = refused(tmp_path, line, data)
    assert error.code is Code.INVALID_ARGUMENT
    assert "x" in error.message


def test_missing_files_are_not_found(tmp_path: Path) -> None:
    with pytest.raises(SteleError) as caught:
        read_tensors(tmp_path / "nothing")
    assert caught.value.code is Code.NOT_FOUND
    assert str(tmp_path / "nothing") in caught.value.message


def test_duplicates_are_kept_for_the_signature_check(tmp_path: Path) -> None:
    array = np.zeros(1, np.int8)
    write_bundle(tmp_path, [("x", array), ("x", array)])
    assert [name for name, _ in read_tensors(tmp_path)] == ["x", "x"]
    with pytest.raises(SteleError, match="twice"):
        read_bundle(tmp_path)


def test_text_is_no_bytes() -> None:
    with pytest.raises(TypeError, match="must be bytes"):
        encode(np.array(["text"], dtype=object))
