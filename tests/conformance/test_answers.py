"""What a run answers: every dtype, row-major, any name, defaults, inputs that are outputs."""

from __future__ import annotations

import math
import struct

import pytest

from stele.contract.dtypes import BY_NAME
from tests.conformance.player import Player, framed, tensor

PAIR = struct.pack("<2f", 1, 1)
SHAPES = ((), (0,), (2, 3), (2, 1, 2, 1, 1, 3))
COUNTS = (1, 0, 6, 12)
FOUR = framed(b"", b"\0", b"\xff\xfe\r\n\t\\", "€".encode() * 100)


@pytest.mark.parametrize("dtype", [name for name in BY_NAME if name != "BYTES"])
def test_dtypes(worker: Player, dtype: str) -> None:
    worker.load("dtypes")
    values = 2 if dtype == "BOOL" else 256
    for shape, count in zip(SHAPES, COUNTS, strict=True):
        data = bytes(i * 37 % values for i in range(count * BY_NAME[dtype].itemsize))
        x = tensor(dtype, shape, data)
        outputs = worker.run(f"same_{dtype}", x=x)
        assert outputs["same"] == x
        assert outputs["shape"] == tensor(
            "INT64", (len(shape),), struct.pack(f"<{len(shape)}q", *shape)
        )


@pytest.mark.parametrize(
    ("shape", "data"),
    [((4,), FOUR), ((2, 2), FOUR), ((1, 4, 1), FOUR), ((), framed(b"one")), ((0, 2), b"")],
)
def test_strings(worker: Player, shape: tuple[int, ...], data: bytes) -> None:
    worker.load("dtypes")
    x = tensor("BYTES", shape, data)
    assert worker.run("same_BYTES", x=x)["same"] == x


def test_row_major(worker: Player) -> None:
    worker.load("dtypes")
    x = tensor("FP32", (3, 2, 2), struct.pack("<12f", *range(12)))
    expected = struct.pack("<2f", 0 + 1 + 4 + 5 + 8 + 9, 2 + 3 + 6 + 7 + 10 + 11)
    assert worker.run("fixed", x=x) == {"sum": tensor("FP32", (2,), expected)}


def test_no_inputs(worker: Player) -> None:
    worker.load("dtypes")
    expected = tensor("INT32", (2,), struct.pack("<2i", 42, 43))
    assert worker.run("none") == {"answer": expected}


def test_several_inputs_of_several_dtypes(worker: Player) -> None:
    worker.load("dtypes")
    outputs = worker.run(
        "mixed",
        c=tensor("BYTES", (2,), framed(b"four", b"")),
        b=tensor("BOOL", (2,), b"\0\1"),
        a=tensor("FP32", (1, 2), PAIR),
    )
    assert outputs == {
        "sum": tensor("FP32", (1,), struct.pack("<f", 2)),
        "not": tensor("BOOL", (2,), b"\1\0"),
        "length": tensor("INT32", (2,), struct.pack("<2i", 4, 0)),
    }


def test_what_tensorflow_itself_refuses(worker: Player) -> None:
    worker.load("dtypes")
    bundle = worker.bundle(x=tensor("FP32", (3,), bytes(12)))
    message = worker.refused_run("reshape", bundle)
    assert "3 values" in message


def test_odd_names(worker: Player) -> None:
    worker.load("odd")
    bundle = worker.named_bundle({"in\tput": tensor("FP32", (1, 2), PAIR)})
    assert list(worker.run_bundle("tab\there", bundle)) == ["out\nput"]
    out = worker.folder / "o\tut\n\\"
    worker.ok("run", "tab\there", bundle, out)
    assert (out / "tensors.tsv").exists()
    # A second time, into what is there.
    worker.ok("run", "tab\there", bundle, out)


def test_odd_names_in_messages(worker: Player) -> None:
    worker.load("odd")
    bundle = worker.named_bundle({"in\nput\\": tensor("FP32", (1, 2), PAIR)})
    message = worker.refused_run("tab\there", bundle)
    assert message == 'no input "in\nput\\"; signature "tab\there" has "in\tput"'


def test_a_long_name(worker: Player) -> None:
    worker.load("odd")
    name = "x" * 100_000
    bundle = worker.named_bundle({name: tensor("FP32", (1, 2), PAIR)})
    message = worker.refused_run("two_parts", bundle)
    assert message.startswith('no input "xxx')


@pytest.mark.parametrize("shape", [(), (3, 8, 8), (1, 8, 8, 2), (1, 8, 8, 1, 1)])
def test_shapes_in_messages(worker: Player, shape: tuple[int, ...]) -> None:
    worker.load("conv")
    bundle = worker.bundle(image=tensor("FP32", shape, bytes(4 * math.prod(shape))))
    message = worker.refused_run("serving_default", bundle)
    given = ",".join(map(str, shape))
    assert message == f'input "image" has shape [{given}], expected [?,8,8,1]'


def test_outputs_that_are_inputs(worker: Player) -> None:
    worker.load("odd")
    x = tensor("FP32", (1, 2), PAIR)
    assert worker.run("two_parts", x=x) == {
        "a": tensor("FP32", (1, 1), struct.pack("<f", 3.5)),
        "b": tensor("FP32", (1, 1), struct.pack("<f", 4.5)),
        "fed": x,
    }
    assert worker.run("only_fed", x=x) == {"fed": x, "again": x}


def test_no_outputs(worker: Player) -> None:
    worker.load("odd")
    assert worker.run("no_outputs", x=tensor("FP32", (1, 2), PAIR)) == {}


def test_a_reference_variable(worker: Player) -> None:
    worker.load("odd")
    assert worker.run("reference") == {"weight": tensor("FP32", (2, 1), struct.pack("<2f", 1, 2))}


@pytest.mark.parametrize(
    ("signature", "code", "message"),
    [
        ("sparse", "UNIMPLEMENTED", 'input "x" of signature "sparse" is sparse or composite'),
        ("resource", "UNIMPLEMENTED", 'input "handle" of signature "resource" has dtype TF_20'),
        ("missing", "INVALID_ARGUMENT", "no_such_operation:0"),
        ("beyond", "INVALID_ARGUMENT", "split:2"),
        ("__saved_model_own", "NOT_FOUND", 'no signature "__saved_model_own"'),
    ],
)
def test_signatures_not_for_clients(
    worker: Player, signature: str, code: str, message: str
) -> None:
    worker.load("odd")
    bundle = worker.bundle(x=tensor("FP32", (1, 2), PAIR))
    assert message in worker.refused_run(signature, bundle, code)


def test_two_inputs_that_are_one_tensor(worker: Player) -> None:
    worker.load("odd")
    x = tensor("FP32", (1, 2), PAIR)
    bundle = worker.bundle(x=x, again=x)
    worker.refused_run("twice", bundle)


@pytest.mark.parametrize(("signature", "factor"), [("scaled", 2), ("content", 5)])
def test_defaults(worker: Player, signature: str, factor: float) -> None:
    worker.load("defaults")
    x = tensor("FP32", (1, 2), struct.pack("<2f", 1, 3))
    assert worker.run(signature, x=x)["y"].data == struct.pack("<2f", factor, 3 * factor)
    ten = tensor("FP32", (), struct.pack("<f", 10))
    assert worker.run(signature, x=x, scale=ten)["y"].data == struct.pack("<2f", 10, 30)


def test_a_default_that_cannot_be_read(worker: Player) -> None:
    worker.load("defaults")
    bundle = worker.bundle(x=tensor("FP32", (1, 2), PAIR))
    message = worker.refused_run("unreadable", bundle)
    assert message == 'input "scale" of signature "unreadable" is missing'


def test_a_signature_that_stands_twice(worker: Player) -> None:
    if not worker.runs_sessions:
        pytest.skip("TensorFlow 2 calls the function, whose inputs are those of the first")
    worker.load("twice")
    image = tensor("FP32", (1, 8, 8, 1), bytes(256))
    assert worker.run("serving_default", renamed=image)["probabilities"].shape == (1, 10)


def test_many_inputs_that_the_signature_does_not_have(worker: Player) -> None:
    """The checks are linear: a quadratic one takes minutes of a core."""
    worker.load("odd")
    lines = "".join(f"n{i}\tFP32\t\t4\t0.bin\n" for i in range(100_000))
    bundle = worker.index(lines.encode())
    message = worker.refused_run("two_parts", bundle)
    assert message == 'no input "n0"; signature "two_parts" has "x"'
    bundle = worker.index((lines + "n99999\tFP32\t\t4\t0.bin\n").encode())
    message = worker.refused_run("two_parts", bundle)
    assert message == 'input "n99999" is given twice'
