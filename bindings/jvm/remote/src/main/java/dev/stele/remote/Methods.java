package dev.stele.remote;

import com.google.protobuf.Message;
import dev.stele.remote.proto.GetModelMetadataRequest;
import dev.stele.remote.proto.GetModelMetadataResponse;
import dev.stele.remote.proto.ModelInferRequest;
import dev.stele.remote.proto.ModelInferResponse;
import dev.stele.remote.proto.ModelMetadataRequest;
import dev.stele.remote.proto.ModelMetadataResponse;
import dev.stele.remote.proto.RepositoryModelLoadRequest;
import dev.stele.remote.proto.RepositoryModelLoadResponse;
import dev.stele.remote.proto.RepositoryModelUnloadRequest;
import dev.stele.remote.proto.RepositoryModelUnloadResponse;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;

/** The methods of the two services that a client needs. */
final class Methods {
    private static final String OPEN_INFERENCE = "inference.GRPCInferenceService";
    private static final String TENSORFLOW_SERVING = "tensorflow.serving.PredictionService";

    static final MethodDescriptor<ModelInferRequest, ModelInferResponse> INFER =
            method(
                    OPEN_INFERENCE,
                    "ModelInfer",
                    ModelInferRequest.getDefaultInstance(),
                    ModelInferResponse.getDefaultInstance());
    static final MethodDescriptor<ModelMetadataRequest, ModelMetadataResponse> METADATA =
            method(
                    OPEN_INFERENCE,
                    "ModelMetadata",
                    ModelMetadataRequest.getDefaultInstance(),
                    ModelMetadataResponse.getDefaultInstance());
    static final MethodDescriptor<RepositoryModelLoadRequest, RepositoryModelLoadResponse> LOAD =
            method(
                    OPEN_INFERENCE,
                    "RepositoryModelLoad",
                    RepositoryModelLoadRequest.getDefaultInstance(),
                    RepositoryModelLoadResponse.getDefaultInstance());
    static final MethodDescriptor<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>
            UNLOAD =
                    method(
                            OPEN_INFERENCE,
                            "RepositoryModelUnload",
                            RepositoryModelUnloadRequest.getDefaultInstance(),
                            RepositoryModelUnloadResponse.getDefaultInstance());
    static final MethodDescriptor<GetModelMetadataRequest, GetModelMetadataResponse> SIGNATURES =
            method(
                    TENSORFLOW_SERVING,
                    "GetModelMetadata",
                    GetModelMetadataRequest.getDefaultInstance(),
                    GetModelMetadataResponse.getDefaultInstance());

    private Methods() {}

    private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
            String service, String name, Q request, A response) {
        return MethodDescriptor.<Q, A>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(response))
                .build();
    }
}
