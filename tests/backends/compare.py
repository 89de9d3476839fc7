"""The same Keras files under TensorFlow, JAX and PyTorch: how far apart the answers are.

    python -m tests.backends.compare [--device gpu] [--update FILE]

TensorFlow on the CPU, as it comes, is what the others are compared with. Nothing is
trained: the files are the zoo's, the inputs their held-out ones. Backends whose environment
has not been made are left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stele import marked, paths
from stele.bench.table import markdown
from stele.contract.bundle import RawTensor, read_bundle
from stele.contract.dtypes import Array
from stele.parity.compare import compare
from stele.parity.record import machine
from stele.zoo.layout import CASES, KERAS_FILE
from stele.zoo.model import HELDOUT
from tests.backends.environment import ENVIRONMENTS

MODELS = ("digits", "normalized")
"""Without text: looking words up is TensorFlow's, under every backend."""
PYTHONS = {"tensorflow": Path(sys.executable)} | {
    name: one.python for name, one in ENVIRONMENTS.items()
}
PRECISIONS = {"cpu": ("default",), "gpu": ("default", "highest")}
"""Of products of FP32 matrices: a CPU knows but one."""
MARKS = "backends"


@dataclass(frozen=True)
class Answer:
    """What a backend gave.

    Attributes:
        outputs: By name.
        ran: Its version, and what it calls the device.
    """

    outputs: dict[str, Array]
    ran: tuple[str, str]


def installed() -> list[str]:
    """Return the backends that can be run here, TensorFlow first."""
    return ["tensorflow", *(name for name, one in ENVIRONMENTS.items() if one.installed)]


def ask(backend: str, model: str, device: str, precision: str) -> Answer:
    """Run a model's held-out inputs under a backend.

    Raises:
        subprocess.CalledProcessError: It cannot, and has said why.
    """
    folder = paths.models_dir() / model
    with tempfile.TemporaryDirectory() as made:
        inputs, out = Path(made) / "inputs.npz", Path(made) / "out.npz"
        np.savez(inputs, **read_bundle(folder / CASES / HELDOUT))
        program = Path(__file__).with_name("predict.py")
        subprocess.run(
            [PYTHONS[backend], program, inputs, out, folder / KERAS_FILE,
             "--device", device, "--precision", precision],
            check=True,
            env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )  # fmt: skip
        with np.load(out) as given:
            outputs = dict(given)
    _, version, name = outputs.pop("__ran__")
    return Answer(outputs, (str(version), str(name)))


def row(expected: Answer, got: Answer) -> list[str]:
    """Return how far apart two answers are: elements, ULP, absolute, equal predictions."""
    same = total = ulp = 0
    absolute = 0.0
    equal = []
    for name, right in expected.outputs.items():
        mine = got.outputs[name]
        distance = compare(name, RawTensor.of(right), RawTensor.of(mine), same_class=False)
        same, total = same + right.size - distance.differing, total + right.size
        ulp = max(ulp, distance.ulp or 0)
        absolute = max(absolute, distance.absolute or 0)
        equal.append(np.mean(right.argmax(axis=-1) == mine.argmax(axis=-1)))
    return [f"{same / total:.1%}", str(ulp), f"{absolute:.1e}", f"{np.mean(equal):.2%}"]


def table(device: str) -> list[list[str]]:
    """Return a header, and a row for each model, backend and precision."""
    rows = [["model", "backend", "device", "precision", "identical elements", "ULP at most",
             "difference at most", "equal predictions"]]  # fmt: skip
    for model in MODELS:
        expected = ask("tensorflow", model, "cpu", "default")
        for backend in installed():
            for precision in PRECISIONS[device]:
                print(f"{model}: {backend}, {precision}", file=sys.stderr, flush=True)
                got = (
                    expected
                    if (backend, device) == ("tensorflow", "cpu")
                    else ask(backend, model, device, precision)
                )
                version, name = got.ran
                rows.append([model, f"{backend} {version}", name, precision, *row(expected, got)])
    return rows


def main() -> int:
    """Compare, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--update", type=Path, metavar="FILE", help="write it between its marks")
    args = parser.parse_args()
    rows, where = table(args.device), machine()
    text = "\n\n".join(
        (
            markdown(rows),
            f"`make backends`, {where['date']}, {where['machine']}, Keras {where['keras']}, "
            f"Python {where['python']}, oneDNN {where['onednn']}; CPU flags "
            f"{' '.join(where['cpu_flags'])}. Compared with TensorFlow on the CPU as it comes.",
        )
    )
    if args.update:
        marked.replace(args.update, MARKS, text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
