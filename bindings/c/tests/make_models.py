"""Writes the SavedModels of this folder's tests: make_models.py FOLDER.

conv        a small network of the shape of the digits model, with variables
dtypes      one identity for each dtype, of unknown rank; fixed ranks; sums
odd         TensorFlow 1: names with tabs and newlines, signatures that a
            client refuses, a reference variable, a fed tensor that is fetched,
            two graphs with other tags
defaults    x times scale, whose default is typed, raw, or unreadable; shapes
            that only the graph has
plain       TensorFlow 1 without variables, hence without a saver
twice       a signature that stands twice in the file: the last one counts
broken-*    conv, damaged as the name says
seeds       where the fuzzers start: the models without their graphs, bundles
"""

import os
import pathlib
import shutil
import struct
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

tf1 = tf.compat.v1

DTYPES = {
    "BOOL": tf.bool,
    "INT8": tf.int8,
    "INT16": tf.int16,
    "INT32": tf.int32,
    "INT64": tf.int64,
    "UINT8": tf.uint8,
    "UINT16": tf.uint16,
    "UINT32": tf.uint32,
    "UINT64": tf.uint64,
    "FP16": tf.float16,
    "BF16": tf.bfloat16,
    "FP32": tf.float32,
    "FP64": tf.float64,
    "C64": tf.complex64,
    "C128": tf.complex128,
    "BYTES": tf.string,
}


class Conv(tf.Module):
    """[?,8,8,1] to [?,10]: a convolution, whose kernel aborts on a wrong rank,
    and a dense layer."""

    def __init__(self):
        rng = tf.random.Generator.from_seed(1)
        self.kernel = tf.Variable(rng.normal([3, 3, 1, 4], stddev=0.1))
        self.dense = tf.Variable(rng.normal([8 * 8 * 4, 10], stddev=0.01))

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], tf.float32, "image")])
    def __call__(self, image):
        hidden = tf.nn.relu(tf.nn.conv2d(image, self.kernel, 1, "SAME"))
        logits = tf.reshape(hidden, [-1, 8 * 8 * 4]) @ self.dense
        return {"probabilities": tf.nn.softmax(logits)}


def function(body, **specs):
    """A concrete function with these named inputs."""
    inputs = {name: tf.TensorSpec(*spec, name) for name, spec in specs.items()}
    return tf.function(body).get_concrete_function(**inputs)


def make_dtypes(path):
    def same(x):
        return {"same": tf.identity(x), "shape": tf.shape(x, tf.int64)}

    def join(left, right):
        return {
            "joined": tf.strings.join([left, right]),
            "length": tf.strings.length(left),
        }

    signatures = {f"same_{name}": function(same, x=(None, dtype)) for name, dtype in DTYPES.items()}
    signatures["fixed"] = function(
        lambda x: {"sum": tf.reduce_sum(x, [0, 2])}, x=([None, 2, None], tf.float32)
    )
    signatures["scalar"] = function(lambda x: {"half": x / 2}, x=([], tf.float64))
    signatures["none"] = function(lambda: {"answer": tf.constant([42, 43])})
    signatures["join"] = function(join, left=([None], tf.string), right=([None], tf.string))
    # An op that refuses what a signature cannot say: TensorFlow's own error.
    signatures["reshape"] = function(lambda x: {"y": tf.reshape(x, [2, 2])}, x=([None], tf.float32))
    tf.saved_model.save(tf.Module(), path, signatures=signatures)


def make_odd(path):
    info = tf1.saved_model.build_tensor_info
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], "oddly/named.input")
        resource = tf1.placeholder(tf.resource, [], "resource")
        sparse = tf1.sparse_placeholder(tf.float32, [None, 2], "sparse")
        weight = tf1.get_variable("weight", initializer=[[1.0], [2.0]], use_resource=False)
        parts = tf.split(x @ weight + tf.constant([[0.5, 1.5]]), 2, axis=1)
        missing = info(x)
        missing.name = "no_such_operation:0"
        signatures = {
            "tab\there": ({"in\tput": info(x)}, {"out\nput": info(parts[1])}),
            "two_parts": (
                {"x": info(x)},
                {"a": info(parts[0]), "b": info(parts[1]), "fed": info(x)},
            ),
            "only_fed": ({"x": info(x)}, {"fed": info(x), "again": info(x)}),
            "reference": ({}, {"weight": info(weight)}),
            "sparse": ({"x": info(sparse)}, {"y": info(x)}),
            "resource": ({"handle": info(resource)}, {"y": info(x)}),
            "missing": ({"x": missing}, {"y": info(parts[0])}),
            "no_outputs": ({"x": info(x)}, {}),
            "__saved_model_own": ({}, {"y": info(x)}),
        }
        definitions = {
            name: tf1.saved_model.build_signature_def(inputs, outputs)
            for name, (inputs, outputs) in signatures.items()
        }
        session.run(tf1.global_variables_initializer())
        builder = tf1.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(session, ["serve"], definitions)
        builder.add_meta_graph(["gpu", "serve"], definitions)
        builder.save()


def make_defaults(path):
    info = tf1.saved_model.build_tensor_info
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], "x")
        scale = tf1.placeholder(tf.float32, [], "scale")
        inputs, outputs = {"x": info(x), "scale": info(scale)}, {"y": info(x * scale)}
        names = ("scaled", "content", "unreadable", "unshaped")
        signatures = {name: tf1.saved_model.build_signature_def(inputs, outputs) for name in names}
        signatures["scaled"].defaults["scale"].CopyFrom(
            tensor_pb2.TensorProto(dtype=1, float_val=[2.0])
        )
        signatures["content"].defaults["scale"].CopyFrom(tf.make_tensor_proto(5.0))
        signatures["content"].defaults["scale"].tensor_content = struct.pack("<f", 5)
        signatures["unreadable"].defaults["scale"].CopyFrom(
            tensor_pb2.TensorProto(dtype=1, tensor_content=b"cut")
        )
        for tensors in (signatures["unshaped"].inputs, signatures["unshaped"].outputs):
            for tensor in tensors.values():
                tensor.ClearField("tensor_shape")
        builder = tf1.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


def make_plain(path):
    info = tf1.saved_model.build_tensor_info
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.int32, [3], "x")
        definition = tf1.saved_model.build_signature_def({"x": info(x)}, {"y": info(x * 2)})
        builder = tf1.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(session, [], {"double": definition})
        builder.save()


def make_twice(path, source):
    """`source` with a second entry for serving_default: the same, renamed."""
    shutil.copytree(source, path)
    file = saved_model_pb2.SavedModel()
    file.ParseFromString((source / "saved_model.pb").read_bytes())
    graph = file.meta_graphs[0]
    again = meta_graph_pb2.MetaGraphDef()
    signature = again.signature_def["serving_default"]
    signature.CopyFrom(graph.signature_def["serving_default"])
    signature.inputs["renamed"].CopyFrom(signature.inputs["image"])
    del signature.inputs["image"]
    both = graph.SerializeToString() + again.SerializeToString()
    length, rest = b"", len(both)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    (path / "saved_model.pb").write_bytes(b"\x12" + length + bytes([rest]) + both)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


DAMAGE = {
    "no-pb": ("saved_model.pb", pathlib.Path.unlink),
    "empty-pb": ("saved_model.pb", lambda path: path.write_bytes(b"")),
    "text-pb": ("saved_model.pb", lambda path: path.write_text("not a proto\n")),
    "cut-pb": ("saved_model.pb", cut),
    "no-variables": ("variables", shutil.rmtree),
    "no-index": ("variables/variables.index", pathlib.Path.unlink),
    "cut-index": ("variables/variables.index", cut),
    "no-data": ("variables/variables.data-00000-of-00001", pathlib.Path.unlink),
    "cut-data": ("variables/variables.data-00000-of-00001", cut),
    "flipped-data": ("variables/variables.data-00000-of-00001", flip),
}


BUNDLES = {
    "numeric": b"x\tFP32\t2,3\t24\t0.bin\ny\tINT64\t\t8\t1.bin\n",
    "strings": b"s\tBYTES\t2\t11\t0.bin\n\0\3\0\0\0abc\0\0\0\0",
    "escapes": b"a\\tb\\n\\\\\tBOOL\t0,1\t0\t0.bin\n",
    "malformed": b"x\tFP8\t-1,9223372036854775808\t\\x\n\n",
}


def make_seeds(folder, models):
    (folder / "metagraph").mkdir(parents=True)
    (folder / "bundle").mkdir()
    for path in models:
        file = saved_model_pb2.SavedModel()
        file.ParseFromString((path / "saved_model.pb").read_bytes())
        for graph in file.meta_graphs:
            graph.ClearField("graph_def")
            graph.ClearField("object_graph_def")
            graph.ClearField("collection_def")
            graph.meta_info_def.ClearField("stripped_op_list")
        seed = folder / "metagraph" / path.name
        seed.write_bytes(file.SerializeToString())
    for name, data in BUNDLES.items():
        (folder / "bundle" / name).write_bytes(data)


def main():
    folder = pathlib.Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    conv = Conv()
    tf.saved_model.save(conv, folder / "conv", signatures=conv.__call__)
    make_dtypes(str(folder / "dtypes"))
    make_odd(str(folder / "odd"))
    make_plain(str(folder / "plain"))
    make_defaults(str(folder / "defaults"))
    make_twice(folder / "twice", folder / "conv")
    make_seeds(
        folder / "seeds",
        [folder / name for name in ("conv", "dtypes", "odd", "plain", "defaults")],
    )
    for name, (file, damage) in DAMAGE.items():
        broken = folder / f"broken-{name}"
        shutil.copytree(folder / "conv", broken)
        damage(broken / file)


main()
