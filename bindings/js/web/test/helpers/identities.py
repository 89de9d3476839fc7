"""Makes converted models that return what they are given: a signature for each dtype.

    python identities.py FOLDER SHAPE

They are what ``stele convert`` would write into FOLDER/onnx, FOLDER/tfjs and FOLDER/litert, made
without it: no TensorFlow has to start, and what no converter expresses is there too. A signature
is named after its dtype, and takes ``x`` of SHAPE, such as 2,3, to ``y``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Container
from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as litert_schema
from onnx import checker, helper, save

from stele.contract.dtypes import BY_NAME, DTYPES, DType
from stele.contract.signature import Signature, TensorSpec
from stele.convert.manifest import Entry, Manifest

Shape = tuple[int, ...]
Write = Callable[[Path, DType, Shape], str]

TFJS = {"BOOL": "DT_BOOL", "INT32": "DT_INT32", "FP32": "DT_FLOAT", "BYTES": "DT_STRING"}
LITERT = {
    "INT32": litert_schema.TensorType.INT32,
    "UINT8": litert_schema.TensorType.UINT8,
    "FP32": litert_schema.TensorType.FLOAT32,
}


def onnx(folder: Path, dtype: DType, shape: Shape) -> str:
    """Write one node; the runtime takes any size of an unnamed dimension."""
    dims = [None] * len(shape)
    number = helper.np_dtype_to_tensor_dtype(dtype.numpy)
    x, y = (helper.make_tensor_value_info(name, number, dims) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "identity", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    file = f"{dtype.name}.onnx"
    save(model, folder / file)
    return file


def tfjs(folder: Path, dtype: DType, shape: Shape) -> str:
    """Write a graph of two nodes; there are no weights."""
    name = TFJS[dtype.name]
    nodes = [
        {"name": "in", "op": "Placeholder", "attr": {"dtype": {"type": name}}},
        {"name": "out", "op": "Identity", "input": ["in"], "attr": {"T": {"type": name}}},
    ]
    info = {"dtype": name, "tensorShape": {"dim": [{"size": str(size)} for size in shape]}}
    model = {
        "format": "graph-model",
        "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 2000}},
        "signature": {
            "inputs": {"x": info | {"name": "in:0"}},
            "outputs": {"y": info | {"name": "out:0"}},
        },
        "weightsManifest": [],
    }
    file = f"{dtype.name}.json"
    (folder / file).write_text(json.dumps(model))
    return file


def litert(folder: Path, dtype: DType, shape: Shape) -> str:
    """Write one Reshape to the shape that ``x`` has: LiteRT has no op that does nothing."""
    op = litert_schema.OperatorT()
    op.inputs, op.outputs = [0], [1]
    op.builtinOptionsType = litert_schema.BuiltinOptions.ReshapeOptions
    op.builtinOptions = litert_schema.ReshapeOptionsT()
    op.builtinOptions.newShape = list(shape)

    graph = litert_schema.SubGraphT()
    graph.tensors = [_litert_tensor(name, dtype, shape) for name in "xy"]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [op]

    code = litert_schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = litert_schema.BuiltinOperator.RESHAPE
    signature = litert_schema.SignatureDefT()
    signature.signatureKey = dtype.name
    signature.inputs = [_litert_name("x", 0)]
    signature.outputs = [_litert_name("y", 1)]

    model = litert_schema.ModelT()
    model.version = 3
    model.operatorCodes, model.subgraphs = [code], [graph]
    model.buffers, model.signatureDefs = [litert_schema.BufferT()], [signature]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    file = f"{dtype.name}.tflite"
    (folder / file).write_bytes(builder.Output())
    return file


def _litert_tensor(name: str, dtype: DType, shape: Shape) -> litert_schema.TensorT:
    tensor = litert_schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, list(shape), LITERT[dtype.name]
    return tensor


def _litert_name(name: str, index: int) -> litert_schema.TensorMapT:
    named = litert_schema.TensorMapT()
    named.name, named.tensorIndex = name, index
    return named


def write(folder: Path, shape: Shape, dtypes: Container[str], make: Write) -> None:
    """Write a folder as ``stele convert`` does."""
    folder.mkdir(parents=True)
    entries = {}
    for dtype in DTYPES:
        x, y = (TensorSpec(name, dtype.number, (None,) * len(shape), name) for name in "xy")
        signature = Signature(dtype.name, (x,), (y,), "")
        if dtype.name in dtypes:
            file = make(folder, dtype, shape)
            entries[dtype.name] = Entry(signature, file, (folder / file).stat().st_size)
        else:
            entries[dtype.name] = Entry(signature, problem=f"the format has no {dtype.name}")
    Manifest(folder.name, folder.name, "identities", "", {}, None, entries).write(folder)


def main(folder: Path, shape: Shape) -> None:
    """Write all formats."""
    write(folder / "onnx", shape, BY_NAME, onnx)
    write(folder / "tfjs", shape, TFJS, tfjs)
    write(folder / "litert", shape, LITERT, litert)


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(int(size) for size in sys.argv[2].split(",")))
