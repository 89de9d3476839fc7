package dev.stele;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads what libstele hands out, and copies it into Java's memory. */
final class Answer {
    private static final long WORD = Long.BYTES;

    private Answer() {}

    /** The signatures of a model, by name in the order of names. */
    static Map<String, Signature> signatures(long model) {
        Map<String, Signature> all = new LinkedHashMap<>();
        for (long i = 0; i < Libstele.signatureCount(model); i++) {
            Signature signature = signature(Libstele.signatureAt(model, i));
            all.put(signature.name(), signature);
        }
        return Collections.unmodifiableMap(all);
    }

    /** The outputs of a call, by name in the signature's order, which is that of libstele. */
    static Map<String, Tensor> outputs(long answer, Signature signature) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        long tensor = Memory.readLong(answer + Libstele.OUTPUTS_TENSORS);
        // Not the names that libstele gives: each would be a new text.
        for (String name : signature.outputs().keySet()) {
            all.put(name, tensor(tensor));
            tensor += Libstele.TENSOR_SIZE;
        }
        return Collections.unmodifiableMap(all);
    }

    private static Signature signature(long signature) {
        return new Signature(
                text(signature),
                infos(signature, Libstele.SIGNATURE_N_INPUTS, Libstele.SIGNATURE_INPUTS),
                infos(signature, Libstele.SIGNATURE_N_OUTPUTS, Libstele.SIGNATURE_OUTPUTS));
    }

    private static Map<String, TensorInfo> infos(long signature, long countAt, long pointerAt) {
        long count = Memory.readLong(signature + countAt);
        long infos = Memory.readLong(signature + pointerAt);
        Map<String, TensorInfo> all = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            TensorInfo info = info(infos + i * Libstele.INFO_SIZE);
            all.put(info.name(), info);
        }
        return Collections.unmodifiableMap(all);
    }

    private static TensorInfo info(long info) {
        int rank = Memory.readInt(info + Libstele.INFO_RANK);
        return new TensorInfo(
                text(info),
                text(info + Libstele.INFO_DTYPE_NAME),
                rank < 0 ? Shape.UNKNOWN : Shape.of(dims(info + Libstele.INFO_DIMS, rank)),
                Memory.readLong(info + Libstele.INFO_DEFAULT) != 0);
    }

    private static Tensor tensor(long tensor) {
        DType dtype = DType.of(Memory.readInt(tensor + Libstele.TENSOR_DTYPE)).orElseThrow();
        int rank = Memory.readInt(tensor + Libstele.TENSOR_RANK);
        long[] shape = dims(tensor + Libstele.TENSOR_DIMS, rank);
        long data = Memory.readLong(tensor + Libstele.TENSOR_DATA);
        long size = Memory.readLong(tensor + Libstele.TENSOR_BYTES);
        return dtype == DType.BYTES
                ? Tensor.ofAnswer(shape, strings(data, size))
                : Tensor.ofAnswer(dtype, shape, copy(data, size));
    }

    // Words, since an array of bytes would end at 2 GiB.
    private static MemorySegment copy(long data, long size) {
        long words = (size + WORD - 1) / WORD;
        MemorySegment own = MemorySegment.ofArray(new long[length(words)]).asSlice(0, size);
        Memory.read(data, own);
        return own;
    }

    private static byte[][] strings(long data, long size) {
        byte[][] strings = new byte[length(size / DType.BYTES.stride())][];
        for (int i = 0; i < strings.length; i++) {
            long string = data + (long) i * DType.BYTES.stride();
            int bytes = length(Memory.readLong(string + WORD));
            strings[i] = Memory.readBytes(Memory.readLong(string), bytes);
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

    private static long[] dims(long pointerAt, int rank) {
        return Memory.readLongs(Memory.readLong(pointerAt), rank);
    }

    private static String text(long pointerAt) {
        return Memory.readText(Memory.readLong(pointerAt));
    }
}
