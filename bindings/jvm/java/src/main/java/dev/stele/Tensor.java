package dev.stele;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.stele.internal.Text;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Elements of one type in a shape, in row-major order: the last index moves fastest.
 *
 * {@snippet :
 * Tensor image = Tensor.of(pixels, 1, 8, 8, 1); // float[64]
 * Tensor label = Tensor.of(new long[] {3}); // a scalar: no dimensions
 * float[] probabilities = outputs.get("probabilities").toFloats();
 * }
 *
 * <p>A tensor that is made from an array or segment is a view of it: do not change the array while
 * a call of {@link Model#run} has it. What a call returns belongs to nobody else. NaN payloads,
 * subnormals and -0.0 stay as they are.
 */
public final class Tensor {
    // MemorySegment.toArray and a long[] of 8-byte words reach this far.
    private static final long MOST = Integer.MAX_VALUE - 8;

    private final DType dtype;
    private final long[] shape;
    private final MemorySegment data; // empty for BYTES
    private final byte[][] strings; // null but for BYTES

    private Tensor(DType dtype, long[] shape, MemorySegment data, byte[][] strings) {
        this.dtype = dtype;
        this.shape = shape;
        this.data = data;
        this.strings = strings;
    }

    /** Takes the memory as it is: the answer of a call. */
    static Tensor ofAnswer(DType dtype, long[] shape, MemorySegment data) {
        return new Tensor(dtype, shape, data, null);
    }

    /** Takes the strings as they are: the answer of a call. */
    static Tensor ofAnswer(long[] shape, byte[][] strings) {
        return new Tensor(DType.BYTES, shape, MemorySegment.NULL, strings);
    }

    /**
     * Makes an FP32 tensor.
     *
     * @param elements in row-major order
     * @param shape the size of each dimension; none for a scalar
     * @throws SteleException INVALID_ARGUMENT: the shape has another number of elements
     */
    public static Tensor of(float[] elements, long... shape) {
        return of(DType.FP32, elements, shape);
    }

    /** Makes an FP64 tensor; see {@link #of(float[], long...)}. */
    public static Tensor of(double[] elements, long... shape) {
        return of(DType.FP64, elements, shape);
    }

    /** Makes an INT8 tensor; see {@link #of(float[], long...)}. */
    public static Tensor of(byte[] elements, long... shape) {
        return of(DType.INT8, elements, shape);
    }

    /** Makes an INT16 tensor; see {@link #of(float[], long...)}. */
    public static Tensor of(short[] elements, long... shape) {
        return of(DType.INT16, elements, shape);
    }

    /** Makes an INT32 tensor; see {@link #of(float[], long...)}. */
    public static Tensor of(int[] elements, long... shape) {
        return of(DType.INT32, elements, shape);
    }

    /** Makes an INT64 tensor; see {@link #of(float[], long...)}. */
    public static Tensor of(long[] elements, long... shape) {
        return of(DType.INT64, elements, shape);
    }

    /** Makes a BOOL tensor; see {@link #of(float[], long...)}. The elements are copied. */
    public static Tensor of(boolean[] elements, long... shape) {
        byte[] bytes = new byte[elements.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (elements[i] ? 1 : 0);
        }
        return of(DType.BOOL, MemorySegment.ofArray(bytes), shape);
    }

    /** Makes a BYTES tensor of any bytes; see {@link #of(float[], long...)}. */
    public static Tensor of(byte[][] elements, long... shape) {
        requireCount(elements.length, shape);
        for (byte[] element : elements) {
            if (element == null) {
                throw new SteleException(
                        Code.INVALID_ARGUMENT, "an element of a BYTES tensor is null");
            }
        }
        return new Tensor(DType.BYTES, shape.clone(), MemorySegment.NULL, elements);
    }

    /**
     * Makes a BYTES tensor of texts in UTF-8; see {@link #of(float[], long...)}.
     *
     * @throws SteleException INVALID_ARGUMENT: a text has a lone surrogate, which UTF-8 has no form
     *     for
     */
    public static Tensor of(String[] elements, long... shape) {
        return of(Stream.of(elements).map(Text::encode).toArray(byte[][]::new), shape);
    }

    /**
     * Makes a tensor of FP32, or of C64: real part, imaginary part, and so on.
     *
     * @param dtype the type of the elements
     * @param elements in row-major order
     * @param shape the size of each dimension; none for a scalar
     * @throws SteleException INVALID_ARGUMENT: another type, or another number of elements
     */
    public static Tensor of(DType dtype, float[] elements, long... shape) {
        require(dtype, EnumSet.of(DType.FP32, DType.C64), "float[]");
        return of(dtype, MemorySegment.ofArray(elements), shape);
    }

    /** Makes a tensor of FP64 or C128; see {@link #of(DType, float[], long...)}. */
    public static Tensor of(DType dtype, double[] elements, long... shape) {
        require(dtype, EnumSet.of(DType.FP64, DType.C128), "double[]");
        return of(dtype, MemorySegment.ofArray(elements), shape);
    }

    /** Makes a tensor of INT8 or UINT8; see {@link #of(DType, float[], long...)}. */
    public static Tensor of(DType dtype, byte[] elements, long... shape) {
        require(dtype, EnumSet.of(DType.INT8, DType.UINT8), "byte[]");
        return of(dtype, MemorySegment.ofArray(elements), shape);
    }

    /**
     * Makes a tensor of INT16 or UINT16, or of the bits of FP16 or BF16; see {@link #of(DType,
     * float[], long...)}.
     */
    public static Tensor of(DType dtype, short[] elements, long... shape) {
        require(dtype, EnumSet.of(DType.INT16, DType.UINT16, DType.FP16, DType.BF16), "short[]");
        return of(dtype, MemorySegment.ofArray(elements), shape);
    }

    /** Makes a tensor of INT32 or UINT32; see {@link #of(DType, float[], long...)}. */
    public static Tensor of(DType dtype, int[] elements, long... shape) {
        require(dtype, EnumSet.of(DType.INT32, DType.UINT32), "int[]");
        return of(dtype, MemorySegment.ofArray(elements), shape);
    }

    /** Makes a tensor of INT64 or UINT64; see {@link #of(DType, float[], long...)}. */
    public static Tensor of(DType dtype, long[] elements, long... shape) {
        require(dtype, EnumSet.of(DType.INT64, DType.UINT64), "long[]");
        return of(dtype, MemorySegment.ofArray(elements), shape);
    }

    /**
     * Makes a tensor of any type but BYTES from memory in the machine's byte order: a mapped file,
     * a direct buffer.
     *
     * @param dtype the type of the elements
     * @param elements in row-major order, without padding
     * @param shape the size of each dimension; none for a scalar
     * @throws SteleException INVALID_ARGUMENT: BYTES, or the memory is not as large as the shape
     *     needs
     */
    public static Tensor of(DType dtype, MemorySegment elements, long... shape) {
        if (dtype == DType.BYTES) {
            throw new SteleException(Code.INVALID_ARGUMENT, "BYTES come as byte[][] or String[]");
        }
        long count = elements.byteSize() / dtype.size();
        if (count * dtype.size() != elements.byteSize()) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT,
                    elements.byteSize() + " bytes are no whole number of " + dtype);
        }
        requireCount(count, shape);
        return new Tensor(dtype, shape.clone(), elements, null);
    }

    /** Returns the type of the elements. */
    public DType dtype() {
        return dtype;
    }

    /** Returns the size of each dimension; none of a scalar. */
    public long[] shape() {
        return shape.clone();
    }

    /** Returns the elements as they lie in memory, read-only, without a copy; nothing of BYTES. */
    public MemorySegment segment() {
        return data.asReadOnly();
    }

    /**
     * Returns a copy of the elements of FP32; of C64 real and imaginary parts in turn.
     *
     * @throws SteleException INVALID_ARGUMENT: the tensor is of another type; RESOURCE_EXHAUSTED:
     *     there are more elements than an array can have
     */
    public float[] toFloats() {
        require(dtype, EnumSet.of(DType.FP32, DType.C64), "float[]");
        return checked(JAVA_FLOAT_UNALIGNED).toArray(JAVA_FLOAT_UNALIGNED);
    }

    /** Returns a copy of the elements of FP64 or C128; see {@link #toFloats}. */
    public double[] toDoubles() {
        require(dtype, EnumSet.of(DType.FP64, DType.C128), "double[]");
        return checked(JAVA_DOUBLE_UNALIGNED).toArray(JAVA_DOUBLE_UNALIGNED);
    }

    /** Returns a copy of the elements of INT8, or the bits of UINT8; see {@link #toFloats}. */
    public byte[] toBytes() {
        require(dtype, EnumSet.of(DType.INT8, DType.UINT8), "byte[]");
        return checked(JAVA_BYTE).toArray(JAVA_BYTE);
    }

    /**
     * Returns a copy of the elements of INT16, or the bits of UINT16, FP16 or BF16; see {@link
     * #toFloats}.
     */
    public short[] toShorts() {
        require(dtype, EnumSet.of(DType.INT16, DType.UINT16, DType.FP16, DType.BF16), "short[]");
        return checked(JAVA_SHORT_UNALIGNED).toArray(JAVA_SHORT_UNALIGNED);
    }

    /** Returns a copy of the elements of INT32, or the bits of UINT32; see {@link #toFloats}. */
    public int[] toInts() {
        require(dtype, EnumSet.of(DType.INT32, DType.UINT32), "int[]");
        return checked(JAVA_INT_UNALIGNED).toArray(JAVA_INT_UNALIGNED);
    }

    /** Returns a copy of the elements of INT64, or the bits of UINT64; see {@link #toFloats}. */
    public long[] toLongs() {
        require(dtype, EnumSet.of(DType.INT64, DType.UINT64), "long[]");
        return checked(JAVA_LONG_UNALIGNED).toArray(JAVA_LONG_UNALIGNED);
    }

    /** Returns a copy of the elements of BOOL; see {@link #toFloats}. */
    public boolean[] toBooleans() {
        require(dtype, EnumSet.of(DType.BOOL), "boolean[]");
        boolean[] elements = new boolean[Math.toIntExact(checked(JAVA_BYTE).byteSize())];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = data.get(JAVA_BYTE, i) != 0;
        }
        return elements;
    }

    /** Returns the elements of BYTES; see {@link #toFloats}. The arrays are the tensor's own. */
    public byte[][] toByteStrings() {
        require(dtype, EnumSet.of(DType.BYTES), "byte[][]");
        return strings.clone();
    }

    /**
     * Returns the elements of BYTES as texts in UTF-8, what is none as U+FFFD; see {@link
     * #toFloats}.
     */
    public String[] toStrings() {
        return Stream.of(toByteStrings())
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .toArray(String[]::new);
    }

    /** Returns what people read: {@code FP32 [1,8,8,1]}. */
    @Override
    public String toString() {
        return dtype + " " + Shape.of(shape);
    }

    byte[][] strings() {
        return strings;
    }

    MemorySegment data() {
        return data;
    }

    int rank() {
        return shape.length;
    }

    long dim(int index) {
        return shape[index];
    }

    /** Bytes of the elements as libstele has them, without what a BYTES element points to. */
    long size() {
        return strings == null ? data.byteSize() : (long) strings.length * dtype.stride();
    }

    private MemorySegment checked(ValueLayout element) {
        if (data.byteSize() / element.byteSize() > MOST) {
            throw new SteleException(
                    Code.RESOURCE_EXHAUSTED, this + " has more elements than an array can have");
        }
        return data;
    }

    private static void require(DType dtype, Set<DType> fitting, String array) {
        if (!fitting.contains(dtype)) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT, dtype + " is not what a " + array + " holds");
        }
    }

    private static void requireCount(long given, long[] shape) {
        long count = 1;
        for (long dim : shape) {
            if (dim < 0) {
                throw new SteleException(Code.INVALID_ARGUMENT, "a dimension is negative: " + dim);
            }
            // Too many elements for a long are too many for what was given.
            count =
                    Math.multiplyHigh(count, dim) != 0 || count * dim < 0
                            ? Long.MAX_VALUE
                            : count * dim;
        }
        if (count != given) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT,
                    "shape "
                            + Shape.of(shape)
                            + " has "
                            + (count == Long.MAX_VALUE ? "too many" : count)
                            + " elements, "
                            + given
                            + " given");
        }
    }
}
