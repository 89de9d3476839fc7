package dev.stele.worker;

import dev.stele.DType;
import dev.stele.Predictor;
import dev.stele.Tensor;
import java.util.List;
import java.util.Map;

/** What the workers in Java do alike: inputs by its constructors, outputs by its accessors. */
public abstract class JavaClient implements Kit.Client {
    @Override
    public final Kit.Run prepare(Predictor model, String signature, List<Kit.Contents> inputs) {
        List<Map.Entry<String, Tensor>> tensors =
                inputs.stream().map(input -> Map.entry(input.name(), tensor(input))).toList();
        return new Kit.Run() {
            private Map<String, Tensor> outputs;

            @Override
            public void call() {
                outputs = model.run(signature, tensors);
            }

            @Override
            public List<Kit.Contents> outputs() {
                return outputs.entrySet().stream()
                        .map(
                                output ->
                                        new Kit.Contents(
                                                output.getKey(),
                                                output.getValue().dtype(),
                                                output.getValue().shape(),
                                                bytes(output.getValue())))
                        .toList();
            }
        };
    }

    private static Tensor tensor(Kit.Contents input) {
        byte[] bytes = input.bytes();
        long[] shape = input.shape();
        DType dtype = input.dtype();
        return switch (dtype) {
            case FP32, C64 -> Tensor.of(dtype, Bytes.floats(bytes), shape);
            case FP64, C128 -> Tensor.of(dtype, Bytes.doubles(bytes), shape);
            case INT8, UINT8 -> Tensor.of(dtype, bytes, shape);
            case INT16, UINT16, FP16, BF16 -> Tensor.of(dtype, Bytes.shorts(bytes), shape);
            case INT32, UINT32 -> Tensor.of(dtype, Bytes.ints(bytes), shape);
            case INT64, UINT64 -> Tensor.of(dtype, Bytes.longs(bytes), shape);
            case BOOL -> Tensor.of(Bytes.booleans(bytes), shape);
            case BYTES -> Tensor.of(Bytes.strings(bytes), shape);
        };
    }

    private static byte[] bytes(Tensor tensor) {
        return switch (tensor.dtype()) {
            case FP32, C64 -> Bytes.of(tensor.toFloats());
            case FP64, C128 -> Bytes.of(tensor.toDoubles());
            case INT8, UINT8 -> tensor.toBytes();
            case INT16, UINT16, FP16, BF16 -> Bytes.of(tensor.toShorts());
            case INT32, UINT32 -> Bytes.of(tensor.toInts());
            case INT64, UINT64 -> Bytes.of(tensor.toLongs());
            case BOOL -> Bytes.of(tensor.toBooleans());
            case BYTES -> Bytes.of(tensor.toByteStrings());
        };
    }
}
