"""SavedModels that are not in the zoo, as other people write them: `stele check` is shown them.

Each function saves one model; none of them knows of stele.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

v1 = tf.compat.v1


def doubler(folder: Path) -> None:
    """One signature, one input; what the fakes compute too."""

    class Doubler(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def __call__(self, x):
            return {"doubled": x + x}

    module = Doubler()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})


def int_doubler(folder: Path) -> None:
    """Doubles integers: the bits of NumPy, on any CPU."""
    module = tf.Module()
    spec = [tf.TensorSpec([None, 3], tf.int32, name="x")]
    module.double = tf.function(lambda x: {"doubled": x + x}, input_signature=spec)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.double})


def picky(folder: Path) -> None:
    """Doubles too, but TensorFlow itself refuses the empty batch."""

    class Picky(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def __call__(self, x):
            with tf.control_dependencies([tf.debugging.assert_positive(tf.shape(x)[0])]):
                return {"doubled": x + x}

    module = Picky()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})


def folded(folder: Path) -> None:
    """A session folds constants across the functions of this one: other bits than theirs."""
    import keras

    keras.utils.set_random_seed(1)
    data = np.random.default_rng(1).normal(3, 5, (200, 6)).astype("float32")
    layer = keras.layers.Normalization()
    layer.adapt(data)
    x = keras.Input((6,), name="x")
    y = keras.layers.Dense(1)(keras.layers.Dense(16, activation="relu")(layer(x)))
    keras.Model(x, y).export(str(folder), verbose=False)


def stateful(folder: Path) -> None:
    """One signature writes the variable that the other reads; a third writes a file."""
    module = tf.Module()
    module.w = tf.Variable(1.0)
    spec = [tf.TensorSpec([None], tf.float32, name="x")]

    @tf.function(input_signature=spec)
    def train(x):
        module.w.assign_add(tf.reduce_sum(x))
        return {"w": module.w.read_value()}

    @tf.function(input_signature=spec)
    def predict(x):
        return {"y": x * module.w}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="path")])
    def store(path):
        tf.io.write_file(path, "stele")
        return {"path": tf.identity(path)}

    module.train, module.predict, module.store = train, predict, store
    signatures = {"predict": predict, "store": store, "train": train}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def endless(folder: Path) -> None:
    """The input says how often a loop turns: an edge value, for ever."""
    module = tf.Module()
    module.w = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([16], tf.float32, name="n")])
    def turn(n):
        i, end = tf.constant(0.0), tf.reduce_max(tf.where(tf.math.is_nan(n), 0.0, n))
        while i < end:
            i += module.w
        return {"turns": i}

    module.turn = turn
    tf.saved_model.save(module, str(folder), signatures={"serving_default": turn})


def unsigned(folder: Path) -> None:
    """No signature to call."""
    module = tf.Module()
    module.w = tf.Variable(1.0)
    tf.saved_model.save(module, str(folder))


def several(folder: Path) -> None:
    """Several signatures, odd names, variables, a table, mixed dtypes, several outputs."""

    class Several(tf.Module):
        def __init__(self):
            super().__init__(name="Oddly_Named")
            self.weights = tf.Variable(
                tf.random.stateless_normal([4, 2], seed=[1, 2]), name="w-1.x"
            )
            keys = tf.constant(["stele", "文字", "\0"])
            self.table = tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(keys, tf.constant([1, 2, 3], tf.int64)), -1
            )

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="features")])
        def project(self, features):
            with tf.name_scope("strange.name-scope"):
                return {"logits": features @ self.weights, "norm": tf.norm(features, axis=-1)}

        @tf.function(input_signature=[tf.TensorSpec(None, tf.string, name="words")])
        def look_up(self, words):
            return {"ids": self.table.lookup(words), "lengths": tf.strings.length(words)}

        @tf.function(
            input_signature=[
                tf.TensorSpec([], tf.int32, name="times"),
                tf.TensorSpec([None], tf.float64, name="series"),
            ]
        )
        def repeat(self, times, series):
            return {"repeated": tf.repeat(series, tf.clip_by_value(times, 0, 16))}

    module = Several()
    signatures = {"a/b:c": module.project, "look up": module.look_up, "Repeat-1": module.repeat}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def random(folder: Path) -> None:
    """A model that answers something else each time."""

    class Random(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def __call__(self, x):
            return {"noisy": x + tf.random.uniform(tf.shape(x))}

    module = Random()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})


def tensorflow_1(folder: Path) -> None:
    """Reference variables, a tf.Example signature, tags other than `serve`: TensorFlow 1."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="input.tensor")
        kernel = v1.get_variable(
            "dense/kernel",
            initializer=tf.constant([[1.5, -2.0, 0.25], [0.5, 3.0, -1.0]]),
            use_resource=False,
        )
        y = tf.matmul(x, kernel, name="dense/MatMul")
        label = tf.argmax(y, axis=-1, name="label")
        examples = v1.placeholder(tf.string, [None], name="tf_example")
        parsed = v1.io.parse_example(
            examples, {"f": v1.FixedLenFeature([2], tf.float32, default_value=[1.0, 2.0])}
        )
        from_examples = tf.matmul(parsed["f"], kernel)
        session.run(v1.global_variables_initializer())
        build = v1.saved_model.signature_def_utils.build_signature_def
        info = v1.saved_model.utils.build_tensor_info
        builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            ["serve", "tpu-less"],
            signature_def_map={
                "predict_images": build(
                    {"images": info(x)},
                    {"scores": info(y), "class": info(label)},
                    "tensorflow/serving/predict",
                ),
                "serving_default": build(
                    {"examples": info(examples)},
                    {"scores": info(from_examples)},
                    "tensorflow/serving/regress",
                ),
            },
        )
        builder.save()


def picky_values(folder: Path) -> None:
    """Each signature takes strings or integers of one sort only."""
    module = tf.Module()
    module.table = tf.Variable(tf.reshape(tf.range(6.0), [3, 2]))

    def strings(compute):
        spec = [tf.TensorSpec([None], tf.string, name="text")]
        each = lambda text: {"y": tf.map_fn(compute, text, fn_output_signature=tf.float32)}  # noqa: E731
        return tf.function(each, input_signature=spec)

    def mean(image):
        return tf.reduce_mean(tf.cast(image, tf.float32))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def examples(examples):
        features = {
            "pair": tf.io.FixedLenFeature([2], tf.float32),
            "row": tf.io.FixedLenFeature([], tf.int64),
            "words": tf.io.VarLenFeature(tf.string),
            "scan": tf.io.RaggedFeature(tf.int64),
        }
        parsed = tf.io.parse_example(examples, features)
        words = tf.sparse.to_dense(parsed["words"], "")
        return {
            "pair": parsed["pair"] * tf.gather(module.table, parsed["row"]),
            "words": tf.strings.length(words),
            "scan": tf.reduce_sum(parsed["scan"], axis=1),
        }

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.int64, name="ids")])
    def rows(ids):
        return {"rows": tf.gather(module.table, ids)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="ids")])
    def columns(ids):
        return {"columns": tf.gather(module.table, ids, axis=1)}

    signatures = {
        "columns": columns,
        "examples": examples,
        "rows": rows,
        "number": strings(tf.strings.to_number),
        "base64": strings(lambda text: tf.strings.to_number(tf.io.decode_base64(text))),
        "jpeg": strings(lambda text: mean(tf.io.decode_and_crop_jpeg(text, [0, 0, 8, 8], 3))),
        "png": strings(lambda text: mean(tf.io.decode_image(text, 3, expand_animations=False))),
        "wav": strings(lambda text: mean(tf.audio.decode_wav(text)[0])),
    }
    module.signatures_kept = list(signatures.values())
    tf.saved_model.save(module, str(folder), signatures=signatures)


def enormous(folder: Path) -> None:
    """One signature takes more than any machine has, or more dimensions than NumPy."""
    module = tf.Module()
    module.w = tf.Variable(1.0)

    def scaled(shape):
        spec = [tf.TensorSpec(shape, tf.float32, name="x")]
        return tf.function(
            lambda x: {"y": tf.reshape(x, [-1])[:1] * module.w}, input_signature=spec
        )

    signatures = {
        "small": scaled([2]),
        "large": scaled([300_000, 600_000]),
        "deep": scaled([1] * 100),
    }
    module.signatures_kept = list(signatures.values())
    tf.saved_model.save(module, str(folder), signatures=signatures)


def pixels(folder: Path) -> None:
    """Takes images in [0, 255] only."""
    module = tf.Module()
    module.w = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32, name="image")])
    def mean(image):
        with tf.control_dependencies([tf.debugging.assert_greater(tf.reduce_max(image), 200.0)]):
            return {"mean": tf.reduce_mean(tf.identity(image), [1, 2]) * module.w}

    module.mean = mean
    tf.saved_model.save(module, str(folder), signatures={"serving_default": mean})


def sizes(folder: Path) -> None:
    """What the signatures leave open has to be of one size, or of one rank."""
    module = tf.Module()
    module.w = tf.Variable(tf.ones([1568, 2]))

    # Products of 1568 = 2 * 28 * 28 pixels.
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 1], tf.float32, name="image")])
    def image(image):
        return {"y": tf.reshape(image, [-1, 1568]) @ module.w}

    two = [tf.TensorSpec(None, tf.float32, name=name) for name in ("scale", "x")]

    @tf.function(input_signature=two)
    def ranks(scale, x):
        return {"y": tf.ensure_shape(x, [None]) * tf.ensure_shape(scale, []) * module.w[0, 0]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="wave")])
    def sound(wave):
        with tf.control_dependencies([tf.debugging.assert_greater(tf.size(wave), 9000)]):
            return {"y": tf.reduce_mean(wave) * module.w[0]}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def hopeless(x):
        with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(x)[1], 1013)]):
            return {"y": x * module.w[0, 0]}

    module.all = image, ranks, sound, hopeless
    signatures = {"hopeless": hopeless, "image": image, "ranks": ranks, "sound": sound}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def session_only(folder: Path) -> None:
    """One signature has two names for one tensor: TensorFlow 2 refuses the whole model."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        y = tf.sqrt(x, name="y")
        build = v1.saved_model.signature_def_utils.build_signature_def
        info = v1.saved_model.utils.build_tensor_info
        builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={
                "serving_default": build({"x": info(x)}, {"y": info(y)}, "predict"),
                "two_names": build({"x": info(x), "again": info(x)}, {"y": info(y)}, "predict"),
            },
        )
        builder.save()


def odd(folder: Path) -> None:
    """What signatures may also be: an input that is an output, no output, a tensor gone."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        text = v1.placeholder(tf.string, [None], name="text")
        y = tf.negative(x, name="y")
        build = v1.saved_model.signature_def_utils.build_signature_def
        info = v1.saved_model.utils.build_tensor_info
        gone, beyond = info(y), info(y)
        gone.name, beyond.name = "no_such_op:0", "y:1"  # y has one output, index 0
        builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={
                "through": build(
                    {"x": info(x), "text": info(text)},
                    {"y": info(y), "same": info(x), "same text": info(text)},
                    "predict",
                ),
                "nothing": build({"x": info(x)}, {}, "predict"),
                "gone": build({"x": info(x)}, {"y": gone}, "predict"),
                "beyond": build({"x": info(x)}, {"y": beyond}, "predict"),
            },
        )
        builder.save()


def defaults(folder: Path) -> None:
    """Inputs that the SignatureDef has a default for."""
    module = tf.Module()
    spec = [tf.TensorSpec([None], tf.float32, "x"), tf.TensorSpec([2], tf.float32, "scale"),
            tf.TensorSpec([], tf.string, "word")]  # fmt: skip

    scales, words = tf.constant([2.0, 3.0]), tf.constant("stele")

    @tf.function(input_signature=spec)
    def scaled(x, scale=scales, word=words):
        return {"y": x[:, None] * scale, "word": word + "!"}

    module.scaled = scaled
    tf.saved_model.save(module, str(folder), signatures=scaled)


def disagreeing(folder: Path) -> None:
    """The signature says FP32 of tensors that are strings, or integers."""
    builder = v1.saved_model.Builder(str(folder))
    with tf.Graph().as_default(), v1.Session() as session:
        text = v1.placeholder(tf.string, [None], name="text")
        number = v1.placeholder(tf.int32, [None], name="number")
        outputs = {"text": v1.string_to_number(text), "number": number + 1}
        signatures = {}
        for name, tensor in (("text", text), ("number", number)):
            info = v1.saved_model.build_tensor_info
            wrong = info(tensor)
            wrong.dtype = tf.float32.as_datatype_enum
            signatures[name] = v1.saved_model.build_signature_def(
                {"x": wrong}, {"y": info(outputs[name])}, "predict"
            )
        builder.add_meta_graph_and_variables(session, ["serve"], signature_def_map=signatures)
        builder.save()


def keras_saved(folder: Path) -> None:
    """A Keras 3 model as TensorFlow saves it: no session finds its variables."""
    import keras

    keras.utils.set_random_seed(1)
    x = keras.Input((3,), name="x")
    tf.saved_model.save(keras.Model(x, keras.layers.Dense(2)(x)), str(folder))


def beyond_64_mib(folder: Path) -> None:
    """A constant that makes the graph larger than protobuf's readers once took."""
    module = tf.Module()
    rows = tf.constant(np.arange(17 << 20, dtype=np.float32).reshape(-1, 2))
    spec = [tf.TensorSpec([None], tf.int32, name="row")]
    module.look = tf.function(lambda row: {"y": tf.gather(rows, row)}, input_signature=spec)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.look})


def two_sets_of_tags(folder: Path) -> None:
    """Two graphs on the same variables: the one that adds is behind two tags."""
    builder = v1.saved_model.Builder(str(folder))
    for tags, sign in ((["serve"], -1.0), (["serve", "gpu"], 1.0)):
        with tf.Graph().as_default(), v1.Session() as session:
            x = v1.placeholder(tf.float32, [None], name="x")
            w = v1.get_variable("w", initializer=2.0)
            session.run(v1.global_variables_initializer())
            signature = v1.saved_model.predict_signature_def({"x": x}, {"y": x + sign * w})
            if sign < 0:
                builder.add_meta_graph_and_variables(session, tags, {"serving_default": signature})
            else:
                builder.add_meta_graph(tags, {"serving_default": signature})
    builder.save()


def unknown_op(folder: Path) -> None:
    """An op of a library that nobody has loaded."""
    doubler(folder)
    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for function in model.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "AddV2":
                node.op = "AddOfSomebody"
    file.write_bytes(model.SerializeToString())


MODELS = (
    doubler,
    int_doubler,
    picky,
    folded,
    stateful,
    endless,
    unsigned,
    several,
    random,
    tensorflow_1,
    picky_values,
    enormous,
    pixels,
    sizes,
    session_only,
    odd,
    defaults,
    disagreeing,
    keras_saved,
    beyond_64_mib,
    two_sets_of_tags,
    unknown_op,
)


def make(folder: Path) -> None:
    for save in MODELS:
        save(folder / save.__name__)
