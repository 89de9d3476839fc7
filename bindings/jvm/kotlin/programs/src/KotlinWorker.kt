@file:OptIn(ExperimentalUnsignedTypes::class)

package dev.stele.worker

import dev.stele.DType
import dev.stele.Options
import dev.stele.Predictor
import dev.stele.Tensor
import dev.stele.kotlin.loadModel
import dev.stele.kotlin.run
import dev.stele.kotlin.toTensor
import dev.stele.kotlin.toUBytes
import dev.stele.kotlin.toUInts
import dev.stele.kotlin.toULongs
import dev.stele.kotlin.toUShorts

/** The worker of the binding `kotlin`. */
private object KotlinWorker : Kit.Client {
    override fun load(dir: String, options: Options): Predictor =
        loadModel(
            dir,
            options.tags(),
            options.profile().orElse(null),
            options.config().orElse(null),
        )

    override fun prepare(model: Predictor, signature: String, inputs: List<Kit.Contents>): Kit.Run =
        object : Kit.Run {
            private val arguments = inputs.map { it.name() to tensor(it) }.toTypedArray()
            private lateinit var answer: Map<String, Tensor>

            override fun call() {
                answer = model.run(*arguments, signature = signature)
            }

            override fun outputs(): List<Kit.Contents> =
                answer.map { (name, tensor) ->
                    Kit.Contents(name, tensor.dtype(), tensor.shape(), bytes(tensor))
                }
        }

    private fun tensor(input: Kit.Contents): Tensor {
        val bytes = input.bytes()
        val shape = input.shape()
        return when (val dtype = input.dtype()) {
            DType.FP32,
            DType.C64 -> Bytes.floats(bytes).toTensor(*shape, dtype = dtype)
            DType.FP64,
            DType.C128 -> Bytes.doubles(bytes).toTensor(*shape, dtype = dtype)
            DType.INT8 -> bytes.toTensor(*shape)
            DType.INT16,
            DType.FP16,
            DType.BF16 -> Bytes.shorts(bytes).toTensor(*shape, dtype = dtype)
            DType.INT32 -> Bytes.ints(bytes).toTensor(*shape)
            DType.INT64 -> Bytes.longs(bytes).toTensor(*shape)
            DType.UINT8 -> bytes.asUByteArray().toTensor(*shape)
            DType.UINT16 -> Bytes.shorts(bytes).asUShortArray().toTensor(*shape)
            DType.UINT32 -> Bytes.ints(bytes).asUIntArray().toTensor(*shape)
            DType.UINT64 -> Bytes.longs(bytes).asULongArray().toTensor(*shape)
            DType.BOOL -> Bytes.booleans(bytes).toTensor(*shape)
            DType.BYTES -> Bytes.strings(bytes).toTensor(*shape)
        }
    }

    private fun bytes(tensor: Tensor): ByteArray =
        when (tensor.dtype()) {
            DType.FP32,
            DType.C64 -> Bytes.of(tensor.toFloats())
            DType.FP64,
            DType.C128 -> Bytes.of(tensor.toDoubles())
            DType.INT8 -> tensor.toBytes()
            DType.INT16,
            DType.FP16,
            DType.BF16 -> Bytes.of(tensor.toShorts())
            DType.INT32 -> Bytes.of(tensor.toInts())
            DType.INT64 -> Bytes.of(tensor.toLongs())
            DType.UINT8 -> tensor.toUBytes().asByteArray()
            DType.UINT16 -> Bytes.of(tensor.toUShorts().asShortArray())
            DType.UINT32 -> Bytes.of(tensor.toUInts().asIntArray())
            DType.UINT64 -> Bytes.of(tensor.toULongs().asLongArray())
            DType.BOOL -> Bytes.of(tensor.toBooleans())
            DType.BYTES -> Bytes.of(tensor.toByteStrings())
        }
}

internal fun main() {
    Kit.serve("kotlin", "Kotlin ${KotlinVersion.CURRENT}, Java ${Runtime.version()}", KotlinWorker)
}
