"""Holds Python's reading of the contract against the files of ``bindings/contract/``."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import ml_dtypes  # noqa: F401  (numpy learns bfloat16)
import numpy as np
import pytest

from stele import paths
from stele.contract import config, dtypes, signature
from stele.contract import worker as kit
from stele.contract.bundle import INDEX, RawTensor, read_tensors, write_bundle
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.signature import Signature, TensorSpec, check_inputs


def rows(name: str, *columns: str) -> list[list[str]]:
    """Return the rows of a table; a column or a field too many is an error."""
    text = (paths.bindings_dir() / "contract" / name).read_bytes().decode()
    header, *lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert header == list(columns)
    assert all(len(line) == len(columns) for line in lines)
    return lines


def refused(call, *arguments) -> SteleError:
    with pytest.raises(SteleError) as caught:
        call(*arguments)
    return caught.value


def test_codes() -> None:
    assert [(str(code.value), code.name) for code in Code] == [
        tuple(row) for row in rows("codes.tsv", "number", "name")
    ]


def test_errors() -> None:
    due = {getattr(errno, name): code for name, code in rows("errors.tsv", "errno", "code")}
    for number in errno.errorcode:
        told = from_os_error(OSError(number, os.strerror(number), "somewhere"))
        assert told.code.name == due.get(number, "UNKNOWN"), errno.errorcode[number]
        assert "somewhere" in told.message


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


LINE = "x\tFP32\t1\t4\t0.bin"


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (f"\n{LINE}\n", "fields"),
        (f"{LINE}\n\n", "fields"),
        ("x\tFP32\t1\t4\t../0.bin\n", '"x"'),
        ("x\tFP32\t1\t4\t\n", '"x"'),
        ("x\tFP32\t1\t4\t.\n", '"x"'),
        ("x\tFP32\t1\t4\t..\n", '"x"'),
        ("x\\x\tFP32\t1\t4\t0.bin\n", "escape"),
        ("x\tFP32\t1\t4\t0.bin\\\n", "escape"),
        ("x\\0y\tFP32\t1\t4\t0.bin\n", 'a name or path holds a NUL: "x\\0y"'),
        ("x\udcff\tFP32\t1\t4\t0.bin\n", "not UTF-8"),
        ("x\tFP32\t+1\t4\t0.bin\n", '"x"'),
        ("x\tFP32\t 1\t4\t0.bin\n", '"x"'),
        ("x\tFP32\t1\t+4\t0.bin\n", '"x"'),
    ],
)
def test_indexes_that_are_refused(tmp_path: Path, index: str, words: str) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "0.bin").write_bytes(bytes(4))
    (folder / INDEX).write_bytes(f"{LINE}\n".encode())
    assert len(read_tensors(folder)) == 1
    (folder / INDEX).write_bytes(index.encode(errors="surrogateescape"))
    error = refused(read_tensors, folder)
    assert error.code is Code.INVALID_ARGUMENT
    assert words in error.message


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


class Runner:
    """Loads a model whose one signature gives back what it takes."""

    binding, language, tensorflow = "echo", "Python", ""

    def __init__(self) -> None:
        output = TensorSpec("a", 1, (None, 2), "a:0")
        self.signatures = {"s": Signature("s", PAIR.inputs[:1], (output,), "")}

    def load(self, *_):
        return self

    def prepare(self, name, inputs):
        check_inputs(signature.find_signature(self.signatures, name), inputs)
        return lambda: dict(inputs)

    def close(self):
        pass


class Pipe:
    def __init__(self, data: bytes = b"") -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Play one request to a worker that has a model; return the reply's fields."""

    def ask(request: bytes) -> list[str]:
        out = Pipe()
        monkeypatch.setattr("sys.stdin", Pipe(b"0\tload\tm\tserve\tdefault\n\n" + request + b"\n"))
        monkeypatch.setattr("sys.stdout", out)
        kit.serve(Runner())
        return out.buffer.getvalue().decode().splitlines()[-1].split("\t")[2:]

    write_bundle(tmp_path / "in", {"a": GOOD})
    return ask


@pytest.mark.parametrize(
    ("request_line", "message"),
    [
        (b"1\tload\tx\\0y\tserve\tdefault", r'a name or path holds a NUL: "x\\0y"'),
        (b"1\tload\tx\tserve\\0\tdefault", r'a name or path holds a NUL: "serve\\0"'),
        (b"1\tload\tx\tserve\tdefault\\0", r'a name or path holds a NUL: "default\\0"'),
        (b"1\trun\ts\\0\tin\tout", r'a name or path holds a NUL: "s\\0"'),
        (b"1\tload\tx\xff\tserve\tdefault", "not UTF-8"),
        (b"1\tload\tx\\x\tserve\tdefault", "escape"),
        (b"1\tload\tx\\\tserve\tdefault", "escape"),
        (b"1\tbench\ts\tin\tout\t0\t+1\tsamples", "bad counts"),
        (b"1\tbench\ts\tin\tout\t0\t 1\tsamples", "bad counts"),
        (b"1\tbench\ts\tin\tout\t-1\t1\tsamples", "bad counts"),
        (b"1\tbench\ts\tin\tout\t0\t0\tsamples", "bad counts"),
    ],
)
def test_requests_that_are_refused(ask, request_line: bytes, message: str) -> None:
    status, code, told = ask(request_line)
    assert (status, code) == ("error", "INVALID_ARGUMENT")
    assert message in told


def test_more_samples_than_memory(ask) -> None:
    assert ask(b"1\tbench\ts\tin\tout\t0\t%d\tsamples" % 2**62)[1] == "RESOURCE_EXHAUSTED"


def test_where_outputs_go(ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    def run(out: str) -> list[str]:
        return ask(f"1\trun\ts\t{tmp_path / 'in'}\t{tmp_path / out}".encode())

    assert run("out") == ["ok"]
    assert run("out") == ["ok"]
    assert run("no/out")[1] == "NOT_FOUND"
    assert run("file")[1] == "FAILED_PRECONDITION"
    assert run("file/out")[1] == "FAILED_PRECONDITION"
