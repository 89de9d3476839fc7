"""Plays protocol 1 to the worker: all verbs, dtypes, odd names and odd lines."""

import pathlib
import struct

import pytest
from conversation import Worker, framed

IMAGE = ("image", "FP32", (1, 8, 8, 1), bytes(256))
PAIR = struct.pack("<2f", 1, 1)
SIZES = {
    **{"BOOL": 1, "INT8": 1, "UINT8": 1, "INT16": 2, "UINT16": 2, "FP16": 2, "BF16": 2},
    **{"INT32": 4, "UINT32": 4, "FP32": 4, "INT64": 8, "UINT64": 8, "FP64": 8},
    **{"C64": 8, "C128": 16},
}


def test_hello(worker):
    fields = dict(field.split("=", 1) for field in worker.ok("hello", 1))
    assert fields["protocol"] == "1"
    assert fields["binding"] == "c"
    assert fields["language"].startswith("C11")
    assert fields["tensorflow"].startswith("2.")
    assert fields["verbs"] == "hello,load,run,describe,bench,unload,bye"
    assert set(fields["dtypes"].split(",")) == {*SIZES, "BYTES"}
    assert worker.ask("hello", 2) == ["unsupported", "protocol 2"]


def test_unknown_verbs(worker):
    assert worker.ask("dance") == ["unsupported", "verb dance"]
    assert worker.ask("da\tnce\n") == ["unsupported", "verb da\tnce\n"]
    assert worker.ask("hello\0", 1)[0] == "unsupported"


@pytest.mark.parametrize("verb", ["hello", "load", "run", "describe", "bench"])
def test_too_few_arguments(worker, verb):
    worker.refused("INVALID_ARGUMENT", verb, naming=[verb])


@pytest.mark.parametrize(
    "line",
    [b"7", b"7\t\\x", b"7\thello\t1\\", b"\\", b"\xff\xfe", b"\0\t\0", b"\t", b"7\t"],
)
def test_malformed_requests(worker, line):
    assert worker.send(line)[1] in ("error", "unsupported")


def test_odd_lines(worker):
    worker.process.stdin.write(b"\n\n\n")
    assert worker.send(b"8\thello\t1\textra\textra")[:2] == ["8", "ok"]
    assert worker.send(b"9\t" + b"x" * 3_000_000)[1] == "unsupported"
    assert worker.send(b"9" + b"\t" * 100_000)[1] == "unsupported"


CONFIGS = [
    "default",
    "inline",
    "single",
    "python",
    "hex:",
    "hex:1001",
    "hex:28FFffFFffFFffFFffFF01",
]


@pytest.mark.parametrize("config", CONFIGS)
def test_configs(worker, bundles, config):
    worker.load("conv", config=config)
    worker.ok("run", "serving_default", bundles.bundle(IMAGE), bundles.out)


def test_tags(worker, bundles):
    worker.load("odd", tags="gpu,serve")
    worker.load("odd", tags="serve,gpu")
    worker.load("plain", tags="")
    x = ("x", "INT32", (3,), struct.pack("<3i", 1, -2, 3))
    worker.ok("run", "double", bundles.bundle(x), bundles.out)
    assert bundles.outputs() == {"y": ("INT32", (3,), struct.pack("<3i", 2, -4, 6))}


@pytest.mark.parametrize("dtype", SIZES)
def test_dtypes(worker, bundles, dtype):
    worker.load("dtypes")
    for shape, count in (((), 1), ((0,), 0), ((2, 3), 6), ((2, 1, 2, 1, 1, 3), 12)):
        values = 2 if dtype == "BOOL" else 256
        data = bytes(i * 37 % values for i in range(count * SIZES[dtype]))
        path = bundles.bundle(("x", dtype, shape, data))
        worker.ok("run", f"same_{dtype}", path, bundles.out)
        assert bundles.outputs()["same"] == (dtype, shape, data)


FOUR = framed(b"", b"\0", b"\xff\xfe\r\n\t\\", "\u20ac".encode() * 100)


@pytest.mark.parametrize(
    ("shape", "data"),
    [((4,), FOUR), ((2, 2), FOUR), ((1, 4, 1), FOUR), ((), framed(b"one")), ((0, 2), b"")],
)
def test_strings(worker, bundles, shape, data):
    worker.load("dtypes")
    path = bundles.bundle(("x", "BYTES", shape, data))
    worker.ok("run", "same_BYTES", path, bundles.out)
    assert bundles.outputs()["same"] == ("BYTES", shape, data)


def test_row_major(worker, bundles):
    worker.load("dtypes")
    path = bundles.bundle(("x", "FP32", (3, 2, 2), struct.pack("<12f", *range(12))))
    worker.ok("run", "fixed", path, bundles.out)
    expected = struct.pack("<2f", 0 + 1 + 4 + 5 + 8 + 9, 2 + 3 + 6 + 7 + 10 + 11)
    assert bundles.outputs() == {"sum": ("FP32", (2,), expected)}


def test_no_inputs(worker, bundles):
    worker.load("dtypes")
    worker.ok("run", "none", bundles.bundle(), bundles.out)
    assert bundles.outputs()["answer"][2] == struct.pack("<2i", 42, 43)


def test_odd_names(worker, bundles):
    worker.load("odd")
    path = bundles.bundle(("in\tput", "FP32", (1, 2), PAIR))
    worker.ok("run", "tab\there", path, bundles.out)
    assert list(bundles.outputs()) == ["out\nput"]
    odd = bundles.path / "o\tut\n\\"
    worker.ok("run", "tab\there", path, odd)
    assert (odd / "tensors.tsv").exists()


def test_several_outputs(worker, bundles):
    worker.load("odd")
    worker.ok("run", "two_parts", bundles.bundle(("x", "FP32", (1, 2), PAIR)), bundles.out)
    assert bundles.outputs() == {
        "a": ("FP32", (1, 1), struct.pack("<f", 3.5)),
        "b": ("FP32", (1, 1), struct.pack("<f", 4.5)),
        "fed": ("FP32", (1, 2), PAIR),
    }


def test_describe(worker, bundles):
    file = bundles.path / "signatures"
    worker.load("odd")
    worker.ok("describe", file)
    lines = file.read_bytes().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 17
    assert rb"tab\there" + b"\tinput\t" + rb"in\tput" + b"\tFP32\t-1,2" in lines
    assert b"resource\tinput\thandle\tTF_20\t" in lines
    assert b"reference\toutput\tweight\tFP32\t2,1" in lines
    worker.load("dtypes")
    worker.ok("describe", file)
    lines = file.read_bytes().splitlines()
    assert b"same_BYTES\tinput\tx\tBYTES\t?" in lines
    assert b"scalar\tinput\tx\tFP64\t" in lines
    assert not any(line.startswith(b"__saved_model_") for line in lines)


def test_bench(worker, bundles):
    worker.load("conv", config="inline")
    path, file = bundles.bundle(IMAGE), bundles.path / "samples"
    worker.ok("bench", "serving_default", path, bundles.out, 3, 50, file)
    samples = struct.unpack("<50Q", file.read_bytes())
    assert all(1_000 < sample < 10**10 for sample in samples)
    expected = bundles.outputs()
    worker.ok("run", "serving_default", path, bundles.out)
    assert bundles.outputs() == expected


@pytest.mark.parametrize(("warmup", "runs"), [("x", 1), (1, "-1"), (1, 0), (1, ""), (-1, 1)])
def test_bench_numbers(worker, bundles, warmup, runs):
    worker.load("conv")
    request = ("bench", "serving_default", bundles.bundle(IMAGE), bundles.out)
    worker.refused("INVALID_ARGUMENT", *request, warmup, runs, bundles.path / "samples")


def test_bench_of_too_many_runs(worker, bundles):
    worker.load("conv")
    request = ("bench", "serving_default", bundles.bundle(IMAGE), bundles.out)
    worker.refused("RESOURCE_EXHAUSTED", *request, 0, 2**62, bundles.path / "samples")


def test_unload(worker):
    worker.load("conv")
    worker.unload()
    worker.unload()
    worker.refused("FAILED_PRECONDITION", "run", "serving_default", "a", "b")
    worker.load("conv")


def test_bye(start):
    worker = start()
    assert worker.ok("bye") == []
    assert worker.end() == 0


@pytest.mark.parametrize("rest", [b"", b"1\thello\t1"])
def test_end_of_input(start, rest):
    worker = start()
    worker.load("conv")
    worker.process.stdin.write(rest)
    assert worker.end() == 0


def test_memory_is_flat(out, models, bundles):
    """The resident set after 10,000 runs, over that after 2,000; no sanitizers here."""
    worker = Worker(out / "worker", models)

    def resident():
        statm = pathlib.Path(f"/proc/{worker.process.pid}/statm").read_text()
        return int(statm.split()[1]) * 4096

    worker.load("dtypes", config="inline")
    path = bundles.bundle(("x", "BYTES", (50,), framed(*[b"x" * 1000] * 50)))
    request = ("bench", "same_BYTES", path, bundles.out)
    worker.ok(*request, 0, 2_000, bundles.path / "samples")
    before = resident()
    worker.ok(*request, 0, 10_000, bundles.path / "samples")
    assert resident() - before < 2**20  # inputs are 50 kB a run
    assert worker.end() == 0
