"""The contract's tables of bad input, row by row, played to the worker."""

import pytest
from conversation import framed

SIGNATURE = "serving_default"
IMAGE = ("image", "FP32", (1, 8, 8, 1), bytes(256))
PAIR = ("x", "FP32", (1, 2), bytes(8))
INVALID = "INVALID_ARGUMENT"

DAMAGED = [
    ("missing", "NOT_FOUND", "missing"),
    ("conv/saved_model.pb", "NOT_FOUND", "conv/saved_model.pb"),
    ("conv/variables", "NOT_FOUND", 'conv/variables": no saved_model.pb'),
    ("broken-no-pb", "NOT_FOUND", 'broken-no-pb": no saved_model.pb'),
    ("broken-empty-pb", "DATA_LOSS", "broken-empty-pb/saved_model.pb"),
    ("broken-text-pb", "DATA_LOSS", "broken-text-pb/saved_model.pb"),
    ("broken-cut-pb", "DATA_LOSS", "broken-cut-pb/saved_model.pb"),
    ("broken-no-variables", "NOT_FOUND", "variables/variables.index"),
    ("broken-no-index", "NOT_FOUND", "variables/variables.index"),
    ("broken-no-data", "NOT_FOUND", "variables.data-00000-of-00001"),
    ("broken-cut-index", "DATA_LOSS", ""),
    ("broken-cut-data", "DATA_LOSS", ""),
    ("broken-flipped-data", "DATA_LOSS", ""),
    ("con\0v", INVALID, 'a name or path holds a NUL: "'),
]


@pytest.fixture
def conv(worker, bundles):
    """The worker with a model, which must still run when the test is over."""
    worker.load("conv")
    yield worker
    worker.ok("run", SIGNATURE, bundles.bundle(IMAGE), bundles.path / "after")


@pytest.mark.parametrize(("name", "code", "part"), DAMAGED)
def test_load_damaged(conv, name, code, part):
    conv.refused(code, "load", f"{conv.models}/{name}", "serve", "default", naming=[part])


@pytest.mark.parametrize(("tags", "asked"), [("tpu,serve", '{"tpu","serve"}'), ("", "{}")])
def test_load_wrong_tags(conv, tags, asked):
    request = ("load", conv.models / "conv", tags, "default")
    conv.refused("NOT_FOUND", *request, naming=[asked, '{"serve"}'])


@pytest.mark.parametrize("config", ["fast", "", "Default", "hex:f", "hex:zz", "hex:ffff"])
def test_load_wrong_config(conv, config):
    request = ("load", conv.models / "conv", "serve", config)
    conv.refused(INVALID, *request, naming=[f'"{config}"'])


def test_no_model(worker, bundles):
    worker.unload()
    path, file = bundles.bundle(IMAGE), bundles.path / "file"
    for request in (
        ("run", SIGNATURE, path, bundles.out),
        ("bench", SIGNATURE, path, bundles.out, 1, 1, file),
        ("describe", file),
    ):
        worker.refused("FAILED_PRECONDITION", *request)


def test_missing_files(conv, bundles):
    def run(path, missing):
        conv.refused("NOT_FOUND", "run", SIGNATURE, path, bundles.out, naming=[str(missing)])

    absent = bundles.path / "absent"
    run(absent, absent / "tensors.tsv")
    path = bundles.bundle(lines=b"image\tFP32\t1,8,8,1\t256\t0.bin\n")
    run(path, path / "0.bin")
    # In the order of the lines.
    path = bundles.bundle(lines=b"image\tFP32\t1\t4\t0.bin\nbad line\n")
    run(path, path / "0.bin")
    path = bundles.bundle()
    (path / "tensors.tsv").unlink()
    (path / "tensors.tsv").mkdir()
    run(path, path / "tensors.tsv")


# {} is a file that is there: tensors.tsv itself.
MALFORMED = [
    r"image",
    r"image|FP32|1,8,8,1|256",
    r"image|FP32|1|4|{}|more",
    r"image|FP32|1,8,8,-1|256|{}",
    r"image|FP32|1,8,,8|256|{}",
    r"image|FP32|1,8,8,|256|{}",
    r"image|FP32|,|256|{}",
    r"image|FP32|1, 8|256|{}",
    r"image|FP32|+1|4|{}",
    r"image|FP32|0x1|4|{}",
    r"image|FP32|1|-4|{}",
    r"image|FP32|1||{}",
    r"image|FP32|1|4.0|{}",
    r"image|FP32|9223372036854775808|4|{}",
    r"image|FP32|1|9223372036854775808|{}",
    r"image|FP32|9223372036854775807|4|{}",
    r"image|INT8|4294967296,4294967296|0|{}",
    r"image|INT8|4294967296,4294967296,0|0|{}",
    r"image|BYTES|9223372036854775807|4|{}",
    r"image|BYTES|500000000000000000|4|{}",
    r"image|FP32|" + "1," * 300 + "1|4|{}",
    r"image||1|4|{}",
    r"image|fp32|1|4|{}",
    r"image|FP8|1|4|{}",
    r"image|FP32\0|1|4|{}",
    r"image\0|FP32|1|4|{}",
    r"image\x|FP32|1|4|{}",
    "image|FP32\\|1|4|{}",
    r"image|FP32|1|4|../in/{}",
    r"image|FP32|1|4|.",
    r"image|FP32|1|4|..",
    r"image|FP32|1|4|",
]


@pytest.mark.parametrize("line", MALFORMED)
def test_malformed_bundle(conv, bundles, line):
    line = line.replace("|", "\t").replace("{}", "tensors.tsv")
    path = bundles.bundle(lines=line.encode() + b"\n")
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=["image"])


def test_empty_line(conv, bundles):
    conv.refused(INVALID, "run", SIGNATURE, bundles.bundle(lines=b"\n"), bundles.out)


@pytest.mark.parametrize("size", [0, 255, 257])
def test_size_of_other_shape(conv, bundles, size):
    path = bundles.bundle((*IMAGE[:3], bytes(size)))
    naming = ["image", str(size), "[1,8,8,1]"]
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=naming)


@pytest.mark.parametrize("size", [0, 100, 300])
def test_file_of_other_size(conv, bundles, size):
    path = bundles.bundle(IMAGE)
    (path / "0.bin").write_bytes(bytes(size))
    naming = ["image", str(size), "256"]
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=naming)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\1\0\0",
        b"\1\0\0\0",
        framed(b"a"),
        framed(b"a", b"b") + b"x",
        framed(b"a", b"b")[:-1],
        framed(b"a", b"b", b"c"),
        b"\xff\xff\xff\xff" + bytes(8),
    ],
)
def test_framing(conv, bundles, data):
    path = bundles.bundle(("image", "BYTES", (2,), data))
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=["image"])


TENSORS = {
    "bool-byte": ([("image", "BOOL", (2,), b"\1\2")], ['"image"', "BOOL"]),
    "twice": ([IMAGE, IMAGE], ['"image"', "twice"]),
    "unknown": ([("picture", *IMAGE[1:])], ['"picture"', '"image"']),
    "long-name": ([("x" * 100_000, *IMAGE[1:])], ["xxx"]),
    "missing": ([], ['"image"', "missing"]),
    "dtype": ([("image", "FP64", (1, 8, 8, 1), bytes(512))], ["image", "FP64", "FP32"]),
    "rank": (
        [("image", "FP32", (3, 8, 8), bytes(768))],
        ['input "image" has shape [3,8,8], expected [?,8,8,1]'],
    ),
    "dimension": (
        [("image", "FP32", (1, 8, 8, 2), bytes(512))],
        ['input "image" has shape [1,8,8,2], expected [?,8,8,1]'],
    ),
    "scalar": ([("image", "FP32", (), bytes(4))], ["shape [], expected [?,8,8,1]"]),
}


@pytest.mark.parametrize("row", TENSORS)
def test_tensors(conv, bundles, row):
    tensors, naming = TENSORS[row]
    path = bundles.bundle(*tensors)
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=naming)


@pytest.mark.parametrize("name", ["no\nsuch\r", "", "__saved_model_init_op", "serving_default "])
def test_unknown_signature(conv, bundles, name):
    naming = [f'"{name}"', '"serving_default"']
    path = bundles.bundle(IMAGE)
    conv.refused("NOT_FOUND", "run", name, path, bundles.out, naming=naming)
    bench = ("bench", name, path, bundles.out, 1, 1, bundles.path / "samples")
    conv.refused("NOT_FOUND", *bench, naming=naming)


def test_nul_in_names(conv, bundles):
    message = r'a name or path holds a NUL: "{}\0y"'
    path = bundles.bundle(IMAGE)
    naming = [message.format(SIGNATURE)]
    conv.refused(INVALID, "run", f"{SIGNATURE}\0y", path, bundles.out, naming=naming)
    path = bundles.bundle(("image\0y", *IMAGE[1:]))
    naming = [message.format("image")]
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=naming)


def test_not_utf8(conv, bundles):
    path = bundles.bundle(lines=b"im\xffge\tFP32\t1\t4\ttensors.tsv\n")
    conv.refused(INVALID, "run", SIGNATURE, path, bundles.out, naming=["not UTF-8"])
    for text in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
        reply = conv.send(b"7\trun\t" + text + b"\tin\tout")
        assert reply[1:3] == ["error", INVALID]
        assert "not UTF-8" in reply[3]


def test_odd_names(worker, bundles):
    worker.load("odd")
    path = bundles.bundle(("in\nput\\", *PAIR[1:]))
    naming = ['"in\nput\\"', '"in\tput"']
    worker.refused(INVALID, "run", "tab\there", path, bundles.out, naming=naming)


@pytest.mark.parametrize(
    ("signature", "naming"),
    [
        ("sparse", ['"x"']),
        ("resource", ['"handle"', "TF_20"]),
    ],
)
def test_signature_not_for_clients(worker, bundles, signature, naming):
    worker.load("odd")
    path = bundles.bundle(PAIR)
    worker.refused("UNIMPLEMENTED", "run", signature, path, bundles.out, naming=naming)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("absent/out", "NOT_FOUND"),
        ("file", "FAILED_PRECONDITION"),
        ("file/out", "FAILED_PRECONDITION"),
        ("x" * 300, INVALID),
        ("blocked", "FAILED_PRECONDITION"),
    ],
)
def test_out_cannot_be_written(conv, bundles, name, code):
    (bundles.path / "file").touch()
    (bundles.path / "blocked" / "0.bin").mkdir(parents=True)
    path, out = bundles.bundle(IMAGE), bundles.path / name
    conv.refused(code, "run", SIGNATURE, path, out, naming=[str(out)])


def test_files_cannot_be_written(conv, bundles):
    absent = bundles.path / "absent" / "file"
    conv.refused("NOT_FOUND", "describe", absent, naming=[str(absent)])
    bench = ("bench", SIGNATURE, bundles.bundle(IMAGE), bundles.out, 0, 1)
    conv.refused("NOT_FOUND", *bench, absent, naming=[str(absent)])
    conv.refused("RESOURCE_EXHAUSTED", "describe", "/dev/full")
