package dev.stele.worker;

import dev.stele.Code;
import dev.stele.DType;
import dev.stele.Predictor;
import dev.stele.Shape;
import dev.stele.Signature;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/** A model of TensorFlow for Java, with no check that it does not make itself. */
final class TensorFlowModel implements Predictor {
    /** All types that it has but strings. */
    private static final Map<DType, Class<? extends TType>> TYPES =
            Map.of(
                    DType.BOOL, TBool.class,
                    DType.INT32, TInt32.class,
                    DType.INT64, TInt64.class,
                    DType.UINT8, TUint8.class,
                    DType.UINT16, TUint16.class,
                    DType.FP16, TFloat16.class,
                    DType.BF16, TBfloat16.class,
                    DType.FP32, TFloat32.class,
                    DType.FP64, TFloat64.class);

    private final SavedModelBundle bundle;
    private final Map<String, Signature> signatures = new TreeMap<>();

    TensorFlowModel(SavedModelBundle bundle) {
        this.bundle = bundle;
        for (org.tensorflow.Signature signature : bundle.signatures()) {
            signatures.put(
                    signature.key(),
                    new Signature(
                            signature.key(),
                            infos(signature.getInputs()),
                            infos(signature.getOutputs())));
        }
    }

    @Override
    public Map<String, Signature> signatures() {
        return signatures;
    }

    @Override
    public Map<String, Tensor> run(
            String signature, Collection<? extends Map.Entry<String, Tensor>> inputs) {
        List<org.tensorflow.Tensor> own = new ArrayList<>();
        try {
            Map<String, org.tensorflow.Tensor> arguments = new LinkedHashMap<>();
            for (Map.Entry<String, Tensor> input : inputs) {
                own.add(theirs(input.getValue()));
                arguments.put(input.getKey(), own.getLast());
            }
            try (Result result = bundle.function(signature).call(arguments)) {
                Map<String, Tensor> outputs = new TreeMap<>();
                result.forEach(output -> outputs.put(output.getKey(), ours(output.getValue())));
                return outputs;
            }
        } catch (RuntimeException error) {
            throw TensorFlowWorker.asRefusal(error);
        } finally {
            own.forEach(org.tensorflow.Tensor::close);
        }
    }

    @Override
    public void close() {
        bundle.close();
    }

    private static Map<String, TensorInfo> infos(
            Map<String, org.tensorflow.Signature.TensorDescription> given) {
        Map<String, TensorInfo> infos = new TreeMap<>();
        given.forEach(
                (name, tensor) -> {
                    int number = tensor.dataType.getNumber();
                    String dtype = DType.of(number).map(DType::name).orElse("TF_" + number);
                    Shape shape =
                            tensor.shape.isUnknown()
                                    ? Shape.UNKNOWN
                                    : Shape.of(tensor.shape.asArray());
                    infos.put(name, new TensorInfo(name, dtype, shape, false));
                });
        return infos;
    }

    private static org.tensorflow.Tensor theirs(Tensor tensor) {
        var shape = org.tensorflow.ndarray.Shape.of(tensor.shape());
        if (tensor.dtype() == DType.BYTES) {
            return TString.tensorOfBytes(shape, DataBuffers.ofObjects(tensor.toByteStrings()));
        }
        Class<? extends TType> type = TYPES.get(tensor.dtype());
        if (type == null) {
            throw missing(tensor.dtype().name());
        }
        byte[] bytes = tensor.segment().toArray(ValueLayout.JAVA_BYTE);
        return org.tensorflow.Tensor.of(type, shape, DataBuffers.of(bytes));
    }

    private static Tensor ours(org.tensorflow.Tensor tensor) {
        DType dtype =
                DType.of(tensor.dataType().getNumber())
                        .orElseThrow(() -> missing(tensor.dataType().name()));
        long[] shape = tensor.shape().asArray();
        if (tensor instanceof TString texts) {
            List<byte[]> strings = new ArrayList<>();
            texts.asBytes().scalars().forEach(scalar -> strings.add(scalar.getObject()));
            return Tensor.of(strings.toArray(byte[][]::new), shape);
        }
        ByteDataBuffer data = tensor.asRawTensor().data();
        byte[] bytes = new byte[Math.toIntExact(data.size())];
        data.read(bytes);
        return Tensor.of(dtype, MemorySegment.ofArray(bytes), shape);
    }

    private static SteleException missing(String dtype) {
        return new SteleException(
                Code.UNIMPLEMENTED, "TensorFlow for Java has no type for " + dtype);
    }
}
