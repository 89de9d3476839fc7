"""Writes what the fuzzers start from: make_seeds.py MODELS FOLDER.

For the reader of models the odd models without their graphs, for the reader of
bundles a few indexes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tensorflow.core.protobuf import saved_model_pb2

MODELS = ("conv", "dtypes", "odd", "plain", "defaults")
BUNDLES = {
    "numeric": b"x\tFP32\t2,3\t24\t0.bin\ny\tINT64\t\t8\t1.bin\n",
    "strings": b"s\tBYTES\t2\t11\t0.bin\n\0\3\0\0\0abc\0\0\0\0",
    "escapes": b"a\\tb\\n\\\\\tBOOL\t0,1\t0\t0.bin\n",
    "malformed": b"x\tFP8\t-1,9223372036854775808\t\\x\n\n",
}


def without_graph(file: Path) -> bytes:
    """Return a model without its graph, which the reader skips."""
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for graph in model.meta_graphs:
        graph.ClearField("graph_def")
        graph.ClearField("object_graph_def")
        graph.ClearField("collection_def")
        graph.meta_info_def.ClearField("stripped_op_list")
    return model.SerializeToString()


def main(models: Path, folder: Path) -> None:
    """Write the seeds of each fuzzer below ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    for kind in ("metagraph", "bundle"):
        (folder / kind).mkdir(parents=True)
    for name in MODELS:
        (folder / "metagraph" / name).write_bytes(without_graph(models / name / "saved_model.pb"))
    for name, data in BUNDLES.items():
        (folder / "bundle" / name).write_bytes(data)


main(Path(sys.argv[1]), Path(sys.argv[2]))
