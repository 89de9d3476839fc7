"""Records the parity cases of a model for the page: inputs, and Python's outputs.

``cases.json`` beside one file of bytes for each case:

```
{"reference": "TensorFlow 2.21.0",
 "cases": [{"name": "one", "signature": "serving_default", "file": "cases/0.bin",
            "inputs": [{"name": "image", "dtype": "FP32", "shape": [1, 8, 8, 1], "bytes": 256}],
            "outputs": […],
            "known": {"onnx": {"ulp": 128, "reason": "…", "link": "https://…"}}}]}
```

The file has the tensors of ``inputs``, then those of ``outputs``, encoded as in
bundles. ``known`` says, by format, how far the answer may be off and why; ``ulp`` is
null where it may be another answer.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from stele import paths
from stele.contract import dtypes
from stele.contract.bundle import encode, read_bundle
from stele.contract.codes import SteleError
from stele.contract.dtypes import Array
from stele.parity import case as cases
from stele.parity.case import Case, Target
from stele.web.python import Reference


def record(target: Target, reference: Reference, signatures: set[str], folder: Path) -> int:
    """Write the cases of some signatures; return how many.

    Cases that Python itself refuses have no outputs to compare, and are left out.
    """
    (folder / "cases").mkdir(parents=True)
    known = _Known(target.name)
    recorded: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="stele-web-") as bundles:
        for found in cases.collect(target, Path(bundles)):
            if found.signature not in signatures or found.refusal is not None:
                continue
            inputs = read_bundle(found.inputs)
            try:
                outputs = reference.run(inputs, found.signature)
            except SteleError:
                continue
            file = f"cases/{len(recorded)}.bin"
            recorded.append(_record(found, inputs, outputs, folder / file) | {"file": file}
                            | {"known": known.of(found.name)})  # fmt: skip
    record = {"reference": f"TensorFlow {reference.tensorflow}", "cases": recorded}
    (folder / "cases.json").write_text(json.dumps(record, ensure_ascii=False) + "\n")
    return len(recorded)


def _record(
    found: Case, inputs: Mapping[str, Array], outputs: Mapping[str, Array], file: Path
) -> dict[str, Any]:
    with file.open("wb") as stream:
        return {
            "name": found.name,
            "signature": found.signature,
            "inputs": [_store(name, inputs[name], stream) for name in sorted(inputs)],
            "outputs": [_store(name, outputs[name], stream) for name in sorted(outputs)],
        }


def _store(name: str, array: Array, stream: Any) -> dict[str, Any]:  # noqa: ANN401
    nbytes = stream.write(encode(array))
    dtype = dtypes.of(array).name
    return {"name": name, "dtype": dtype, "shape": list(array.shape), "bytes": nbytes}


class _Known:
    """What ``bindings/js/known.toml`` says of a model's cases in a browser."""

    def __init__(self, model: str) -> None:
        text = (paths.bindings_dir() / "js" / "known.toml").read_text(encoding="utf-8")
        tables = tomllib.loads(text)
        entries = [*tables.get("deviation", ()), *tables.get("distance", ())]
        self._entries = [entry for entry in entries if fnmatchcase(model, entry["model"])]

    def of(self, case: str) -> dict[str, dict[str, Any]]:
        """Return what is known of a case, by format; a deviation comes before a distance."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self._entries:
            prefix, _, to = entry["binding"].rpartition("-")
            if prefix == "js-browser" and fnmatchcase(case, entry["case"]):
                record = {key: entry.get(key) for key in ("ulp", "reason", "link")}
                found.setdefault(to, record)
        return found
