package dev.stele.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.stele.Code;
import dev.stele.DType;
import dev.stele.Shape;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.remote.proto.TensorProto;
import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;

/** Reads what a SavedModel has for an input that is not given: a serialized TensorProto. */
final class Defaults {
    /**
     * More elements than a default that is no mistake has: a few bytes could ask for any number.
     */
    private static final long MOST = 1 << 20;

    private Defaults() {}

    /** Nothing for one that cannot be read, whose input is then required. */
    static Optional<Tensor> read(ByteString serialized) {
        try {
            TensorProto given = TensorProto.parseFrom(serialized);
            return DType.of(given.getDtype()).map(dtype -> read(dtype, given));
        } catch (InvalidProtocolBufferException | SteleException unreadable) {
            return Optional.empty();
        }
    }

    private static Tensor read(DType dtype, TensorProto given) {
        Shape shape = RemoteSignatures.shape(given.getTensorShape());
        long[] dims = shape.dims();
        if (!given.getTensorContent().isEmpty() && dtype != DType.BYTES) {
            return Tensor.of(
                    dtype,
                    MemorySegment.ofBuffer(given.getTensorContent().asReadOnlyByteBuffer()),
                    dims);
        }
        int count = count(shape);
        return switch (dtype) {
            case BOOL ->
                    Tensor.of(Lists.booleans(filled(given.getBoolValList(), count, false)), dims);
            case INT8, UINT8 ->
                    Tensor.of(dtype, Lists.bytes(ints(given.getIntValList(), count)), dims);
            case INT16, UINT16 ->
                    Tensor.of(dtype, Lists.shorts(ints(given.getIntValList(), count)), dims);
            case INT32 -> Tensor.of(ints(given.getIntValList(), count), dims);
            case UINT32 -> Tensor.of(dtype, ints(given.getUint32ValList(), count), dims);
            case INT64 -> Tensor.of(Lists.longs(filled(given.getInt64ValList(), count, 0L)), dims);
            case UINT64 ->
                    Tensor.of(
                            dtype, Lists.longs(filled(given.getUint64ValList(), count, 0L)), dims);
            case FP16, BF16 ->
                    Tensor.of(dtype, Lists.shorts(ints(given.getHalfValList(), count)), dims);
            case FP32 -> Tensor.of(Lists.floats(filled(given.getFloatValList(), count, 0f)), dims);
            case FP64 ->
                    Tensor.of(Lists.doubles(filled(given.getDoubleValList(), count, 0d)), dims);
            case C64 ->
                    Tensor.of(
                            dtype,
                            Lists.floats(filledPairs(given.getScomplexValList(), count, 0f)),
                            dims);
            case C128 ->
                    Tensor.of(
                            dtype,
                            Lists.doubles(filledPairs(given.getDcomplexValList(), count, 0d)),
                            dims);
            case BYTES ->
                    Tensor.of(
                            Lists.strings(
                                    filled(given.getStringValList(), count, ByteString.EMPTY)),
                            dims);
        };
    }

    private static int[] ints(List<Integer> values, int count) {
        return Lists.ints(filled(values, count, 0));
    }

    private static int count(Shape shape) {
        long count = 1;
        for (long dim : shape.dims()) {
            if (dim < 0 || (dim > 0 && count > MOST / dim)) {
                throw new SteleException(Code.INVALID_ARGUMENT, "a default of that shape is none");
            }
            count *= dim;
        }
        return (int) count;
    }

    /** So many values, where the last one stands for all that are missing. */
    private static <T> List<T> filled(List<T> values, int count, T none) {
        return new AbstractList<>() {
            @Override
            public T get(int index) {
                return values.isEmpty() ? none : values.get(Math.min(index, values.size() - 1));
            }

            @Override
            public int size() {
                return Math.max(count, values.size());
            }
        };
    }

    /** So many pairs, where the last pair stands for all that are missing. */
    private static <T> List<T> filledPairs(List<T> values, int count, T none) {
        return new AbstractList<>() {
            @Override
            public T get(int index) {
                int pair = Math.min(index / 2, values.size() / 2 - 1);
                return pair < 0 ? none : values.get(2 * pair + index % 2);
            }

            @Override
            public int size() {
                return Math.max(2 * count, values.size());
            }
        };
    }
}
