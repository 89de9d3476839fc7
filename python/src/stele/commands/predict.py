"""``stele predict``: one prediction, in this process or on a server."""

from __future__ import annotations

import argparse
import base64
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from stele.contract import dtypes, npz
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import DEFAULT_SIGNATURE, format_shape

# grpcio and stele_native are imported where one of them is needed.

_Run = Callable[[Mapping[str, Array], str], Mapping[str, Array]]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele predict``."""
    parser = subparsers.add_parser(
        "predict",
        help="run a model on the arrays of a file, in this process or on a server",
        description="Runs a model once, on an array for each input, and prints the outputs. "
        "Without --remote the model is a SavedModel folder or a zoo model, and runs in this "
        "process, without importing TensorFlow. With it, the model is one of the server's: of "
        "stele serve, Triton, MLServer or KServe.",
        epilog="example: stele predict --remote 127.0.0.1:8500 digits --inputs images.npz",
    )
    parser.add_argument("model", metavar="MODEL", help="a folder, or a name with --remote")
    parser.add_argument(
        "--inputs", type=Path, required=True, metavar="FILE.npz", help="an array for each input"
    )
    parser.add_argument(
        "--signature", default=DEFAULT_SIGNATURE, metavar="S",
        help="which to run (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE.npz", help="write the outputs to a file")
    parser.add_argument("--json", action="store_true", help="print every value, as JSON")
    remote = parser.add_argument_group("on a server")
    remote.add_argument("--remote", metavar="HOST:PORT", help="the server's address")
    remote.add_argument(
        "--deadline", type=float, metavar="SECONDS", help="for each call (default: none)"
    )
    remote.add_argument(
        "--tls-ca", type=Path, metavar="FILE", help="root certificates, PEM (default: no TLS)"
    )
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Predict, and print what comes out."""
    if args.remote is None and (args.deadline is not None or args.tls_ca is not None):
        args.usage.error("--deadline and --tls-ca are for --remote")
    inputs = npz.read(args.inputs)
    with _remote(args) if args.remote is not None else _local(args) as model:
        outputs = model(inputs, args.signature)
    if args.out is not None:
        npz.write(args.out, outputs)
    if args.json:
        sys.stdout.write(json.dumps(as_json(args.signature, outputs), ensure_ascii=False) + "\n")
    else:
        _show(outputs)
    return 0


@contextmanager
def _remote(args: argparse.Namespace) -> Iterator[_Run]:
    try:
        from stele.remote import Model
    except ModuleNotFoundError as error:
        raise _not_installed(error, "pip install 'tf-stele[remote]'") from error
    tls = args.tls_ca if args.tls_ca is not None else False
    with Model.connect(args.remote, args.model, deadline=args.deadline, tls=tls) as model:
        yield model.run


@contextmanager
def _local(args: argparse.Namespace) -> Iterator[_Run]:
    from stele.parity.case import find

    target = find(args.model)
    # TensorFlow tells of each step of a load, unless the user wants to hear it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from stele import native
    except ModuleNotFoundError as error:
        raise _not_installed(error, "pip install tf-stele-native, or use --remote") from error
    with native.Model(target.folder, tags=target.tags) as model:
        yield model.run


def _not_installed(error: ModuleNotFoundError, remedy: str) -> SteleError:
    return SteleError(Code.FAILED_PRECONDITION, f"{error.name} is not installed: {remedy}")


def as_json(signature: str, outputs: Mapping[str, Array]) -> dict[str, Any]:
    """Return outputs as JSON values.

    Numbers are numbers, but ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``; a complex
    number is a pair; BYTES are text, or ``{"b64": …}`` if they are not UTF-8.
    """
    return {
        "signature": signature,
        "outputs": {
            name: {
                "dtype": dtypes.of(array).name,
                "shape": list(array.shape),
                "data": _values(array.tolist()),
            }
            for name, array in sorted(outputs.items())
        },
    }


def _values(value: Any) -> Any:  # noqa: ANN401  (what JSON can be)
    if isinstance(value, list):
        return [_values(item) for item in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, complex):
        return [_values(value.real), _values(value.imag)]
    # BF16 has a type of its own.
    if not isinstance(value, (bool, int, float)):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _show(outputs: Mapping[str, Array]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    with np.printoptions(linewidth=max(console.width - 2, 20), threshold=200):
        for name, array in sorted(outputs.items()):
            kind = f"{dtypes.of(array).name} {format_shape(array.shape)}"
            title = Text.assemble((ascii(name)[1:-1], "bold cyan"), "  ", kind)
            console.print(title, soft_wrap=True)
            values = Padding(Text(str(_readable(array))), (0, 0, 0, 2), expand=False)
            console.print(values, soft_wrap=True)


def _readable(array: Array) -> Array:
    """Return BYTES as text where they are UTF-8; numpy prints both with quotes and escapes."""
    if array.dtype.kind != "O":
        return array
    result = array.copy()
    for index, element in np.ndenumerate(array):
        try:
            result[index] = element.decode()
        except UnicodeDecodeError:
            result[index] = element
    return result
