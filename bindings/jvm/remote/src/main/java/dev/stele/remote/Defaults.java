package dev.stele.remote;

import static java.lang.foreign.MemorySegment.ofArray;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import dev.stele.Code;
import dev.stele.DType;
import dev.stele.Shape;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.TensorInfo;
import dev.stele.remote.proto.TensorProto;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/** Reads what a SavedModel has for an input that is not given: a serialized TensorProto. */
final class Defaults {
    /**
     * The most bytes that a few values may be repeated to fill: a few bytes could ask for any
     * number.
     */
    private static final int MOST_FILLED = 64 << 20;

    /** What libstele counts for a string. */
    private static final int STRING_SIZE = 16;

    private Defaults() {}

    /**
     * Nothing for one that cannot be read or does not fit its input, which is then required. The
     * contract's defaults.tsv has rows.
     */
    static Optional<Tensor> read(TensorInfo input, ByteString serialized) {
        try {
            TensorProto given = TensorProto.parseFrom(serialized);
            Optional<DType> dtype = DType.of(given.getDtype());
            Shape shape = RemoteSignatures.shape(given.getTensorShape());
            if (dtype.isEmpty()
                    || !dtype.equals(input.dtype())
                    || shape.equals(Shape.UNKNOWN)
                    || !RemoteSignature.accepts(input.shape(), shape.dims())) {
                return Optional.empty();
            }
            return Optional.of(read(dtype.get(), given, shape.dims()));
        } catch (IOException | SteleException unreadable) {
            return Optional.empty();
        }
    }

    private static Tensor read(DType dtype, TensorProto given, long[] dims) throws IOException {
        ByteString content = given.getTensorContent();
        if (content.isEmpty()) {
            return ofValues(dtype, given, dims);
        }
        return dtype == DType.BYTES
                ? ofPacked(content, dims)
                : Tensor.of(dtype, MemorySegment.ofBuffer(content.asReadOnlyByteBuffer()), dims);
    }

    /** Reads strings as TensorFlow packs them: all lengths as varints, then all bytes. */
    private static Tensor ofPacked(ByteString content, long[] dims) throws IOException {
        CodedInputStream packed = content.newCodedInput();
        int[] lengths = new int[count(dims, content.size())];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = length(packed);
        }
        byte[][] strings = new byte[lengths.length][];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = packed.readRawBytes(lengths[i]);
        }
        if (!packed.isAtEnd()) {
            throw unreadable();
        }
        return Tensor.of(strings, dims);
    }

    private static int length(CodedInputStream packed) throws IOException {
        long length = packed.readRawVarint64();
        if (length < 0 || length > Integer.MAX_VALUE) {
            throw unreadable();
        }
        return (int) length;
    }

    /** Reads elements from the field of their dtype. */
    private static Tensor ofValues(DType dtype, TensorProto given, long[] dims) {
        return switch (dtype) {
            case BOOL -> filled(dtype, bits(Lists.booleans(given.getBoolValList())), dims);
            case INT8, UINT8 ->
                    filled(dtype, ofArray(Lists.bytes(Lists.ints(given.getIntValList()))), dims);
            case INT16, UINT16 ->
                    filled(dtype, ofArray(Lists.shorts(Lists.ints(given.getIntValList()))), dims);
            case INT32 -> filled(dtype, ofArray(Lists.ints(given.getIntValList())), dims);
            case UINT32 -> filled(dtype, ofArray(Lists.ints(given.getUint32ValList())), dims);
            case INT64 -> filled(dtype, ofArray(Lists.longs(given.getInt64ValList())), dims);
            case UINT64 -> filled(dtype, ofArray(Lists.longs(given.getUint64ValList())), dims);
            case FP16, BF16 ->
                    filled(dtype, ofArray(Lists.shorts(Lists.ints(given.getHalfValList()))), dims);
            case FP32 -> filled(dtype, ofArray(Lists.floats(given.getFloatValList())), dims);
            case FP64 -> filled(dtype, ofArray(Lists.doubles(given.getDoubleValList())), dims);
            case C64 -> filled(dtype, ofArray(Lists.floats(given.getScomplexValList())), dims);
            case C128 -> filled(dtype, ofArray(Lists.doubles(given.getDcomplexValList())), dims);
            case BYTES -> filled(Lists.strings(given.getStringValList()), dims);
        };
    }

    private static MemorySegment bits(boolean[] values) {
        return Tensor.of(values, values.length).segment();
    }

    /** The last value stands for all that are missing, and none for zeros. */
    private static Tensor filled(DType dtype, MemorySegment values, long[] dims) {
        int size = dtype.size();
        long given = values.byteSize();
        if (given % size != 0) {
            throw unreadable(); // half a complex number
        }
        long needed = (long) size * count(dims, Math.max(MOST_FILLED, given) / size);
        if (given >= needed) {
            return Tensor.of(dtype, values, dims);
        }
        MemorySegment elements = ofArray(new byte[Math.toIntExact(needed)]).copyFrom(values);
        for (long at = given; given > 0 && at < needed; at += size) {
            MemorySegment.copy(values, given - size, elements, at, size);
        }
        return Tensor.of(dtype, elements, dims);
    }

    private static Tensor filled(byte[][] values, long[] dims) {
        int given = values.length;
        int count = count(dims, Math.max(MOST_FILLED / STRING_SIZE, given));
        byte[] last = given > 0 ? values[given - 1] : new byte[0];
        byte[][] elements = Arrays.copyOf(values, Math.max(count, given));
        Arrays.fill(elements, given, elements.length, last);
        return Tensor.of(elements, dims);
    }

    /** Counts the elements of a shape, of which there may be so many. */
    private static int count(long[] dims, long most) {
        long count = 1;
        for (long dim : dims) {
            if (dim == 0) {
                return 0;
            }
            if (dim < 0 || count > most / dim) {
                throw unreadable();
            }
            count *= dim;
        }
        return Math.toIntExact(count);
    }

    private static SteleException unreadable() {
        return new SteleException(Code.INVALID_ARGUMENT, "a default that cannot be read");
    }
}
