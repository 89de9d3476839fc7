/**
 * Arrays to tensors and back: `floatArrayOf(1f, 2f).toTensor(2)`. No dimensions are a scalar.
 * Elements are in row-major order; a tensor is a view of its array, and a copy of unsigned or truth
 * values.
 *
 * All throw [dev.stele.SteleException]: INVALID_ARGUMENT when the shape has another number of
 * elements, or the tensor another type.
 */
@file:JvmName("Tensors")
@file:OptIn(ExperimentalUnsignedTypes::class)

package dev.stele.kotlin

import dev.stele.DType
import dev.stele.Tensor

/** An FP32 tensor; [dtype] C64 takes real and imaginary parts in turn. */
public fun FloatArray.toTensor(vararg shape: Long, dtype: DType = DType.FP32): Tensor =
    Tensor.of(dtype, this, *shape)

/** An FP64 tensor; [dtype] C128 takes real and imaginary parts in turn. */
public fun DoubleArray.toTensor(vararg shape: Long, dtype: DType = DType.FP64): Tensor =
    Tensor.of(dtype, this, *shape)

/** An INT8 tensor. */
public fun ByteArray.toTensor(vararg shape: Long): Tensor = Tensor.of(this, *shape)

/** An INT16 tensor; [dtype] FP16 or BF16 takes the bits. */
public fun ShortArray.toTensor(vararg shape: Long, dtype: DType = DType.INT16): Tensor =
    Tensor.of(dtype, this, *shape)

/** An INT32 tensor. */
public fun IntArray.toTensor(vararg shape: Long): Tensor = Tensor.of(this, *shape)

/** An INT64 tensor. */
public fun LongArray.toTensor(vararg shape: Long): Tensor = Tensor.of(this, *shape)

/** A UINT8 tensor. */
public fun UByteArray.toTensor(vararg shape: Long): Tensor =
    Tensor.of(DType.UINT8, asByteArray(), *shape)

/** A UINT16 tensor. */
public fun UShortArray.toTensor(vararg shape: Long): Tensor =
    Tensor.of(DType.UINT16, asShortArray(), *shape)

/** A UINT32 tensor. */
public fun UIntArray.toTensor(vararg shape: Long): Tensor =
    Tensor.of(DType.UINT32, asIntArray(), *shape)

/** A UINT64 tensor. */
public fun ULongArray.toTensor(vararg shape: Long): Tensor =
    Tensor.of(DType.UINT64, asLongArray(), *shape)

/** A BOOL tensor. */
public fun BooleanArray.toTensor(vararg shape: Long): Tensor = Tensor.of(this, *shape)

/** A BYTES tensor of texts in UTF-8. */
public fun Array<String>.toTensor(vararg shape: Long): Tensor = Tensor.of(this, *shape)

/** A BYTES tensor of any bytes. */
public fun Array<ByteArray>.toTensor(vararg shape: Long): Tensor = Tensor.of(this, *shape)

/** A copy of the elements of UINT8. */
public fun Tensor.toUBytes(): UByteArray = toBytes().asUByteArray()

/** A copy of the elements of UINT16. */
public fun Tensor.toUShorts(): UShortArray = toShorts().asUShortArray()

/** A copy of the elements of UINT32. */
public fun Tensor.toUInts(): UIntArray = toInts().asUIntArray()

/** A copy of the elements of UINT64. */
public fun Tensor.toULongs(): ULongArray = toLongs().asULongArray()
