/** A model with Kotlin's defaults, names and pairs. */
@file:JvmName("Models")

package dev.stele.kotlin

import dev.stele.DType
import dev.stele.Model
import dev.stele.Options
import dev.stele.Predictor
import dev.stele.Signature
import dev.stele.Tensor
import dev.stele.TensorInfo
import java.util.Map.entry
import java.util.Optional

/**
 * Loads the SavedModel in folder [dir] and restores its variables; `use {}` releases it.
 *
 * @param tags the exact set of tags of the graph, with commas in between
 * @param profile the session's configuration by name: `default`, `inline`, `single` or `python`
 * @param config a serialized tensorflow.ConfigProto in place of the profile
 * @param libtensorflow the file libtensorflow_cc.so.2 or its folder, in place of searching for it
 * @throws dev.stele.SteleException as [Model.load]
 */
public fun loadModel(
    dir: String,
    tags: String = "serve",
    profile: String? = null,
    config: ByteArray? = null,
    libtensorflow: String? = null,
): Model =
    Model.load(
        dir,
        Options(
            tags,
            Optional.ofNullable(profile),
            Optional.ofNullable(config),
            Optional.ofNullable(libtensorflow),
        ),
    )

/**
 * Runs a signature of a [Model], or of a model on a server: `model.run("image" to
 * pixels.toTensor(1, 8, 8, 1))["probabilities"]`.
 *
 * @throws dev.stele.SteleException as [Predictor.run]; INVALID_ARGUMENT also for an input that is
 *   given twice
 */
public fun Predictor.run(
    vararg inputs: Pair<String, Tensor>,
    signature: String = Predictor.DEFAULT_SIGNATURE,
): Map<String, Tensor> = run(signature, inputs.map { entry(it.first, it.second) })

/** The signature of that name, or null. */
public operator fun Predictor.get(signature: String): Signature? = signatures()[signature]

/** The element type; null when TensorFlow's is none of [DType], and the signature cannot be run. */
public val TensorInfo.dtypeOrNull: DType?
    get() = dtype().orElse(null)
