"""Makes the rows of ``bindings/contract/refusals.toml`` from any model.

A load row is a damaged copy of the SavedModel; a run row is a spoiled copy of a
valid input bundle. Rows that a model gives no occasion for (no BOOL input, no
known dimension, no variables) are left out. Rows that say the same of every model
stand in the file in full.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stele import savedmodel
from stele.contract.bundle import INDEX, read_bundle, write_bundle
from stele.contract.dtypes import Array
from stele.contract.lines import escape, format_line, parse_line
from stele.contract.signature import (
    Signature,
    TensorSpec,
    find_signature,
    format_shape,
    listed,
)
from stele.parity import refusals
from stele.parity.case import Case, Target
from stele.parity.refusals import Refusal
from stele.savedmodel import variables

_PB = "saved_model.pb"


@dataclass(frozen=True)
class LoadRow:
    """A load that every binding must refuse.

    Attributes:
        name: Of the row.
        folder: What to load.
        tags: With which tags.
        config: With which config.
        refusal: The answer due.
    """

    name: str
    folder: Path
    tags: tuple[str, ...]
    config: str
    refusal: Refusal


@dataclass(frozen=True)
class RequestRow:
    """A request that every binding must refuse, whatever model is loaded.

    Attributes:
        name: Of the row, with its kind.
        line: All behind the id, escaped; what is not UTF-8 as surrogates.
        refusal: The answer due.
    """

    name: str
    line: str
    refusal: Refusal


# --- load ---------------------------------------------------------------------

# What a damage does: given the copy to damage, return the path that is wrong.
_Damage = Callable[[Path], Path]


def load_rows(target: Target, folder: Path) -> list[LoadRow]:
    """Write damaged copies of a model below ``folder``; return the rows.

    Files that a row leaves alone are links, so that a large model is not copied.

    Raises:
        SteleError: NOT_FOUND or DATA_LOSS when the model itself is damaged.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    makers: dict[str, _Damage] = {
        "missing-folder": _remove_all,
        "file-not-folder": _replace_by_file,
        "no-saved-model": _remove_pb,
        "truncated-saved-model": lambda copy: _truncate(copy / _PB),
        "empty-saved-model": lambda copy: _truncate(copy / _PB, keep=0),
        "garbage-saved-model": _garbage,
    }
    if _has_variables(target.folder):
        index = Path("variables") / "variables.index"
        makers |= {
            "missing-variables": lambda copy: _unlink(copy / index),
            "missing-variables-data": lambda copy: _unlink(_data(copy)),
            "truncated-variables-data": lambda copy: _truncate(_data(copy)),
            "truncated-variables-index": lambda copy: _truncate(copy / index),
            "flipped-variables-data": lambda copy: _flip(_data(copy)),
        }
    rows = []
    for name, row in refusals.rows("load").items():
        path, tags, config = target.folder, target.tags, "default"
        words = {"path": ""}
        if name in makers:
            path = folder / name
            _link_tree(target.folder, path)
            words["path"] = str(makers[name](path))
        elif name == "wrong-tag":
            tags = ("no-such-tag",)
        elif name == "unknown-config":
            config = "no-such-profile"
        elif name == "malformed-config":
            config = "hex:0g"
        elif name == "unparseable-config":
            # Field 6 (allow_soft_placement...) with a length beyond the end.
            config = "hex:32ff"
        else:
            continue
        rows.append(LoadRow(name, path, tags, config, row.fill(words)))
    return rows


def _has_variables(folder: Path) -> bool:
    stored = folder / "variables"
    if not (stored / "variables.index").exists():
        return False
    index = variables.read_index(stored)
    # What is missing already cannot be taken away for a row.
    variables.check_data(index)
    return bool(index.variables)


def _link_tree(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*")):
        copy = target / file.relative_to(source)
        if file.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(file)


def _data(copy: Path) -> Path:
    return min((copy / "variables").glob("variables.data-*"))


def _unlink(file: Path) -> Path:
    file.unlink()
    return file


def _remove_all(copy: Path) -> Path:
    shutil.rmtree(copy)
    return copy


def _remove_pb(copy: Path) -> Path:
    (copy / _PB).unlink()
    return copy


def _replace_by_file(copy: Path) -> Path:
    shutil.rmtree(copy)
    copy.write_bytes(b"not a folder")
    return copy


def _truncate(file: Path, keep: int | None = None) -> Path:
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data[: len(data) // 2 if keep is None else keep])
    return file


def _flip(file: Path) -> Path:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.unlink()
    file.write_bytes(data)
    return file


def _garbage(copy: Path) -> Path:
    file = copy / _PB
    file.unlink()
    # The key of a field of length 2^32-1, and nothing behind it.
    file.write_bytes(b"\x12\xff\xff\xff\xff\x0f" + bytes(range(256)))
    return file


# --- run ----------------------------------------------------------------------


def run_rows(target: Target, base: Case, folder: Path) -> list[Case]:
    """Write spoiled copies of a valid case's bundle below ``folder``; return the rows."""
    shutil.rmtree(folder, ignore_errors=True)
    signatures = savedmodel.load_signatures(target.folder, target.tags)
    signature = find_signature(signatures, base.signature)
    if not signature.inputs:
        return []
    spoiler = _Spoiler(signature, read_bundle(base.inputs), folder)
    everywhere = _words(signatures, signature)
    rows = []
    for name, row in refusals.rows("run").items():
        words = spoiler.spoil(name)
        if words is not None:
            called = words.get("call", base.signature)
            refusal = row.fill(everywhere | words)
            rows.append(Case(f"bad/{name}", called, folder / name, refusal))
    return rows


def request_rows(target: Target, base: Case, folder: Path) -> list[RequestRow]:
    """Return the rows that say the same of every model; write what they need below ``folder``.

    Args:
        target: A model that is loaded.
        base: A valid case of it.
        folder: Its old content is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    found = []
    for name, row in refusals.rows("bundle").items():
        bundle = folder / f"bundle-{name}"
        bundle.mkdir(parents=True)
        for file in (bundle / "0.bin", folder / "up.bin"):
            file.write_bytes(row.data)
        index = row.text.format(ff=refusals.NO_UTF8)
        (bundle / INDEX).write_bytes(index.encode(errors="surrogateescape"))
        line = format_line("run", base.signature, str(bundle), str(folder / "out"))
        found.append(RequestRow(f"bundle.{name}", line, row.fill({})))
    signatures = savedmodel.load_signatures(target.folder, target.tags)
    words = _words(signatures, signatures[base.signature]) | {
        "model": str(target.folder),
        "tags": ",".join(target.tags),
        "in": str(base.inputs),
        "folder": str(folder),
    }
    (folder / "file").touch()
    (folder / "blocked" / INDEX).mkdir(parents=True)
    escaped = {word: escape(value) for word, value in words.items()} | {"ff": refusals.NO_UTF8}
    for name, row in refusals.rows("request").items():
        line = row.text.format_map(escaped)
        found.append(RequestRow(f"request.{name}", line, row.fill(words)))
    return found


def _words(signatures: Mapping[str, Signature], signature: Signature) -> dict[str, str]:
    """Return what messages about a model's names hold."""
    return {
        "signature": signature.name,
        "signatures": listed(signatures),
        "inputs": listed(spec.name for spec in signature.inputs),
    }


class _Spoiler:
    """Writes one spoiled bundle for each row it has an occasion for."""

    def __init__(self, signature: Signature, inputs: dict[str, Array], folder: Path) -> None:
        self._signature = signature
        self._inputs = inputs
        self._folder = folder
        self._spec = signature.inputs[0]
        self._first = inputs[self._spec.name]

    def spoil(self, row: str) -> dict[str, str] | None:
        """Write a row's bundle; return what its message must name, None to leave it out."""
        words = {"input": self._spec.name, "path": ""}
        bundle = self._folder / row
        for maker in (self._by_call, self._by_tensors, self._by_index, self._by_file):
            more = maker(row, bundle)
            if more is not None:
                return words | more
        return None

    def _by_call(self, row: str, bundle: Path) -> dict[str, str] | None:
        """Rows whose bundle is fine, or absent."""
        if row == "missing-bundle":
            return {"path": str(bundle)}
        calls = {
            "unknown-signature": "no_such_signature",
            "private-signature": "__saved_model_init_op",
        }
        if row not in calls:
            return None
        write_bundle(bundle, self._inputs)
        return {"call": calls[row]}

    def _by_tensors(self, row: str, bundle: Path) -> dict[str, str] | None:
        """Rows whose bundle is well-formed and does not fit the signature."""
        spec, first = self._spec, self._first
        pairs = list(self._inputs.items())
        words: dict[str, str] = {}
        if row == "duplicate-input":
            pairs.append((spec.name, first))
        elif row in ("unknown-input", "unknown-input-twice"):
            pairs += [("no_such_input", first)] * (1 if row == "unknown-input" else 2)
        elif row == "missing-input":
            required = [entry.name for entry in self._signature.inputs if not entry.optional]
            if not required:
                return None
            pairs = [pair for pair in pairs if pair[0] != required[0]]
            words = {"input": required[0]}
        elif row in ("wrong-dtype", "wrong-dtype-and-rank"):
            shape = first.shape if row == "wrong-dtype" else (1, *first.shape)
            other, given = _other_dtype(spec, shape)
            pairs = self._with(other)
            words = {"given": given, "expected": spec.dtype}
        elif row == "wrong-first-and-last":
            last = self._signature.inputs[-1]
            if last is spec or spec.shape is None:
                return None
            wrong = first.reshape((1, *first.shape))
            kept = self._inputs | {spec.name: wrong, last.name: _other_dtype(last, ())[0]}
            pairs = [(name, kept[name]) for name in sorted(kept, reverse=True)]
            words = {"given": format_shape(wrong.shape), "expected": format_shape(spec.shape)}
        elif row in ("wrong-rank", "wrong-dimension"):
            found = self._misfit(row)
            if found is None:
                return None
            spec, array = found
            pairs = [(name, array if name == spec.name else kept) for name, kept in pairs]
            words = {
                "input": spec.name,
                "given": format_shape(array.shape),
                "expected": format_shape(spec.shape),
            }
        else:
            return None
        write_bundle(bundle, pairs)
        return words

    def _with(self, array: Array) -> list[tuple[str, Array]]:
        """Return the inputs with another first one."""
        return list((self._inputs | {self._spec.name: array}).items())

    def _misfit(self, row: str) -> tuple[TensorSpec, Array] | None:
        """Return the first input that can be given a wrong rank or dimension."""
        for spec in self._signature.inputs:
            array = self._inputs[spec.name]
            if spec.shape is None:
                continue
            if row == "wrong-rank":
                return spec, array.reshape((1, *array.shape))
            for axis, dim in enumerate(spec.shape):
                if dim is not None:
                    return spec, np.resize(array, _grown(array.shape, axis))
        return None

    def _by_index(self, row: str, bundle: Path) -> dict[str, str] | None:
        """Rows whose ``tensors.tsv`` is wrong."""
        shapes = {
            "negative-dimension": "-1,2",
            "overflowing-dimensions": "4294967296,4294967296",
            "overflow-behind-zero": "0,4294967296,4294967296",
            "dimension-beyond-64-bits": "99999999999999999999",
            "dimension-not-a-number": "2,x",
        }
        write_bundle(bundle, self._inputs)
        lines = (bundle / INDEX).read_bytes().decode().split("\n")[:-1]
        fields = parse_line(lines[0])
        if row in shapes:
            fields[2] = shapes[row]
        elif row == "unknown-dtype":
            fields[1] = "FLOAT32"
        elif row == "too-few-fields":
            fields = fields[:3]
        elif row == "wrong-nbytes":
            fields[3] = str(int(fields[3]) + 1)
            with (bundle / fields[4]).open("ab") as file:
                file.write(b"\0")
        elif row == "missing-tensor-file":
            fields[4] = "missing.bin"
        else:
            shutil.rmtree(bundle)
            return None
        lines[0] = format_line(*fields)
        (bundle / INDEX).write_bytes("".join(line + "\n" for line in lines).encode())
        return {"input": fields[0], "path": str(bundle / "missing.bin")}

    def _by_file(self, row: str, bundle: Path) -> dict[str, str] | None:
        """Rows whose tensor file is wrong."""
        wanted = {"bytes-framing": "BYTES", "bool-byte": "BOOL"}.get(row)
        names = list(self._inputs)
        found = [
            index
            for index, name in enumerate(names)
            if self._inputs[name].size and wanted in (None, self._dtype(name))
        ]
        if not found:
            return None
        write_bundle(bundle, self._inputs)
        file = bundle / f"{found[0]}.bin"
        data = file.read_bytes()
        if row == "short-file":
            data = data[:-1]
        elif row == "long-file":
            data += b"\0"
        elif row == "bytes-framing":
            # The first element claims a length far beyond the file.
            data = b"\xff\xff\xff\x7f" + data[4:]
        elif row == "bool-byte":
            data = b"\x02" + data[1:]
        else:
            return None
        file.write_bytes(data)
        return {"input": names[found[0]]}

    def _dtype(self, name: str) -> str:
        return next(spec.dtype for spec in self._signature.inputs if spec.name == name)


def _other_dtype(spec: TensorSpec, shape: tuple[int, ...]) -> tuple[Array, str]:
    """Return zeros of another dtype than the input's, and that dtype's name."""
    if spec.dtype == "INT32":
        return np.zeros(shape, np.float32), "FP32"
    return np.zeros(shape, np.int32), "INT32"


def _grown(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return tuple(dim + (index == axis) for index, dim in enumerate(shape))
