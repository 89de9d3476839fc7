@file:OptIn(ExperimentalUnsignedTypes::class)

package dev.stele.kotlin

import dev.stele.Code
import dev.stele.Contract
import dev.stele.DType
import dev.stele.Predictor
import dev.stele.Signature
import dev.stele.SteleException
import dev.stele.Tensor
import java.lang.foreign.ValueLayout
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

/** What Kotlin adds to Java: pairs, defaults, unsigned numbers. */
internal class KotlinTest {
    private val digits =
        Path.of(System.getProperty("stele.build"), "models/digits/saved_model").toString()
    private val image = FloatArray(64) { (it % 17).toFloat() }

    @Test
    fun aModelIsUsedAndClosed() {
        val model = loadModel(digits, profile = "inline")
        model.use {
            val outputs = it.run("image" to image.toTensor(1, 8, 8, 1))
            assertEquals(10, outputs.getValue("probabilities").toFloats().size)
            assertEquals(DType.FP32, it["serving_default"]?.inputs()?.get("image")?.dtypeOrNull)
            assertNull(it["x"])
        }
        refused("FAILED_PRECONDITION: the model is closed") {
            model.run("image" to image.toTensor(1, 8, 8, 1))
        }
    }

    @Test
    fun refusalsAreThoseOfEveryLanguage() {
        loadModel(digits).use { model ->
            val tensor = image.toTensor(1, 8, 8, 1)
            refused("INVALID_ARGUMENT: input \"image\" is given twice") {
                model.run("image" to tensor, "image" to tensor)
            }
            refused(
                "NOT_FOUND: no signature \"x\"; this model has \"serve\", \"serving_default\""
            ) {
                model.run("image" to tensor, "image" to tensor, signature = "x")
            }
        }
        val refused = assertThrows(SteleException::class.java) { loadModel(digits, tags = "x") }
        assertEquals(Code.NOT_FOUND, refused.code())
    }

    @Test
    fun everyNameAndPathGetsThere() {
        val name = "a\u0000b"
        val holdsNul = "INVALID_ARGUMENT: a name or path holds a NUL: \"a\\0b\""
        refused(holdsNul) { loadModel(name) }
        refused(holdsNul) { loadModel(digits, tags = name) }
        refused(holdsNul) { loadModel(digits, profile = name) }
        refused(holdsNul) { loadModel(digits, libtensorflow = name) }
        val tensor = image.toTensor(1, 8, 8, 1)
        loadModel(digits, config = byteArrayOf()).use { model ->
            refused(holdsNul) { model.run(name to tensor) }
            refused(holdsNul) { model.run("image" to tensor, signature = name) }
        }
    }

    @Test
    fun aModelOnAServerIsUsedInTheSameWay() {
        val elsewhere =
            object : Predictor {
                override fun signatures(): Map<String, Signature> =
                    mapOf("s" to Signature("s", mapOf(), mapOf()))

                override fun run(
                    signature: String,
                    inputs: Collection<Map.Entry<String, Tensor>>,
                ): Map<String, Tensor> = inputs.associate { "$signature ${it.key}" to it.value }

                override fun close() = Unit
            }
        val tensor = image.toTensor(64)
        elsewhere.use {
            assertEquals(mapOf("serving_default a" to tensor), it.run("a" to tensor))
            assertEquals(mapOf("s a" to tensor), it.run("a" to tensor, signature = "s"))
            assertEquals("s", it["s"]?.name())
        }
    }

    @Test
    fun unsignedNumbersAreKotlinsOwn() {
        for ((dtype, shape, literals, bytes) in
            Contract.table("values.tsv", "dtype", "shape", "literals", "bytes")) {
            val texts = literals.split(",")
            val dims = shape.split(",").map(String::toLong).toLongArray()
            val tensor =
                when (dtype) {
                    "UINT8" -> texts.map(String::toUByte).toUByteArray().toTensor(*dims)
                    "UINT16" -> texts.map(String::toUShort).toUShortArray().toTensor(*dims)
                    "UINT32" -> texts.map(String::toUInt).toUIntArray().toTensor(*dims)
                    "UINT64" -> texts.map(String::toULong).toULongArray().toTensor(*dims)
                    "INT8" -> texts.map(String::toByte).toByteArray().toTensor(*dims)
                    "INT16" -> texts.map(String::toShort).toShortArray().toTensor(*dims)
                    "INT32" -> texts.map(String::toInt).toIntArray().toTensor(*dims)
                    "INT64" -> texts.map(String::toLong).toLongArray().toTensor(*dims)
                    "BOOL" -> texts.map(String::toBoolean).toBooleanArray().toTensor(*dims)
                    else -> continue // Java's own accessors, which its tests hold to this table
                }
            assertEquals(bytes, hex(tensor))
            assertEquals(texts, read(tensor), dtype)
        }
    }

    private fun read(tensor: Tensor): List<String> =
        when (tensor.dtype()) {
            DType.UINT8 -> tensor.toUBytes().map(UByte::toString)
            DType.UINT16 -> tensor.toUShorts().map(UShort::toString)
            DType.UINT32 -> tensor.toUInts().map(UInt::toString)
            DType.UINT64 -> tensor.toULongs().map(ULong::toString)
            DType.INT8 -> tensor.toBytes().map(Byte::toString)
            DType.INT16 -> tensor.toShorts().map(Short::toString)
            DType.INT32 -> tensor.toInts().map(Int::toString)
            DType.INT64 -> tensor.toLongs().map(Long::toString)
            else -> tensor.toBooleans().map(Boolean::toString)
        }

    private fun hex(tensor: Tensor): String =
        tensor.segment().toArray(ValueLayout.JAVA_BYTE).toHexString()

    private fun refused(expected: String, call: () -> Unit) {
        assertEquals(expected, assertThrows(SteleException::class.java, call).toString())
    }
}
