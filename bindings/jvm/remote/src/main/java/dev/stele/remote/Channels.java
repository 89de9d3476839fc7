package dev.stele.remote;

import dev.stele.Code;
import dev.stele.SteleException;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes gRPC's channels, by whichever transport is on the class path. */
final class Channels {
    // What a server says in an error comes as metadata: of a model with many names it is long.
    private static final int MAX_METADATA = 1 << 20;

    private Channels() {}

    /** Makes one, which connects with the first call, and again when it breaks. */
    static ManagedChannel make(Address address, ConnectionOptions options) {
        return Grpc.newChannelBuilder(HostResolver.target(address), credentials(options))
                .userAgent("tf-stele")
                .maxInboundMessageSize(options.maxMessage())
                .maxInboundMetadataSize(MAX_METADATA)
                .defaultServiceConfig(serviceConfig(options.retries()))
                .disableServiceConfigLookUp()
                // What is larger than gRPC's buffer, by default 1 MiB, it would never send again.
                .perRpcBufferLimit(Long.MAX_VALUE)
                .retryBufferSize(Long.MAX_VALUE)
                .build();
    }

    private static ChannelCredentials credentials(ConnectionOptions options) {
        if (!options.tls()) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
        options.rootCertificates().ifPresent(pem -> trust(builder, pem));
        return builder.build();
    }

    private static void trust(TlsChannelCredentials.Builder builder, byte[] pem) {
        try {
            // A transport would say later, and in words of its own, that they are none.
            var certificates =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(pem));
            if (certificates.isEmpty()) {
                throw new CertificateException("there is none");
            }
            builder.trustManager(new ByteArrayInputStream(pem));
        } catch (CertificateException | IOException error) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT, "root certificates: " + error.getMessage());
        }
    }

    /** gRPC's, by which calls may be made again; its numbers are doubles, as JSON's are. */
    private static Map<String, Object> serviceConfig(int retries) {
        Map<String, Object> method = new HashMap<>();
        method.put("name", List.of(Map.of())); // every method
        if (retries > 0) {
            method.put(
                    "retryPolicy",
                    Map.of(
                            "maxAttempts",
                            retries + 1.0,
                            "initialBackoff",
                            "0.1s",
                            "maxBackoff",
                            "1s",
                            "backoffMultiplier",
                            2.0,
                            "retryableStatusCodes",
                            List.of("UNAVAILABLE")));
        }
        return Map.of("methodConfig", List.of(method));
    }
}
