package dev.stele.remote;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.ProxiedSocketAddress;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * Finds the addresses of a server's host, as the system does.
 *
 * <p>gRPC's own resolver refuses the names that Java calls no host names, such as those of a
 * container with an underscore; and it asks for proxies to this machine itself.
 */
final class HostResolver extends NameResolver {
    private static final String SCHEME = "stele";

    private final Address address;
    private final Args channel;
    private Listener2 listener;

    private HostResolver(Address address, Args channel) {
        this.address = address;
        this.channel = channel;
    }

    /** Registered with gRPC by META-INF/services. */
    public static final class Provider extends NameResolverProvider {
        private static final int BELOW_DNS = 4;

        @Override
        public NameResolver newNameResolver(URI target, Args channel) {
            return SCHEME.equals(target.getScheme())
                    ? new HostResolver(Address.parse(target.getPath().substring(1), false), channel)
                    : null;
        }

        @Override
        public String getDefaultScheme() {
            return SCHEME;
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return BELOW_DNS; // so that a channel of somebody else's is never this one's
        }
    }

    /** What a channel to this address is asked for by. */
    static String target(Address address) {
        try {
            return new URI(SCHEME, "", "/" + address.text(), null).toString();
        } catch (URISyntaxException error) {
            throw new IllegalStateException(error); // anything can be a path
        }
    }

    @Override
    public String getServiceAuthority() {
        return address.text();
    }

    @Override
    public void start(Listener2 given) {
        listener = given;
        refresh();
    }

    @Override
    public void refresh() {
        Executor executor = channel.getOffloadExecutor();
        executor.execute(
                () -> {
                    StatusOr<List<EquivalentAddressGroup>> found = find();
                    channel.getSynchronizationContext()
                            .execute(
                                    () ->
                                            listener.onResult2(
                                                    ResolutionResult.newBuilder()
                                                            .setAddressesOrError(found)
                                                            .build()));
                });
    }

    @Override
    public void shutdown() {}

    private StatusOr<List<EquivalentAddressGroup>> find() {
        try {
            ProxiedSocketAddress through = proxy();
            Stream<SocketAddress> found =
                    through != null
                            ? Stream.of(through)
                            : Stream.of(InetAddress.getAllByName(address.host()))
                                    .map(host -> new InetSocketAddress(host, address.port()));
            return StatusOr.fromValue(found.map(EquivalentAddressGroup::new).toList());
        } catch (IOException error) {
            return StatusOr.fromStatus(
                    Status.UNAVAILABLE
                            .withDescription("cannot resolve " + address.host())
                            .withCause(error));
        }
    }

    private ProxiedSocketAddress proxy() throws IOException {
        return address.isLoopback()
                ? null
                : channel.getProxyDetector()
                        .proxyFor(
                                InetSocketAddress.createUnresolved(address.host(), address.port()));
    }
}
