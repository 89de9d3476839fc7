"""Lays the page out: a folder of static files that any server can serve."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stele import paths
from stele.contract.bundle import read_bundle
from stele.contract.codes import Code, SteleError
from stele.convert import conversion
from stele.convert.conversion import refuse_foreign
from stele.convert.formats import FORMATS, Format
from stele.convert.request import Request
from stele.parity.case import Target, find
from stele.parity.record import machine
from stele.staging import locked, staged
from stele.web import cases
from stele.web.python import Reference

DIGITS = "digits"
CONTENTS = "models.json"

# LiteRT.js runs fixed shapes only: one row at a time.
_BATCH = {"litert": 1}
_RUN_IN_A_BROWSER = ("onnx", "tfjs", "litert")

Report = Callable[[str], None]


def lay_out(models: Sequence[Target], out: Path, report: Report = lambda _what: None) -> None:
    """Write the page, its runtimes, the models and Python's answers.

    Args:
        models: To convert; ``digits`` comes first, for the page draws on it.
        out: The folder; an old layout is replaced as a whole.
        report: Told what is being done.

    Raises:
        SteleError: FAILED_PRECONDITION when npm or stele_native is missing, or
            ``digits`` is not trained; ALREADY_EXISTS when ``out`` is something else.
    """
    source = paths.bindings_dir() / "js"
    report("installing the runtimes")
    _make(source / "web", "build")
    # Without it, or the network to get it, the page says why there is no TensorFlow.js.
    with contextlib.suppress(SteleError):
        _make(source / "web", "converter")
    digits = find(DIGITS)
    targets = [digits, *(target for target in models if target.name != DIGITS)]
    with locked(out):
        refuse_foreign(out, CONTENTS)
        with staged(out) as folder:
            _copy_page(source, folder)
            contents = {
                "digits": f"models/{DIGITS}/onnx/",
                "models": [_model(target, folder, report) for target in targets],
                "made": _made(source / "web"),
                "samples": _samples(digits),
            }
            text = json.dumps(contents, indent=1, ensure_ascii=False) + "\n"
            (folder / CONTENTS).write_text(text, encoding="utf-8")


def _make(folder: Path, target: str) -> None:
    if shutil.which("npm") is None:
        raise SteleError(
            Code.FAILED_PRECONDITION, "npm is not installed: apt-get install npm, or nodejs.org"
        )
    command = ["make", "-C", str(folder), target]
    command += [f"BUILD={paths.build_dir()}", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-10:])
        raise SteleError(Code.FAILED_PRECONDITION, f"{' '.join(command)}:\n{tail}")


# --- files --------------------------------------------------------------------


def _copy_page(source: Path, folder: Path) -> None:
    """Copy the page, the package's modules that run in a browser, and the runtimes."""
    shutil.copytree(source / "page" / "site", folder, dirs_exist_ok=True)
    for module in _modules(source / "web" / "src" / "index.js"):
        _copy(module, folder / "tf-stele" / module.relative_to(source))
    for line in (source / "page" / "vendor.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            _copy(source / "web" / "node_modules" / line, folder / "vendor" / line)


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)


def _modules(entry: Path) -> set[Path]:
    """Return a module and all that it imports from files."""
    found: set[Path] = set()
    todo = [entry.resolve()]
    while todo:
        module = todo.pop()
        if module not in found:
            found.add(module)
            imports = re.findall(
                r'^(?:import|export)\b[^;]*?\bfrom "(\.[^"]+)";|^.*[^@{]import\("(\.[^"]+)"\)',
                module.read_text(encoding="utf-8"),
                re.MULTILINE,
            )
            todo += [(module.parent / (one or other)).resolve() for one, other in imports]
    return found


# --- models -------------------------------------------------------------------


def _model(target: Target, folder: Path, report: Report) -> dict[str, Any]:
    below = f"models/{target.name}/"
    formats, signatures = [], set()
    for to in (FORMATS[name] for name in _RUN_IN_A_BROWSER):
        report(f"converting {target.name} to {to.title}")
        entry, converted = _convert(target, to, folder, f"{below}{to.name}/")
        formats.append(entry)
        signatures |= converted
    report(f"asking Python about {target.name}")
    with Reference(target) as reference:
        count = cases.record(target, reference, signatures, folder / below)
    return {"name": target.name, "folder": below, "cases": count, "formats": formats}


def _convert(
    target: Target, to: Format, folder: Path, below: str
) -> tuple[dict[str, Any], set[str]]:
    """Convert a model into the page; return its entry, and the signatures that came out."""
    entry = {"format": to.name, "title": to.title, "folder": below, "bytes": 0, "problem": ""}
    try:
        made, manifest = conversion.convert(Request(target, to, batch=_BATCH.get(to.name)))
    except SteleError as error:
        return entry | {"problem": error.message}, set()
    signatures = manifest["signatures"]
    converted = {name for name, found in signatures.items() if not found["problem"]}
    if not converted:
        problems = dict.fromkeys(found["problem"] for found in signatures.values())
        return entry | {"problem": "; ".join(problems)}, set()
    shutil.copytree(made, folder / below)
    return entry | {"bytes": sum(found["bytes"] for found in signatures.values())}, converted


# --- digits -------------------------------------------------------------------


def _samples(target: Target) -> list[dict[str, Any]]:
    """Return a held-out image of each digit, with Python's answers."""
    heldout = target.folder.parent / "cases" / "heldout"
    labels = json.loads((heldout / "case.json").read_text())["labels"]
    images = read_bundle(heldout)["image"]
    chosen = [(digit, images[labels.index(digit)]) for digit in range(10)]
    with Reference(target) as reference:
        return [_sample(digit, image, reference) for digit, image in chosen]


def _sample(digit: int, image: Any, reference: Reference) -> dict[str, Any]:  # noqa: ANN401
    batch = np.asarray(image, np.float32).reshape(1, 8, 8, 1)
    answer = reference.run({"image": batch}, "serving_default")["probabilities"]
    # Each double is the very float: it comes out of the page's Float32Array as it went in.
    return {
        "digit": digit,
        "pixels": batch.reshape(-1).tolist(),
        "probabilities": answer.reshape(-1).tolist(),
    }


def _made(web: Path) -> str:
    """Say with which versions the page was made."""
    here = machine()
    packages = json.loads((web / "package.json").read_text())["devDependencies"]
    runtimes = ("onnxruntime-web", "@tensorflow/tfjs-core", "@litertjs/core")
    versions = ", ".join(f"{name} {packages[name]}" for name in runtimes)
    return f"Made {here['date']} with TensorFlow {here['tensorflow']}; runs on {versions}."
