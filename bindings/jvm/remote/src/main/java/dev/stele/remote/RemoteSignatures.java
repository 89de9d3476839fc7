package dev.stele.remote;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.stele.Code;
import dev.stele.DType;
import dev.stele.Predictor;
import dev.stele.Shape;
import dev.stele.Signature;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.TensorInfo;
import dev.stele.remote.proto.Any;
import dev.stele.remote.proto.GetModelMetadataRequest;
import dev.stele.remote.proto.GetModelMetadataResponse;
import dev.stele.remote.proto.Int64Value;
import dev.stele.remote.proto.ModelMetadataRequest;
import dev.stele.remote.proto.ModelMetadataResponse;
import dev.stele.remote.proto.ModelMetadataResponse.TensorMetadata;
import dev.stele.remote.proto.ModelSpec;
import dev.stele.remote.proto.SignatureDef;
import dev.stele.remote.proto.SignatureDefMap;
import dev.stele.remote.proto.TensorShape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** What a server says that its model takes. */
final class RemoteSignatures {
    private static final String SIGNATURE_DEF = "signature_def";

    /** Names that begin so are TensorFlow's own and not for users. */
    private static final String PRIVATE = "__saved_model_";

    /** Dtypes beyond this one are of references to others. */
    private static final int REFERENCES = 100;

    /** The order of names in every language: that of their bytes in UTF-8. */
    private static final Comparator<String> BY_BYTES =
            (a, b) ->
                    Arrays.compareUnsigned(
                            a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private RemoteSignatures() {}

    /**
     * Asks for the signatures of a model; nothing if the server does not say what its model takes,
     * as the Open Inference Protocol allows.
     *
     * <p>TensorFlow Serving's API tells them all, as the SavedModel has them. Where a server has no
     * such API, or no model of this name in it, the Open Inference Protocol tells one.
     */
    static Optional<SortedMap<String, RemoteSignature>> ask(
            Connection connection, String name, String version) {
        OptionalLong number = number(version);
        if (version.isEmpty() || number.isPresent()) {
            try {
                return Optional.of(ofTensorFlowServing(connection, name, number));
            } catch (SteleException refused) {
                if (refused.code() != Code.UNIMPLEMENTED && refused.code() != Code.NOT_FOUND) {
                    throw refused;
                }
            }
        }
        return ofOpenInference(connection, name, version);
    }

    /** TensorFlow Serving's versions are numbers. */
    private static OptionalLong number(String version) {
        try {
            long number = Long.parseLong(version);
            return number >= 0 ? OptionalLong.of(number) : OptionalLong.empty();
        } catch (NumberFormatException other) {
            return OptionalLong.empty();
        }
    }

    private static SortedMap<String, RemoteSignature> ofTensorFlowServing(
            Connection connection, String name, OptionalLong version) {
        ModelSpec.Builder spec = ModelSpec.newBuilder().setName(name);
        version.ifPresent(number -> spec.setVersion(Int64Value.newBuilder().setValue(number)));
        GetModelMetadataResponse response =
                connection.call(
                        Methods.SIGNATURES,
                        GetModelMetadataRequest.newBuilder()
                                .setModelSpec(spec)
                                .addMetadataField(SIGNATURE_DEF)
                                .build());
        Any any = response.getMetadataOrDefault(SIGNATURE_DEF, Any.getDefaultInstance());
        SortedMap<String, RemoteSignature> found = new TreeMap<>(BY_BYTES);
        try {
            SignatureDefMap.parseFrom(any.getValue())
                    .getSignatureDefMap()
                    .forEach((key, def) -> found.put(key, ofDef(key, def)));
        } catch (InvalidProtocolBufferException error) {
            throw connection.broken("the signatures of \"" + name + "\": " + error.getMessage());
        }
        found.keySet().removeIf(key -> key.startsWith(PRIVATE));
        return found;
    }

    private static RemoteSignature ofDef(String name, SignatureDef def) {
        Map<String, Tensor> defaults = defaults(def);
        SortedMap<String, TensorInfo> inputs = infos(def.getInputsMap(), defaults.keySet());
        SortedMap<String, TensorInfo> outputs = infos(def.getOutputsMap(), Set.of());
        Optional<String> refusal = refusal("input", name, inputs, composites(def.getInputsMap()));
        if (refusal.isEmpty()) {
            refusal = refusal("output", name, outputs, composites(def.getOutputsMap()));
        }
        return new RemoteSignature(signature(name, inputs, outputs), defaults, refusal);
    }

    /** What stands for inputs that are not given, by their names. */
    private static Map<String, Tensor> defaults(SignatureDef def) {
        Map<String, Tensor> defaults = new HashMap<>();
        def.getInputsMap()
                .forEach(
                        (name, input) ->
                                Optional.ofNullable(def.getDefaultsMap().get(name))
                                        .flatMap(it -> Defaults.read(info(name, input, false), it))
                                        .ifPresent(value -> defaults.put(name, value)));
        return defaults;
    }

    private static SortedMap<String, TensorInfo> infos(
            Map<String, dev.stele.remote.proto.TensorInfo> given, Set<String> defaulted) {
        SortedMap<String, TensorInfo> infos = new TreeMap<>(BY_BYTES);
        given.forEach((name, info) -> infos.put(name, info(name, info, defaulted.contains(name))));
        return infos;
    }

    private static TensorInfo info(
            String name, dev.stele.remote.proto.TensorInfo given, boolean hasDefault) {
        return new TensorInfo(
                name,
                dtypeName(given.getDtype()),
                given.hasTensorShape() ? shape(given.getTensorShape()) : Shape.UNKNOWN,
                hasDefault);
    }

    private static String dtypeName(int number) {
        int base = number > REFERENCES ? number - REFERENCES : number;
        return DType.of(base).map(DType::name).orElse("TF_" + base);
    }

    /** Without a shape the rank is unknown: the graph, which may know it, is the server's. */
    static Shape shape(TensorShape shape) {
        return shape.getUnknownRank()
                ? Shape.UNKNOWN
                : shape(shape.getDimList().stream().mapToLong(TensorShape.Dim::getSize));
    }

    private static Shape shape(LongStream sizes) {
        return Shape.of(sizes.map(size -> Math.max(size, -1)).toArray());
    }

    /** The names of those that are no one tensor of the graph: sparse or composite ones. */
    private static Set<String> composites(Map<String, dev.stele.remote.proto.TensorInfo> given) {
        return given.entrySet().stream()
                .filter(info -> info.getValue().getName().isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Why a signature cannot be run: the first of these that cannot be sent. */
    private static Optional<String> refusal(
            String kind,
            String signature,
            SortedMap<String, TensorInfo> infos,
            Set<String> composites) {
        for (TensorInfo info : infos.values()) {
            String which = kind + " \"" + info.name() + "\" of signature \"" + signature + "\" ";
            if (composites.contains(info.name())) {
                return Optional.of(which + "is sparse or composite");
            }
            if (info.dtype().isEmpty()) {
                return Optional.of(which + "has dtype " + info.dtypeName());
            }
        }
        return Optional.empty();
    }

    private static Optional<SortedMap<String, RemoteSignature>> ofOpenInference(
            Connection connection, String name, String version) {
        ModelMetadataResponse response =
                connection.call(
                        Methods.METADATA,
                        ModelMetadataRequest.newBuilder()
                                .setName(name)
                                .setVersion(version)
                                .build());
        if (response.getInputsCount() == 0 && response.getOutputsCount() == 0) {
            return Optional.empty();
        }
        SortedMap<String, TensorInfo> inputs = infos(response.getInputsList());
        SortedMap<String, TensorInfo> outputs = infos(response.getOutputsList());
        String only = Predictor.DEFAULT_SIGNATURE;
        Optional<String> refusal =
                refusal("input", only, inputs, Set.of())
                        .or(() -> refusal("output", only, outputs, Set.of()));
        SortedMap<String, RemoteSignature> all = new TreeMap<>();
        all.put(only, new RemoteSignature(signature(only, inputs, outputs), Map.of(), refusal));
        return Optional.of(all);
    }

    private static SortedMap<String, TensorInfo> infos(List<TensorMetadata> given) {
        SortedMap<String, TensorInfo> infos = new TreeMap<>(BY_BYTES);
        for (TensorMetadata tensor : given) {
            Shape shape = shape(tensor.getShapeList().stream().mapToLong(Long::longValue));
            infos.put(
                    tensor.getName(),
                    new TensorInfo(tensor.getName(), tensor.getDatatype(), shape, false));
        }
        return infos;
    }

    private static Signature signature(
            String name,
            SortedMap<String, TensorInfo> inputs,
            SortedMap<String, TensorInfo> outputs) {
        return new Signature(
                name, Collections.unmodifiableMap(inputs), Collections.unmodifiableMap(outputs));
    }
}
