"""SavedModels of TensorFlow 1 and 2, and in ``expected.json`` what TensorFlow says of them."""

from __future__ import annotations

import collections
import json
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.saved_model import loader_impl

v1 = tf.compat.v1
build_signature = v1.saved_model.signature_def_utils.predict_signature_def


class Plain(tf.Module):
    """Several signatures, dtypes, a table with an asset, nested functions."""

    def __init__(self, vocabulary):
        super().__init__()
        self.layers = [tf.Variable(tf.ones([3, 2]), name=f"layer{i}/kernel") for i in range(3)]
        self.half = tf.Variable(tf.ones([5], tf.bfloat16), name="half")
        self.flag = tf.Variable(True, name="flag")
        self.text = tf.Variable([b"a\0b", b"", "ü".encode()], name="text")
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(vocabulary),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            default_value=-1,
        )

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32, name="x"),
            tf.TensorSpec(None, tf.int64, name="steps"),
        ]
    )
    def call(self, x, steps):
        y = x @ self.layers[0]
        for _ in tf.range(tf.size(steps)):
            y = tf.cond(self.flag, lambda: y + 1.0, lambda: y * 2.0)  # noqa: B023
        return {"y": y, "half": self.half * 2}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="word")])
    def look_up(self, word):
        return {"index": self.table.lookup(word), "text": self.text}


class Random(tf.Module):
    """Draws numbers inside of a branch inside of a function."""

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, name="x")])
    def draws(self, x):
        return {
            "y": tf.cond(x[0] > 0, lambda: x + tf.random.stateless_uniform([2], [1, 2]), lambda: x)
        }

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, name="x")])
    def calm(self, x):
        return {"y": x + 1}


class Examples(tf.Module):
    """Parses tf.Example in a function."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="serialized")])
    def parse(self, serialized):
        parsed = tf.io.parse_example(serialized, {"f": tf.io.FixedLenFeature([2], tf.float32)})
        return {"y": parsed["f"]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def length(self, text):
        return {"n": tf.strings.length(text)}


def write_tf2(folder):
    vocabulary = folder / "words.txt"
    vocabulary.write_text("one\ntwo\n")
    plain = Plain(vocabulary)
    plain.call(tf.ones([1, 3]), tf.constant([1, 2], tf.int64))
    tf.saved_model.save(
        plain,
        folder / "plain",
        signatures={"serving_default": plain.call, "Wörter/2": plain.look_up},
    )
    random = Random()
    tf.saved_model.save(
        random, folder / "random", signatures={"draws": random.draws, "calm": random.calm}
    )
    examples = Examples()
    tf.saved_model.save(
        examples,
        folder / "examples",
        signatures={"parse": examples.parse, "length": examples.length},
    )


def write_tf1(folder):
    v1.disable_resource_variables()
    builder = v1.saved_model.Builder(str(folder / "tf1"))
    for tags in (["serve"], ["serve", "gpu"]):
        with tf.Graph().as_default(), v1.Session() as session:
            examples = v1.placeholder(tf.string, [None], name="odd/na.me-1")
            parsed = v1.parse_example(examples, {"f": tf.io.FixedLenFeature([2], tf.float32)})
            weights = v1.get_variable("w", [2, 3], initializer=v1.random_normal_initializer())
            parts = v1.get_variable("part/ed", [10, 4], partitioner=v1.fixed_size_partitioner(3))
            y = parsed["f"] @ weights + tf.reduce_sum(parts)
            session.run(v1.global_variables_initializer())
            signatures = {"\x1b[31mred [bold]": build_signature({"in": examples}, {"y": y})}
            if tags == ["serve"]:
                builder.add_meta_graph_and_variables(session, tags, signatures)
            else:
                builder.add_meta_graph(tags, signatures)
    builder.save()

    builder = v1.saved_model.Builder(str(folder / "odd"))
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        forgotten = v1.placeholder(tf.float32, [], name="forgotten")
        quantized = v1.placeholder(tf.qint8, [2], name="quantized")
        sparse = v1.sparse_placeholder(tf.float32, name="sparse")
        y = x + forgotten
        signatures = {
            "unfed": build_signature({"x": x}, {"y": y}),
            "fed": build_signature({"x": x, "forgotten": forgotten}, {"y": y}),
            "inside": build_signature({"y": y}, {"z": y * 2}),
            "quantized": build_signature({"q": quantized}, {"q": tf.identity(quantized)}),
            "sparse": v1.saved_model.signature_def_utils.build_signature_def(
                {"s": v1.saved_model.build_tensor_info(sparse)},
                {"y": v1.saved_model.build_tensor_info(tf.sparse.to_dense(sparse))},
                "my/method",
            ),
        }
        builder.add_meta_graph_and_variables(session, ["eval", "a"], signatures)
    builder.save()


def write_checkpoints(folder):
    """Write an index of several blocks, and one of two data files."""
    names = [f"{i * 2654435761 % 2**32:08x}" * 16 for i in range(4000)]
    for variables, keys in (("many", names), ("one", ["a", "b/c"]), ("two", ["b", "d\u00e9"])):
        path = folder / variables / "variables"
        tensors = [tf.fill([i % 7 + 1], float(i)) for i in range(len(keys))]
        tf.raw_ops.SaveV2(
            prefix=str(path), tensor_names=keys, shape_and_slices=[""] * len(keys), tensors=tensors
        )
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=[str(folder / name / "variables") for name in ("one", "two")],
        destination_prefix=str(folder / "merged" / "variables"),
        delete_old_dirs=False,
    )


def shape_of(shape):
    return None if shape.unknown_rank else [dim.size for dim in shape.dim]


def info(name, tensor):
    return [name, tensor.dtype, shape_of(tensor.tensor_shape), tensor.name]


def describe_model(path):
    model = loader_impl.parse_saved_model(str(path))
    return {
        "meta_graphs": [
            {
                "tags": sorted(graph.meta_info_def.tags),
                "version": graph.meta_info_def.tensorflow_version,
                "git": graph.meta_info_def.tensorflow_git_version,
                "signatures": {
                    name: {
                        "method": signature.method_name,
                        "inputs": sorted(info(*item) for item in signature.inputs.items()),
                        "outputs": sorted(info(*item) for item in signature.outputs.items()),
                    }
                    for name, signature in graph.signature_def.items()
                    if not name.startswith("__saved_model_")
                },
                "graph": collections.Counter(node.op for node in graph.graph_def.node),
                "functions": collections.Counter(
                    node.op
                    for function in graph.graph_def.library.function
                    for node in function.node_def
                ),
            }
            for graph in model.meta_graphs
        ]
    }


def describe_variables(folder):
    reader = tf.train.load_checkpoint(str(folder / "variables"))
    dtypes = reader.get_variable_to_dtype_map()
    return {
        name: [
            dtypes[name].as_datatype_enum,
            shape,
            dtypes[name].size * tf.TensorShape(shape).num_elements(),
        ]
        for name, shape in tf.train.list_variables(str(folder / "variables"))
    }


def all_ops():
    buffer = pywrap_tf_session.TF_GetAllOpList()
    return sorted(
        op.name for op in op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(buffer)).op
    )


def make(folder: Path) -> None:
    write_tf2(folder)
    write_checkpoints(folder)
    write_tf1(folder)
    models = ["plain", "random", "examples", "tf1", "odd"]
    expected = {
        "models": {name: describe_model(folder / name) for name in models},
        "variables": {
            name: describe_variables(folder / name)
            for name in [*(f"{model}/variables" for model in models[:-1]), "many", "merged"]
        },
        "ops": all_ops(),
    }
    (folder / "expected.json").write_text(json.dumps(expected))
