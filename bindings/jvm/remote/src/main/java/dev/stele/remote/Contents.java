package dev.stele.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnsafeByteOperations;
import dev.stele.Code;
import dev.stele.DType;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.remote.proto.InferTensorContents;
import dev.stele.remote.proto.ModelInferRequest;
import dev.stele.remote.proto.ModelInferRequest.InferInputTensor;
import dev.stele.remote.proto.ModelInferResponse;
import dev.stele.remote.proto.ModelInferResponse.InferOutputTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tensors as the Open Inference Protocol has them: little-endian, in the raw or the typed form. */
final class Contents {
    private Contents() {}

    /** What a request says of an input, besides its elements. */
    static InferInputTensor describe(String name, Tensor tensor) {
        InferInputTensor.Builder input =
                InferInputTensor.newBuilder().setName(name).setDatatype(tensor.dtype().name());
        for (long size : tensor.shape()) {
            input.addShape(size);
        }
        return input.build();
    }

    /** Bytes that the elements of an input add to a request, however many. */
    static long sizeInMessage(Tensor tensor) {
        long size = size(tensor);
        return CodedOutputStream.computeTagSize(ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER)
                + CodedOutputStream.computeUInt64SizeNoTag(size)
                + size;
    }

    private static long size(Tensor tensor) {
        if (tensor.dtype() != DType.BYTES) {
            return tensor.segment().byteSize();
        }
        long size = 0;
        for (byte[] element : tensor.toByteStrings()) {
            size += Integer.BYTES + element.length;
        }
        return size;
    }

    /** The elements in the raw form, which is exact; of no more than 2 GiB. */
    static ByteString raw(Tensor tensor) {
        if (tensor.dtype() != DType.BYTES) {
            return UnsafeByteOperations.unsafeWrap(tensor.segment().toArray(ValueLayout.JAVA_BYTE));
        }
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(size(tensor))).order(ByteOrder.LITTLE_ENDIAN);
        for (byte[] element : tensor.toByteStrings()) {
            bytes.putInt(element.length).put(element);
        }
        return UnsafeByteOperations.unsafeWrap(bytes.flip());
    }

    /**
     * Returns the outputs of a response, in either form, by name.
     *
     * @throws SteleException whatever its code: the response does not add up
     */
    static Map<String, Tensor> take(ModelInferResponse response) {
        int raw = response.getRawOutputContentsCount();
        int count = response.getOutputsCount();
        if (raw > 0 && raw != count) {
            throw odd(raw + " raw contents for " + count + " tensors");
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            InferOutputTensor output = response.getOutputs(i);
            try {
                tensors.put(
                        output.getName(),
                        raw > 0
                                ? ofRaw(output, response.getRawOutputContents(i))
                                : ofTyped(output));
            } catch (SteleException odd) {
                throw odd("tensor \"" + output.getName() + "\": " + odd.getMessage());
            }
        }
        return tensors;
    }

    private static Tensor ofRaw(InferOutputTensor output, ByteString contents) {
        DType dtype = dtype(output);
        return dtype == DType.BYTES
                ? Tensor.of(split(contents.asReadOnlyByteBuffer()), shape(output))
                : Tensor.of(
                        dtype,
                        MemorySegment.ofBuffer(contents.asReadOnlyByteBuffer()),
                        shape(output));
    }

    private static byte[][] split(ByteBuffer contents) {
        contents.order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> elements = new ArrayList<>();
        while (contents.hasRemaining()) {
            long size =
                    contents.remaining() < Integer.BYTES
                            ? Long.MAX_VALUE
                            : Integer.toUnsignedLong(contents.getInt());
            if (size > contents.remaining()) {
                throw odd("BYTES element " + elements.size() + " is cut short");
            }
            byte[] element = new byte[(int) size];
            contents.get(element);
            elements.add(element);
        }
        return elements.toArray(byte[][]::new);
    }

    /** Reads elements from the field of their dtype. */
    static Tensor ofTyped(InferOutputTensor output) {
        InferTensorContents contents = output.getContents();
        DType dtype = dtype(output);
        long[] shape = shape(output);
        return switch (dtype) {
            case BOOL -> Tensor.of(Lists.booleans(contents.getBoolContentsList()), shape);
            case INT8 -> {
                int[] ints = Lists.ints(contents.getIntContentsList());
                requireRange(dtype, ints, Byte.MIN_VALUE, Byte.MAX_VALUE);
                yield Tensor.of(Lists.bytes(ints), shape);
            }
            case INT16 -> {
                int[] ints = Lists.ints(contents.getIntContentsList());
                requireRange(dtype, ints, Short.MIN_VALUE, Short.MAX_VALUE);
                yield Tensor.of(Lists.shorts(ints), shape);
            }
            case UINT8 -> {
                int[] ints = Lists.ints(contents.getUintContentsList());
                requireRange(dtype, ints, 0, 0xff);
                yield Tensor.of(dtype, Lists.bytes(ints), shape);
            }
            case UINT16 -> {
                int[] ints = Lists.ints(contents.getUintContentsList());
                requireRange(dtype, ints, 0, 0xffff);
                yield Tensor.of(dtype, Lists.shorts(ints), shape);
            }
            case INT32 -> Tensor.of(Lists.ints(contents.getIntContentsList()), shape);
            case UINT32 -> Tensor.of(dtype, Lists.ints(contents.getUintContentsList()), shape);
            case INT64 -> Tensor.of(Lists.longs(contents.getInt64ContentsList()), shape);
            case UINT64 -> Tensor.of(dtype, Lists.longs(contents.getUint64ContentsList()), shape);
            case FP32 -> Tensor.of(Lists.floats(contents.getFp32ContentsList()), shape);
            case FP64 -> Tensor.of(Lists.doubles(contents.getFp64ContentsList()), shape);
            case BYTES -> Tensor.of(Lists.strings(contents.getBytesContentsList()), shape);
            // None of the others has a field; there is one without elements all the same.
            case FP16, BF16 -> Tensor.of(dtype, new short[0], shape);
            case C64 -> Tensor.of(dtype, new float[0], shape);
            case C128 -> Tensor.of(dtype, new double[0], shape);
        };
    }

    private static void requireRange(DType dtype, int[] values, int least, int most) {
        for (int value : values) {
            if (value < least || value > most) {
                throw odd("a value that " + dtype + " cannot hold");
            }
        }
    }

    private static DType dtype(InferOutputTensor output) {
        return DType.of(output.getDatatype())
                .orElseThrow(() -> odd("the unknown dtype \"" + output.getDatatype() + "\""));
    }

    private static long[] shape(InferOutputTensor output) {
        return Lists.longs(output.getShapeList());
    }

    private static SteleException odd(String why) {
        return new SteleException(Code.INTERNAL, why);
    }
}
