"""The verbs, odd lines, and the end of a conversation."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import struct
import subprocess
import termios
import time
from typing import IO

import numpy as np
import pytest

from stele.contract.codes import Code
from stele.contract.dtypes import BY_NAME
from stele.parity.level import Ladder
from tests.conformance.player import Player, tensor


def fresh(worker: Player, data: bytes) -> subprocess.CompletedProcess[bytes]:
    """Give all that to a process of its own, and wait for its end."""
    with started(worker) as process:
        stdout, stderr = process.communicate(data, timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def started(worker: Player) -> subprocess.Popen[bytes]:
    """Start a process of the same worker."""
    return subprocess.Popen(
        worker.binding.run,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **worker.binding.environment()},
    )


VERBS = ("hello", "load", "run", "describe", "bench", "unload", "bye")


def test_hello(worker: Player) -> None:
    fields = worker.ok("hello", "1").values
    assert fields["protocol"] == "1"
    assert fields["binding"] == worker.binding.id
    assert fields["language"]
    assert "tensorflow" in fields
    assert set(fields["verbs"].split(",")) >= set(VERBS)
    assert set(fields["dtypes"].split(",")) <= set(BY_NAME)


def test_another_protocol(worker: Player) -> None:
    reply = worker.ask("hello", "2")
    assert (reply.status, reply.message) == ("unsupported", "protocol 2")


@pytest.mark.parametrize("verb", ["dance", "da\tnce\n", "toString", "Hello", ""])
def test_unknown_verbs(worker: Player, verb: str) -> None:
    reply = worker.ask(verb)
    assert (reply.status, reply.message) == ("unsupported", f"verb {verb}")


def test_arguments_too_many(worker: Player) -> None:
    worker.ok("hello", "1", "extra", "extra")


@pytest.mark.parametrize("line", ["", "\t", "\\", "x" * 500_000, "\t" * 100_000, "\udcff\udcfe"])
def test_odd_lines(worker: Player, line: str) -> None:
    base = worker.digits()
    answer = worker.conversation.send(line)
    assert answer.outputs is None, "an answer to nonsense"
    worker.run_bundle(base.signature, base.inputs)


@pytest.mark.parametrize(
    "text", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]
)
def test_text_that_is_not_utf8(worker: Player, text: bytes) -> None:
    """Overlong forms, surrogates, what lies beyond Unicode, a character cut short."""
    worker.digits()
    line = "run\t" + text.decode(errors="surrogateescape") + "\tin\tout"
    answer = worker.conversation.send(line)
    assert answer.code is Code.INVALID_ARGUMENT
    assert "not UTF-8" in answer.message


def in_pipe(pipe: IO[bytes]) -> int:
    """Return how many bytes wait to be read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, count)
    return count[0]


def test_lines_that_are_no_requests_and_a_reply_longer_than_the_pipe(worker: Player) -> None:
    """Such a reply waits for its reader; a process of its own, for it need not outlive these."""
    lines = (b"7", b"7\t\\x", b"\\", b"\xff\xfe", b"\0\t\0", b"\t", b"7\t", b"", b"\n\n")
    verb = b"x" * 500_000
    with started(worker) as process:
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(BrokenPipeError):  # it has ended, and its status says so
            process.stdin.write(b"\n\n".join([*lines, b"7\t" + verb, b""]))
            process.stdin.flush()
        deadline = time.monotonic() + 120
        while in_pipe(process.stdout) < 60_000 and time.monotonic() < deadline:
            if process.poll() is not None:
                break
            time.sleep(0.01)
        stdout, stderr = process.communicate(b"8\thello\t1\n\n9\tbye\n\n", timeout=300)
    assert process.returncode == 0, stderr
    replies = [line for line in stdout.split(b"\n") if line.startswith(b"@stele1\t")]
    assert replies[-3] == b"@stele1\t7\tunsupported\tverb " + verb
    assert replies[-2].startswith(b"@stele1\t8\tok\t")
    assert replies[-1] == b"@stele1\t9\tok"
    for reply in replies[:-3]:
        assert reply.split(b"\t")[2] in (b"error", b"unsupported")


def test_without_a_model(worker: Player) -> None:
    base = worker.digits()
    worker.unload()
    worker.ok("unload")
    file = worker.folder / "file"
    for request in (
        ("run", base.signature, base.inputs, worker.out),
        ("bench", base.signature, base.inputs, worker.out, 1, 1, file),
        ("describe", file),
    ):
        worker.refused("FAILED_PRECONDITION", *request)
    assert not file.exists()
    worker.digits()


def test_a_failed_load_keeps_the_model(worker: Player) -> None:
    base = worker.digits()
    worker.refused("NOT_FOUND", "load", worker.folder / "absent", "serve", "default")
    worker.run_bundle(base.signature, base.inputs)


def test_bench(worker: Player) -> None:
    base = worker.digits()
    samples = worker.folder / "samples"
    worker.ok("bench", base.signature, base.inputs, worker.out, 3, 20, samples)
    elapsed = np.frombuffer(samples.read_bytes(), "<u8")
    assert len(elapsed) == 20
    assert elapsed.min() > 0
    assert elapsed.max() < 60 * 10**9


def test_what_level_5_asks(worker: Player) -> None:
    """The file of ``describe``; answer, samples, their unit and the warm-up of ``bench``."""
    case = worker.digits()
    ladder = Ladder(worker.binding)
    assert list(ladder.optional_verbs(worker.conversation, worker.digits_target, case)) == []


def described(worker: Player, model: str) -> list[bytes]:
    """Return the lines that the worker writes of an odd model."""
    worker.load(model)
    file = worker.folder / f"{model}.tsv"
    worker.ok("describe", file)
    return file.read_bytes().splitlines()


def test_describe(worker: Player) -> None:
    lines = described(worker, "odd")
    assert lines == sorted(lines)
    assert len(lines) == 22
    assert rb"tab\there" + b"\tinput\t" + rb"in\tput" + b"\tFP32\t-1,2" in lines
    assert b"resource\tinput\thandle\tTF_20\t" in lines
    assert b"reference\toutput\tweight\tFP32\t2,1" in lines
    assert not any(line.startswith(b"__saved_model_") for line in lines)


def test_describe_ranks(worker: Player) -> None:
    lines = described(worker, "dtypes")
    assert b"same_BYTES\tinput\tx\tBYTES\t?" in lines
    assert b"scalar\tinput\tx\tFP64\t" in lines
    assert b"fixed\tinput\tx\tFP32\t-1,2,-1" in lines


def test_describe_shapes_of_the_graph(worker: Player) -> None:
    """A TensorInfo without a shape has that of the graph's tensor."""
    lines = described(worker, "defaults")
    assert b"unshaped\tinput\tx\tFP32\t-1,2" in lines
    assert b"unshaped\tinput\tscale\tFP32\t" in lines


CONFIGS = (
    "default",
    "inline",
    "single",
    "python",
    "hex:",
    "hex:1001",
    "hex:28FFffFFffFFffFFffFF01",
)


@pytest.mark.parametrize("config", CONFIGS)
def test_configs(worker: Player, config: str) -> None:
    worker.load("conv", config=config)
    image = tensor("FP32", (1, 8, 8, 1), bytes(256))
    outputs = worker.run("serving_default", image=image)
    assert outputs["probabilities"].shape == (1, 10)


def test_sets_of_tags(worker: Player) -> None:
    worker.load("odd", ("gpu", "serve"))
    worker.load("odd", ("serve", "gpu"))
    worker.load("plain", ())
    x = tensor("INT32", (3,), struct.pack("<3i", 1, -2, 3))
    assert worker.run("double", x=x)["y"].data == struct.pack("<3i", 2, -4, 6)


def test_a_url_of_a_file(worker: Player) -> None:
    base = worker.digits()
    worker.ok("load", f"file://{worker.digits_target.folder}", "serve", "default")
    worker.run_bundle(base.signature, base.inputs)


@pytest.mark.parametrize("rest", [b"", b"1\thello\t1"])
def test_end_of_input(worker: Player, rest: bytes) -> None:
    """It means bye without a reply, in the middle of a line too."""
    done = fresh(worker, rest)
    assert done.returncode == 0, done.stderr
