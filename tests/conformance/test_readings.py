"""What the independent readings of the contract once answered each in its own way.

Each line is an input that C, Python, Rust and JavaScript read differently, and the rows
that now play it to every worker: none can be dropped unseen.
"""

from __future__ import annotations

import pytest

from stele.parity import refusals
from tests.tables import rows

READINGS = {
    "<out> is a file": "request.out-is-a-file",
    "<out> lies below a file": "request.out-below-a-file",
    "parent of <out> missing": "request.out-without-parent",
    "blank line in tensors.tsv": "bundle.blank-line bundle.blank-line-in-front",
    "bundle file ../up.bin": "bundle.file-above",
    "bench with runs +1": "request.bench-runs-signed",
    "NUL in a path": "request.nul-in-model request.nul-in-bundle request.nul-in-out",
    "unknown escape": "bundle.unknown-escape request.unknown-escape",
    "an unknown input given twice": "run.unknown-input-twice",
    "shape of the first input and dtype of the last": "run.wrong-first-and-last",
    "hex:10 01": "request.config-with-a-blank",
}
ERRORS = ("EROFS", "EMFILE", "ENFILE", "ENOMEM", "EFBIG", "ENOTEMPTY")


@pytest.mark.parametrize("names", READINGS.values(), ids=READINGS)
def test_each_has_its_rows(names: str) -> None:
    for name in names.split():
        kind, _, row = name.partition(".")
        assert row in refusals.rows(kind)


def test_each_errno_has_its_row() -> None:
    # A TensorInfo without shape: test_describe_shapes_of_the_graph; no libtensorflow:
    # test_no_libtensorflow.
    assert set(ERRORS) <= {errno for errno, _ in rows("errors.tsv", "errno", "code")}
