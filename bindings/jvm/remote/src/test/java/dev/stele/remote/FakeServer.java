package dev.stele.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.stele.DType;
import dev.stele.remote.proto.Any;
import dev.stele.remote.proto.GetModelMetadataResponse;
import dev.stele.remote.proto.ModelInferRequest;
import dev.stele.remote.proto.ModelInferResponse;
import dev.stele.remote.proto.SignatureDef;
import dev.stele.remote.proto.SignatureDefMap;
import dev.stele.remote.proto.TensorInfo;
import dev.stele.remote.proto.TensorProto;
import dev.stele.remote.proto.TensorShape;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Answers as a test wants it to, and remembers what it was asked. */
final class FakeServer implements AutoCloseable {
    /** What a server says of a model with two inputs and two outputs. */
    static final IntFunction<Message> TOLD = always(told());

    // What a test provokes is no news.
    private static final Logger LOG = Logger.getLogger("io.grpc");

    static {
        LOG.setLevel(Level.OFF);
    }

    /** Never an answer. */
    static final IntFunction<Message> SILENCE = always(null);

    private final Map<String, IntFunction<Message>> answers;
    private final Map<String, List<Message>> calls = new ConcurrentHashMap<>();
    private final Server server;

    private FakeServer(
            Map<MethodDescriptor<?, ?>, IntFunction<Message>> answers,
            ServerCredentials credentials) {
        this.answers =
                answers.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        entry -> entry.getKey().getFullMethodName(),
                                        Map.Entry::getValue));
        var builder =
                Grpc.newServerBuilderForPort(0, credentials)
                        .maxInboundMessageSize(Integer.MAX_VALUE);
        Stream.<List<MethodDescriptor<?, ?>>>of(
                        List.of(Methods.INFER, Methods.METADATA, Methods.LOAD, Methods.UNLOAD),
                        List.of(Methods.SIGNATURES))
                .forEach(methods -> builder.addService(service(methods)));
        try {
            server = builder.build().start();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Serves these methods; a number of a call of it is what an answer gets. */
    static FakeServer serving(Map<MethodDescriptor<?, ?>, IntFunction<Message>> answers) {
        return new FakeServer(answers, InsecureServerCredentials.create());
    }

    static FakeServer serving(
            Map<MethodDescriptor<?, ?>, IntFunction<Message>> answers,
            ServerCredentials credentials) {
        return new FakeServer(answers, credentials);
    }

    /** Serves that model. */
    static FakeServer predicting(IntFunction<Message> infer) {
        return serving(Map.of(Methods.SIGNATURES, TOLD, Methods.INFER, infer));
    }

    static IntFunction<Message> always(Message response) {
        return number -> response;
    }

    static IntFunction<Message> refusing(Status.Code code, String message) {
        return number -> {
            throw Status.fromCode(code).withDescription(message).asRuntimeException();
        };
    }

    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    /** What a method was asked. */
    @SuppressWarnings("unchecked") // the method has one type of requests
    <Q> List<Q> asked(MethodDescriptor<Q, ?> method) {
        return (List<Q>) calls.getOrDefault(method.getFullMethodName(), List.of());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private ServerServiceDefinition service(List<MethodDescriptor<?, ?>> methods) {
        var service = ServerServiceDefinition.builder(methods.getFirst().getServiceName());
        methods.forEach(method -> service.addMethod(definition(method)));
        return service.build();
    }

    private <Q, A> ServerMethodDefinition<Q, A> definition(MethodDescriptor<Q, A> method) {
        String name = method.getFullMethodName();
        return ServerMethodDefinition.create(
                method,
                ServerCalls.asyncUnaryCall(
                        (request, observer) -> {
                            List<Message> before =
                                    calls.computeIfAbsent(
                                            name, key -> new CopyOnWriteArrayList<>());
                            before.add((Message) request);
                            IntFunction<Message> answer =
                                    answers.getOrDefault(
                                            name,
                                            refusing(Status.Code.UNIMPLEMENTED, "no such method"));
                            try {
                                Message response = answer.apply(before.size() - 1);
                                if (response != null) {
                                    @SuppressWarnings("unchecked")
                                    A fitting = (A) response;
                                    observer.onNext(fitting);
                                    observer.onCompleted();
                                }
                            } catch (RuntimeException refusal) {
                                observer.onError(refusal);
                            }
                        }));
    }

    static TensorInfo info(String name, int dtype, long... dims) {
        TensorShape.Builder shape = TensorShape.newBuilder();
        for (long size : dims) {
            shape.addDim(TensorShape.Dim.newBuilder().setSize(size));
        }
        return TensorInfo.newBuilder().setName(name).setDtype(dtype).setTensorShape(shape).build();
    }

    private static Message told() {
        SignatureDef common =
                SignatureDef.newBuilder()
                        .putInputs("a", info("a:0", DType.FP32.number(), -1))
                        // A reference to its dtype, as old graphs have it.
                        .putInputs("b", info("b:0", DType.BYTES.number() + 100))
                        .putOutputs("y", info("y:0", DType.FP32.number(), -1))
                        .putOutputs("z", info("z:0", DType.INT8.number(), 1))
                        .build();
        TensorProto two =
                TensorProto.newBuilder()
                        .setDtype(DType.FP32.number())
                        .setTensorShape(info("", 0, 3).getTensorShape())
                        .addFloatVal(1)
                        .addFloatVal(2)
                        .build();
        SignatureDefMap all =
                SignatureDefMap.newBuilder()
                        .putSignatureDef("serving_default", common)
                        .putSignatureDef("other", common)
                        .putSignatureDef(
                                "defaulted",
                                SignatureDef.newBuilder()
                                        .putInputs("a", info("a:0", DType.FP32.number(), -1))
                                        .putAllOutputs(common.getOutputsMap())
                                        .putDefaults("a", two.toByteString())
                                        .build())
                        .putSignatureDef(
                                "sparse",
                                SignatureDef.newBuilder()
                                        .putInputs("sp", TensorInfo.getDefaultInstance())
                                        .build())
                        .putSignatureDef(
                                "strange",
                                SignatureDef.newBuilder().putOutputs("x", info("x:0", 20)).build())
                        .putSignatureDef("__saved_model_init_op", SignatureDef.getDefaultInstance())
                        .build();
        return GetModelMetadataResponse.newBuilder()
                .putMetadata("signature_def", Any.newBuilder().setValue(all.toByteString()).build())
                .build();
    }

    /** An answer of that model, with one output that it does not name. */
    static ModelInferResponse.Builder inference() {
        return ModelInferResponse.newBuilder()
                .addOutputs(output("z", "INT8", 1))
                .addOutputs(output("y", "FP32", 2))
                .addOutputs(output("w", "BYTES", 1))
                .addRawOutputContents(bytes(7))
                .addRawOutputContents(bytes(0, 0, 128, 63, 0, 0, 0, 64))
                .addRawOutputContents(bytes(1, 0, 0, 0, 'w'));
    }

    static ModelInferResponse.InferOutputTensor output(String name, String dtype, long... dims) {
        var output =
                ModelInferResponse.InferOutputTensor.newBuilder().setName(name).setDatatype(dtype);
        for (long size : dims) {
            output.addShape(size);
        }
        return output.build();
    }

    static ByteString bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return ByteString.copyFrom(bytes);
    }

    /** The signature that a request chose; "" for none. */
    static String chosen(ModelInferRequest request) {
        return request.getParametersMap().containsKey("signature_name")
                ? request.getParametersOrThrow("signature_name").getStringParam()
                : "";
    }
}
