package dev.stele;

import java.util.Optional;

/** Element types, named as in the Open Inference Protocol. */
public enum DType {
    /** A truth value. */
    BOOL(10, 1),
    /** A signed integer of 8 bits. */
    INT8(6, 1),
    /** A signed integer of 16 bits. */
    INT16(5, 2),
    /** A signed integer of 32 bits. */
    INT32(3, 4),
    /** A signed integer of 64 bits. */
    INT64(9, 8),
    /** An unsigned integer of 8 bits, in Java the {@code byte} of the same bits. */
    UINT8(4, 1),
    /** An unsigned integer of 16 bits, in Java the {@code short} of the same bits. */
    UINT16(17, 2),
    /** An unsigned integer of 32 bits, in Java the {@code int} of the same bits. */
    UINT32(22, 4),
    /** An unsigned integer of 64 bits, in Java the {@code long} of the same bits. */
    UINT64(23, 8),
    /**
     * IEEE 754 binary16, in Java the {@code short} of its bits; see {@link Float#float16ToFloat}.
     */
    FP16(19, 2),
    /** The upper half of an FP32, in Java the {@code short} of its bits. */
    BF16(14, 2),
    /** IEEE 754 binary32. */
    FP32(1, 4),
    /** IEEE 754 binary64. */
    FP64(2, 8),
    /** A complex number: two FP32, real part first. */
    C64(8, 8),
    /** A complex number: two FP64, real part first. */
    C128(18, 16),
    /** A string of any bytes. */
    BYTES(7, 16);

    private static final DType[] ALL = values();

    private final int number;
    private final int size;

    DType(int number, int size) {
        this.number = number;
        this.size = size;
    }

    /** Returns the number of this type in tensorflow.DataType: 1 of {@link #FP32}. */
    public int number() {
        return number;
    }

    /** Returns the bytes of one element; 0 for {@link #BYTES}, whose elements vary. */
    public int size() {
        return this == BYTES ? 0 : size;
    }

    /** Bytes of one element in libstele's memory; for BYTES that of a stele_bytes. */
    int stride() {
        return size;
    }

    /**
     * Returns the type of a number of tensorflow.DataType, if it is one of these.
     *
     * @param number such as 1
     */
    public static Optional<DType> of(int number) {
        for (DType dtype : ALL) {
            if (dtype.number == number) {
                return Optional.of(dtype);
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the type of a name, if it is one of these.
     *
     * @param name such as FP32
     */
    public static Optional<DType> of(String name) {
        for (DType dtype : ALL) {
            if (dtype.name().equals(name)) {
                return Optional.of(dtype);
            }
        }
        return Optional.empty();
    }
}
