package dev.stele;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads what libstele hands out, and copies it into Java's memory. */
final class Answer {
    private static final long WORD = Long.BYTES;

    private Answer() {}

    /** The signatures of a model, by name in the order of names. */
    static Map<String, Signature> signatures(MemorySegment model) {
        Map<String, Signature> all = new LinkedHashMap<>();
        for (long i = 0; i < Libstele.signatureCount(model); i++) {
            Signature signature = signature(Libstele.signatureAt(model, i));
            all.put(signature.name(), signature);
        }
        return Collections.unmodifiableMap(all);
    }

    /** The outputs of a call, by name in the signature's order. */
    static Map<String, Tensor> outputs(MemorySegment answer) {
        MemorySegment outputs = answer.reinterpret(Libstele.OUTPUTS_SIZE);
        long count = outputs.get(JAVA_LONG, 0);
        MemorySegment tensors =
                pointer(outputs, Libstele.OUTPUTS_TENSORS, count * Libstele.TENSOR_SIZE);
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            MemorySegment tensor = tensors.asSlice(i * Libstele.TENSOR_SIZE, Libstele.TENSOR_SIZE);
            all.put(text(tensor, 0), tensor(tensor));
        }
        return Collections.unmodifiableMap(all);
    }

    /** A text in C's memory. */
    static String text(MemorySegment pointer) {
        return pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    private static Signature signature(MemorySegment signature) {
        return new Signature(
                text(signature, 0),
                infos(signature, Libstele.SIGNATURE_N_INPUTS, Libstele.SIGNATURE_INPUTS),
                infos(signature, Libstele.SIGNATURE_N_OUTPUTS, Libstele.SIGNATURE_OUTPUTS));
    }

    private static Map<String, TensorInfo> infos(
            MemorySegment signature, long countAt, long pointerAt) {
        long count = signature.get(JAVA_LONG, countAt);
        MemorySegment infos = pointer(signature, pointerAt, count * Libstele.INFO_SIZE);
        Map<String, TensorInfo> all = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            TensorInfo info = info(infos.asSlice(i * Libstele.INFO_SIZE, Libstele.INFO_SIZE));
            all.put(info.name(), info);
        }
        return Collections.unmodifiableMap(all);
    }

    private static TensorInfo info(MemorySegment info) {
        int rank = info.get(JAVA_INT, Libstele.INFO_RANK);
        return new TensorInfo(
                text(info, 0),
                text(info, Libstele.INFO_DTYPE_NAME),
                rank < 0 ? Shape.UNKNOWN : Shape.of(dims(info, Libstele.INFO_DIMS, rank)),
                info.get(ADDRESS, Libstele.INFO_DEFAULT).address() != 0);
    }

    private static Tensor tensor(MemorySegment tensor) {
        DType dtype = DType.of(tensor.get(JAVA_INT, Libstele.TENSOR_DTYPE)).orElseThrow();
        long[] shape =
                dims(tensor, Libstele.TENSOR_DIMS, tensor.get(JAVA_INT, Libstele.TENSOR_RANK));
        long size = tensor.get(JAVA_LONG, Libstele.TENSOR_BYTES);
        MemorySegment data = pointer(tensor, Libstele.TENSOR_DATA, size);
        return dtype == DType.BYTES
                ? Tensor.ofAnswer(shape, strings(data))
                : Tensor.ofAnswer(dtype, shape, copy(data));
    }

    // Words, since an array of bytes would end at 2 GiB.
    private static MemorySegment copy(MemorySegment data) {
        long words = (data.byteSize() + WORD - 1) / WORD;
        MemorySegment own =
                MemorySegment.ofArray(new long[length(words)]).asSlice(0, data.byteSize());
        return own.copyFrom(data);
    }

    private static byte[][] strings(MemorySegment data) {
        byte[][] strings = new byte[length(data.byteSize() / DType.BYTES.stride())][];
        for (int i = 0; i < strings.length; i++) {
            long at = (long) i * DType.BYTES.stride();
            long size = data.get(JAVA_LONG, at + WORD);
            strings[i] = new byte[length(size)];
            MemorySegment.copy(
                    pointer(data, at, size), JAVA_BYTE, 0, strings[i], 0, strings[i].length);
        }
        return strings;
    }

    private static int length(long count) {
        if (count > Integer.MAX_VALUE - 8) {
            throw new SteleException(
                    Code.RESOURCE_EXHAUSTED,
                    "an output of " + count + " elements: too large for Java");
        }
        return (int) count;
    }

    private static long[] dims(MemorySegment structure, long at, int rank) {
        return pointer(structure, at, rank * WORD).toArray(JAVA_LONG);
    }

    private static String text(MemorySegment structure, long at) {
        return text(structure.get(ADDRESS, at));
    }

    private static MemorySegment pointer(MemorySegment structure, long at, long size) {
        return structure.get(ADDRESS, at).reinterpret(size);
    }
}
