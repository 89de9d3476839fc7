"""`make old-models` sees an answer that is not the writer's, and a refusal that is not either."""

from __future__ import annotations

import numpy as np
import pytest

from stele.contract.bundle import RawTensor
from tests.old_models import compare
from tests.old_models.compare import Row
from tests.old_models.environment import ENVIRONMENTS, REQUIREMENTS


def outputs(*values: float) -> compare.Outputs:
    return {"y": RawTensor.of(np.array(values, np.float32))}


ONE = np.float32(1)


@pytest.mark.parametrize(
    ("expected", "got", "bits", "ulp", "wrong"),
    [
        (outputs(1, 2), outputs(1, 2), True, 0, ""),
        (outputs(1), outputs(np.nextafter(ONE, np.float32(2))), False, 1, ""),
        (outputs(1), outputs(1.5), False, 1 << 22, "y: "),
        (outputs(1), {"z": outputs(1)}, False, 0, "outputs z in place of y"),
        (outputs(1), "NOT_FOUND: no such op", None, 0, "NOT_FOUND: no such op"),
        ("no variable", outputs(1), None, 0, "answers what the writer refuses: no variable"),
        ("no variable", "no such variable", None, 0, ""),
    ],
)
def test_an_answer_is_held_against_the_writers(expected, got, bits, ulp, wrong) -> None:
    found_bits, found_ulp, found_wrong, refused = compare.judge(expected, got)
    assert (found_bits, found_ulp) == (bits, ulp)
    assert found_wrong.startswith(wrong)
    assert bool(found_wrong) == bool(wrong)
    assert refused == (got if isinstance(got, str) else "")


def test_models_that_fared_alike_share_a_line() -> None:
    rows = [
        Row("2.16.2", "2.21.0", model, who, bits, ulp, "", "")
        for model, bits, ulp in (("a", True, 0), ("b", False, 2), ("c", True, 0))
        for who in ("python-tf", "c")
    ]
    lines = compare.table(rows).splitlines()
    assert lines[2:4] == [
        "| 2.16.2 | 2.21.0 | `a`, `c` | 2 | 2 | 0 | 0 |",
        "| 2.16.2 | 2.21.0 | `b` | 2 | 0 | 2 | 0 |",
    ]


def test_every_version_is_pinned() -> None:
    asked = {file.stem for file in REQUIREMENTS.glob("*.in")}
    assert asked == set(ENVIRONMENTS) == {"2.16", "2.17", "2.18", "2.19", "2.20"}
    for version, environment in ENVIRONMENTS.items():
        assert environment.version().startswith(f"{version}.")
