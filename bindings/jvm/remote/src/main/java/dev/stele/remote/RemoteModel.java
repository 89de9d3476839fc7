package dev.stele.remote;

import dev.stele.Code;
import dev.stele.Predictor;
import dev.stele.Signature;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.internal.Text;
import dev.stele.remote.proto.InferParameter;
import dev.stele.remote.proto.ModelInferRequest;
import dev.stele.remote.proto.ModelInferResponse;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;

/** A model on a server. Any number of threads, virtual ones too, may use it at once. */
public final class RemoteModel implements Predictor {
    private static final String SIGNATURE_NAME = "signature_name";

    private final Connection connection;
    private final String name;
    private final String version;
    private final Optional<SortedMap<String, RemoteSignature>> signatures;
    private final Map<String, Signature> told;
    private boolean ownsConnection;
    private volatile boolean closed;

    RemoteModel(
            Connection connection,
            String name,
            String version,
            Optional<SortedMap<String, RemoteSignature>> signatures) {
        this.connection = connection;
        this.name = name;
        this.version = version;
        this.signatures = signatures;
        Map<String, Signature> all = new LinkedHashMap<>();
        signatures.ifPresent(
                known -> known.forEach((key, signature) -> all.put(key, signature.told())));
        told = Collections.unmodifiableMap(all);
    }

    /**
     * Connects to a server and asks for the signatures of a model; see {@link #connect(String,
     * String, ConnectionOptions)}.
     *
     * @param address host:port, alone or as a URL of http
     * @param name the model's on the server
     */
    public static RemoteModel connect(String address, String name) {
        return connect(address, name, ConnectionOptions.DEFAULT);
    }

    /**
     * Connects to a server and asks for the signatures of a model. Closing the model closes the
     * connection; {@link Connection} is for several models of one server.
     *
     * @param address host:port, alone or as a URL of http or https
     * @param name the model's on the server
     * @param options how
     * @throws SteleException those of {@link Connection#open(String, ConnectionOptions)} and {@link
     *     Connection#model(String, String)}
     */
    public static RemoteModel connect(String address, String name, ConnectionOptions options) {
        Connection connection = Connection.open(address, options);
        try {
            RemoteModel model = connection.model(name);
            model.ownsConnection = true;
            return model;
        } catch (RuntimeException refused) {
            connection.close();
            throw refused;
        }
    }

    /** Returns the model's name on the server. */
    public String name() {
        return name;
    }

    /**
     * Returns the signatures by name, in the order of names; none if the server does not say what
     * its model takes.
     */
    @Override
    public Map<String, Signature> signatures() {
        return told;
    }

    /**
     * Runs a signature with inputs in an order, in which a refusal names them. Checked before
     * anything is sent, unless the server does not say what its model takes.
     *
     * @throws SteleException those of {@link Predictor#run(String, Collection)};
     *     RESOURCE_EXHAUSTED: the request or the answer is beyond the limit of messages; those of
     *     {@link Connection#model(String, String)}
     */
    @Override
    public Map<String, Tensor> run(
            String signature, Collection<? extends Map.Entry<String, Tensor>> inputs) {
        Text.encodeName(signature);
        for (Map.Entry<String, Tensor> input : inputs) {
            Text.encodeName(input.getKey());
            Objects.requireNonNull(input.getValue(), input.getKey());
        }
        if (closed) {
            throw new SteleException(Code.FAILED_PRECONDITION, "the model is closed");
        }
        Optional<RemoteSignature> known = known(signature);
        Collection<? extends Map.Entry<String, Tensor>> checked =
                known.isPresent() ? known.get().check(inputs).entrySet() : inputs;
        ModelInferResponse response = connection.call(Methods.INFER, request(signature, checked));
        return outputs(response, known);
    }

    /** Lets go of the model, which the server keeps. A second time does nothing. */
    @Override
    public void close() {
        closed = true;
        if (ownsConnection) {
            connection.close();
        }
    }

    private Optional<RemoteSignature> known(String signature) {
        if (signatures.isEmpty()) {
            return Optional.empty();
        }
        RemoteSignature found = signatures.get().get(signature);
        if (found == null) {
            throw new SteleException(
                    Code.NOT_FOUND,
                    "no signature \""
                            + signature
                            + "\"; this model has "
                            + RemoteSignature.quoted(told.keySet()));
        }
        return Optional.of(found);
    }

    private ModelInferRequest request(
            String signature, Collection<? extends Map.Entry<String, Tensor>> inputs) {
        ModelInferRequest.Builder request =
                ModelInferRequest.newBuilder().setModelName(name).setModelVersion(version);
        // Other servers ignore the parameter; only a choice is worth its bytes.
        if (!signature.equals(DEFAULT_SIGNATURE)) {
            request.putParameters(
                    SIGNATURE_NAME, InferParameter.newBuilder().setStringParam(signature).build());
        }
        inputs.forEach(
                input -> request.addInputs(Contents.describe(input.getKey(), input.getValue())));
        // Java's protobuf counts to 2 GiB, and what is larger must not wrap around.
        long size = request.build().getSerializedSize();
        for (Map.Entry<String, Tensor> input : inputs) {
            size += Contents.sizeInMessage(input.getValue());
        }
        connection.requireSize(size);
        inputs.forEach(input -> request.addRawInputContents(Contents.raw(input.getValue())));
        return request.build();
    }

    private Map<String, Tensor> outputs(
            ModelInferResponse response, Optional<RemoteSignature> known) {
        Map<String, Tensor> all;
        try {
            all = Contents.take(response);
        } catch (SteleException odd) {
            throw connection.broken(odd.getMessage());
        }
        if (known.isEmpty()) {
            return Collections.unmodifiableMap(all);
        }
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        for (String output : known.get().told().outputs().keySet()) {
            Tensor tensor = all.get(output);
            if (tensor == null) {
                throw connection.broken("no tensor \"" + output + "\"");
            }
            outputs.put(output, tensor);
        }
        return Collections.unmodifiableMap(outputs);
    }
}
