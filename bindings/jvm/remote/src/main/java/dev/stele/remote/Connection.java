package dev.stele.remote;

import com.google.protobuf.MessageLite;
import dev.stele.Code;
import dev.stele.Options;
import dev.stele.SteleException;
import dev.stele.internal.Text;
import dev.stele.remote.proto.ModelRepositoryParameter;
import dev.stele.remote.proto.RepositoryModelLoadRequest;
import dev.stele.remote.proto.RepositoryModelUnloadRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;

/**
 * A connection to a server, which models share; any number of threads, virtual ones too, may use it
 * at once. A thread that is interrupted gives its call up: CANCELLED.
 */
public final class Connection implements AutoCloseable {
    private final Address address;
    private final ConnectionOptions options;
    private final ManagedChannel channel;
    private final Failures failures;
    private volatile boolean closed;

    private Connection(Address address, ConnectionOptions options) {
        this.address = address;
        this.options = options;
        channel = Channels.make(address, options);
        failures = new Failures(address, options);
    }

    /**
     * Prepares a connection; see {@link #open(String, ConnectionOptions)}.
     *
     * @param address host:port, alone or as a URL of http
     */
    public static Connection open(String address) {
        return open(address, ConnectionOptions.DEFAULT);
    }

    /**
     * Prepares a connection. It is made when the first call needs it, and again when it breaks; by
     * the proxy that the JDK's ProxySelector names, but never to this machine itself.
     *
     * @param address host:port, alone or as a URL of http or https
     * @param options how
     * @throws SteleException INVALID_ARGUMENT: an address or certificates that are none
     */
    public static Connection open(String address, ConnectionOptions options) {
        return new Connection(Address.parse(address, options.tls()), options);
    }

    /** Returns the server's host:port. */
    public String address() {
        return address.text();
    }

    /**
     * Asks for the signatures of a model, in the version that the server has for newest at each
     * call; see {@link #model(String, String)}.
     *
     * @param name on the server
     */
    public RemoteModel model(String name) {
        return model(name, "");
    }

    /**
     * Asks for the signatures of a certain version of a model. Closing it leaves the connection
     * open.
     *
     * @param name on the server
     * @param version such as {@code 3}; "" is the newest
     * @throws SteleException NOT_FOUND: there is no such model; UNAVAILABLE: no server answers;
     *     DEADLINE_EXCEEDED: it takes too long; CANCELLED: the thread was interrupted, or the
     *     connection closed in the meantime; FAILED_PRECONDITION: it is closed; INTERNAL: the
     *     answer does not add up; and whatever the server answers
     */
    public RemoteModel model(String name, String version) {
        Text.encodeName(name);
        Text.encodeName(version);
        return new RemoteModel(this, name, version, RemoteSignatures.ask(this, name, version));
    }

    /**
     * Has the server load a SavedModel folder of its own machine, and call it by a name. A model of
     * this name is replaced, and stays if the new one cannot be loaded.
     *
     * @param name on the server
     * @param dir the folder there
     * @param how tags, profile or ConfigProto; the server has its own TensorFlow
     * @throws SteleException FAILED_PRECONDITION unless the server was started with {@code
     *     --model-control explicit}; those of {@link dev.stele.Model#load(String, Options)}, and of
     *     {@link #model(String, String)}
     */
    public void load(String name, String dir, Options how) {
        if (how.libtensorflow().isPresent()) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT, "a server has its own TensorFlow, and takes no other");
        }
        String config =
                how.config()
                        .map(proto -> "hex:" + HexFormat.of().formatHex(proto))
                        .orElse(how.profile().orElse("default"));
        Text.encodeName(name);
        call(
                Methods.LOAD,
                RepositoryModelLoadRequest.newBuilder()
                        .setModelName(name)
                        .putParameters("path", parameter(dir))
                        .putParameters("tags", parameter(how.tags()))
                        .putParameters("config", parameter(config))
                        .build());
    }

    /**
     * Has the server forget a model.
     *
     * @param name on the server
     * @throws SteleException NOT_FOUND: there is none; and as {@link #load}
     */
    public void unload(String name) {
        Text.encodeName(name);
        call(Methods.UNLOAD, RepositoryModelUnloadRequest.newBuilder().setModelName(name).build());
    }

    /** Closes it; calls that run are CANCELLED. A second time does nothing. */
    @Override
    public void close() {
        closed = true;
        channel.shutdownNow();
    }

    /** Sends a request and waits for the response. */
    <Q extends MessageLite, A> A call(MethodDescriptor<Q, A> method, Q request) {
        requireSize(request.getSerializedSize());
        CallOptions call =
                options.deadline()
                        .map(
                                time ->
                                        CallOptions.DEFAULT.withDeadlineAfter(
                                                time.toMillis(), TimeUnit.MILLISECONDS))
                        .orElse(CallOptions.DEFAULT);
        if (closed) {
            throw new SteleException(Code.FAILED_PRECONDITION, "the connection is closed");
        }
        try {
            return ClientCalls.blockingUnaryCall(channel, method, call, request);
        } catch (StatusRuntimeException error) {
            if (closed) {
                throw new SteleException(Code.CANCELLED, "the connection was closed");
            }
            throw failures.of(error.getStatus());
        }
    }

    /** Refuses a request that is too large, which may be known before there is one. */
    void requireSize(long bytes) {
        if (bytes > options.maxMessage()) {
            throw new SteleException(
                    Code.RESOURCE_EXHAUSTED,
                    "a request of "
                            + bytes
                            + " bytes is beyond the limit of "
                            + options.maxMessage());
        }
    }

    /** An answer that cannot be one, which is not the caller's fault. */
    SteleException broken(String why) {
        return new SteleException(
                Code.INTERNAL, "the answer of " + address.text() + " does not add up: " + why);
    }

    private static ModelRepositoryParameter parameter(String text) {
        Text.encodeName(text);
        return ModelRepositoryParameter.newBuilder().setStringParam(text).build();
    }
}
