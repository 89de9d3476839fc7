"""What a conversion leaves in its folder: ``converted.json``, beside the models.

```
{"format": "onnx", "title": "ONNX", "model": "digits", "fingerprint": "5f0c…",
 "versions": {"tf2onnx": "1.17.0", …}, "batch": null,
 "signatures": {
   "serving_default": {
     "file": "serving_default.onnx", "bytes": 100260, "problem": "",
     "inputs": [{"name": "image", "dtype": "FP32", "shape": [null, 8, 8, 1],
                 "endpoint": "serving_default_image:0"}],
     "outputs": […]},
   "other": {"file": "", "bytes": 0, "problem": "ONNX has no …", …}}}
```

A shape has null for an unknown dimension and is null when even the rank is unknown;
``endpoint`` is the tensor in TensorFlow's graph, empty for a sparse one. A signature
that could not be converted has a ``problem`` and no file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stele.contract.signature import Signature, TensorSpec

MANIFEST = "converted.json"


@dataclass(frozen=True)
class Entry:
    """What became of one signature.

    Attributes:
        signature: As the SavedModel says it.
        file: To load, below the manifest's folder; empty when there is none.
        nbytes: Of all of its files.
        problem: Why it could not be converted; empty when it was.
    """

    signature: Signature
    file: str = ""
    nbytes: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Manifest:
    """All that a conversion says of itself.

    Attributes:
        format: Its name.
        title: The format, for people.
        model: The model's name, for people.
        fingerprint: Of everything that decides what comes out.
        versions: Of the packages that converted, by name.
        batch: The size given to unknown leading dimensions; None when left unknown.
        entries: By signature.
    """

    format: str
    title: str
    model: str
    fingerprint: str
    versions: Mapping[str, str]
    batch: int | None
    entries: Mapping[str, Entry]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; keys are only ever added to this."""
        return {
            "format": self.format,
            "title": self.title,
            "model": self.model,
            "fingerprint": self.fingerprint,
            "versions": dict(self.versions),
            "batch": self.batch,
            "signatures": {name: _entry(entry) for name, entry in self.entries.items()},
        }

    def write(self, folder: Path) -> None:
        """Write it into the folder that it speaks of."""
        text = json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n"
        (folder / MANIFEST).write_text(text, encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Return a folder's manifest; an empty dict when there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "file": entry.file,
        "bytes": entry.nbytes,
        "problem": entry.problem,
        "inputs": [_spec(spec) for spec in entry.signature.inputs],
        "outputs": [_spec(spec) for spec in entry.signature.outputs],
    }


def _spec(spec: TensorSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "dtype": spec.dtype,
        "shape": None if spec.shape is None else list(spec.shape),
        "endpoint": spec.ref,
    }
