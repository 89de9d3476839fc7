"""What is in a SavedModel, and what its user should know."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from stele._proto import graph_pb2
from stele._proto import saved_model_pb2 as pb
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.signature import Signature, TensorSpec
from stele.savedmodel import file, initialization, variables
from stele.savedmodel.findings import Finding, finding, of_meta_graph, of_tags
from stele.savedmodel.graph import Graph, node_of
from stele.savedmodel.variables import Variable

# Any op that looks at what it is given, rather than only handing it on or keeping it.
_READER = re.compile(
    r"(?!((Stateful)?PartitionedCall|Identity|NoOp|(Assign|Read)VariableOp|VarIsInitializedOp)$)\w+"
)


@dataclass(frozen=True)
class File:
    """A file of the SavedModel: its path below the folder, and its size."""

    path: str
    nbytes: int


@dataclass(frozen=True)
class MetaGraph:
    """One MetaGraphDef.

    Attributes:
        tags: Sorted.
        tensorflow_version: Of the TensorFlow that wrote it.
        tensorflow_git_version: The same, to the commit.
        signatures: By name, sorted.
        graph_ops: How often the graph uses each op.
        function_ops: How often the functions of its library do, all together.
        functions: How many functions there are.
        ops: What nodes are, but for those that call a function by its name.
    """

    tags: tuple[str, ...]
    tensorflow_version: str
    tensorflow_git_version: str
    signatures: Mapping[str, Signature]
    graph_ops: Counter[str]
    function_ops: Counter[str]
    functions: int
    ops: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Inspection:
    """What is in a SavedModel.

    Attributes:
        folder: The SavedModel.
        files: All of its files, sorted by path.
        meta_graphs: In the order of the file.
        variables: Sorted by key; None when it has none or they cannot be read.
        findings: What its user should know.
    """

    folder: Path
    files: tuple[File, ...]
    meta_graphs: tuple[MetaGraph, ...]
    variables: tuple[Variable, ...] | None
    findings: tuple[Finding, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all files."""
        return sum(file.nbytes for file in self.files)

    @property
    def assets(self) -> tuple[File, ...]:
        """The files that ops read, such as vocabularies."""
        return tuple(file for file in self.files if file.path.startswith("assets/"))

    @property
    def ops(self) -> frozenset[str]:
        """The ops of TensorFlow, or of a library, that its nodes are."""
        return frozenset(op for graph in self.meta_graphs for op in graph.ops)

    @property
    def copies(self) -> frozenset[str]:
        """Keys of variables that repeat one before them: same name, shape and bytes.

        Keras exports each weight twice, in two lists of the model.
        """
        seen, copies = set(), set()
        for entry in self.variables or ():
            identity = (entry.name, entry.number, entry.shape, entry.checksum)
            if entry.name is not None and identity in seen:
                copies.add(entry.key)
            seen.add(identity)
        return frozenset(copies)


def inspect(folder: Path, tags: frozenset[str] | None = None) -> Inspection:
    """Read a SavedModel.

    Damaged or missing variables are findings: the rest can still be shown.

    Args:
        folder: The SavedModel.
        tags: Only the MetaGraphDef with exactly these tags; None for all.

    Raises:
        SteleError: NOT_FOUND when there is no SavedModel or none with these tags,
            DATA_LOSS when ``saved_model.pb`` is damaged.
    """
    model = file.read(folder)
    chosen = [
        meta_graph
        for meta_graph in model.meta_graphs
        if tags is None or set(meta_graph.meta_info_def.tags) == tags
    ]
    if not chosen:
        # Says which tags there are.
        file.select(folder, model, tags or ())
    findings = of_tags([meta_graph.meta_info_def.tags for meta_graph in model.meta_graphs])
    stored, problems = _read_variables(
        folder, needed=any(meta_graph.saver_def for meta_graph in chosen)
    )
    findings += problems
    meta_graphs = []
    for meta_graph in chosen:
        signatures = file.signatures(meta_graph)
        try:
            graph = Graph(meta_graph.graph_def)
            findings += _missing_assets(folder, meta_graph, signatures.values(), graph)
            findings += of_meta_graph(meta_graph, signatures, graph)
        except (ValueError, DecodeError) as error:
            raise SteleError(
                Code.DATA_LOSS, f'"{folder / "saved_model.pb"}" is damaged: {error}'
            ) from error
        meta_graphs.append(_meta_graph(meta_graph, signatures, graph))
    # Two MetaGraphDefs often say the same about one signature.
    unique = tuple(dict.fromkeys(findings))
    return Inspection(folder, _files(folder), tuple(meta_graphs), stored, unique)


def _meta_graph(
    meta_graph: pb.MetaGraphDef, signatures: Mapping[str, Signature], graph: Graph
) -> MetaGraph:
    info = meta_graph.meta_info_def
    return MetaGraph(
        tuple(sorted(info.tags)),
        info.tensorflow_version,
        info.tensorflow_git_version,
        signatures,
        graph.graph_ops,
        graph.function_ops,
        graph.functions,
        graph.ops,
    )


def _read_variables(
    folder: Path, *, needed: bool
) -> tuple[tuple[Variable, ...] | None, list[Finding]]:
    below = folder / "variables"
    if not (below / "variables.index").exists():
        if not needed:
            return None, []
        message = (
            f'the variables are missing: no "{below / "variables.index"}"; '
            "TensorFlow would load the model without them and not say so"
        )
        return None, [finding("variables-missing", problem=message)]
    stored = None
    # TensorFlow looks for the data files with the path as a pattern.
    if not fnmatch.fnmatchcase(str(below), str(below)):
        return None, [finding("path-is-pattern", path=folder)]
    try:
        index = variables.read_index(below)
        stored = index.variables
        variables.check_data(index)
        stored = variables.with_names(index).variables
    except SteleError as error:
        kind = "variables-missing" if error.code == Code.NOT_FOUND else "variables-damaged"
        return stored, [finding(kind, problem=error)]
    return stored, []


def _missing_assets(
    folder: Path, meta_graph: pb.MetaGraphDef, signatures: Iterable[Signature], graph: Graph
) -> Iterator[Finding]:
    details = graph_pb2.MetaGraphDetails.FromString(meta_graph.SerializeToString())
    missing = [
        (asset, path)
        for asset in details.asset_file_def
        if not (path := folder / "assets" / asset.filename).exists()
    ]
    if not missing:
        return
    read = graph.leading_to(_READER)
    run = initialization.run_by_load(meta_graph, details, graph)
    run |= {node.name for signature in signatures for node in graph.run(signature)}
    for asset, path in missing:
        places = {node_of(asset.tensor_info.name)}
        # The program may keep the path in a variable.
        places |= set(initialization.variables_given(places, graph))
        yield finding("asset-missing" if places & read & run else "asset-unread", path=path)


def _files(folder: Path) -> tuple[File, ...]:
    try:
        return tuple(
            File(path.relative_to(folder).as_posix(), path.stat().st_size)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        )
    except OSError as error:
        raise from_os_error(error) from error


def as_json(inspection: Inspection) -> dict[str, Any]:
    """Return everything as JSON values; keys are only ever added to this.

    A shape is a list with -1 for an unknown dimension, or null when even the rank
    is unknown.
    """
    stored = inspection.variables
    return {
        "folder": str(inspection.folder),
        "bytes": inspection.nbytes,
        "files": [{"path": file.path, "bytes": file.nbytes} for file in inspection.files],
        "assets": [{"path": file.path, "bytes": file.nbytes} for file in inspection.assets],
        "meta_graphs": [_meta_graph_json(entry) for entry in inspection.meta_graphs],
        "variables": None if stored is None else [_variable_json(entry) for entry in stored],
        "variables_bytes": sum(entry.nbytes for entry in stored or ()),
        "findings": [
            {
                "kind": entry.kind,
                "message": entry.message,
                "remedy": entry.remedy,
                "fatal": entry.fatal,
            }
            for entry in inspection.findings
        ],
    }


def _meta_graph_json(meta_graph: MetaGraph) -> dict[str, Any]:
    return {
        "tags": list(meta_graph.tags),
        "tensorflow_version": meta_graph.tensorflow_version,
        "tensorflow_git_version": meta_graph.tensorflow_git_version,
        "signatures": [
            {
                "name": signature.name,
                "method": signature.method,
                "inputs": [_spec_json(spec) for spec in signature.inputs],
                "outputs": [_spec_json(spec) for spec in signature.outputs],
            }
            for signature in meta_graph.signatures.values()
        ],
        "ops": {
            "graph": dict(sorted(meta_graph.graph_ops.items())),
            "functions": dict(sorted(meta_graph.function_ops.items())),
        },
        "functions": meta_graph.functions,
    }


def _spec_json(spec: TensorSpec) -> dict[str, Any]:
    shape = None if spec.shape is None else [-1 if dim is None else dim for dim in spec.shape]
    return {"name": spec.name, "dtype": spec.dtype, "shape": shape, "tensor": spec.ref}


def _variable_json(entry: Variable) -> dict[str, Any]:
    return {
        "key": entry.key,
        "name": entry.name,
        "dtype": entry.dtype,
        "shape": list(entry.shape),
        "bytes": entry.nbytes,
    }
