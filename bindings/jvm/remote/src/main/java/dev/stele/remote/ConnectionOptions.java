package dev.stele.remote;

import dev.stele.Code;
import dev.stele.SteleException;
import java.time.Duration;
import java.util.Optional;

/**
 * How to connect to a server. Start from {@link #DEFAULT} and say what differs:
 *
 * {@snippet :
 * Connection.open("127.0.0.1:8500", ConnectionOptions.DEFAULT.withDeadline(Duration.ofSeconds(5)));
 * }
 *
 * @param deadline how long a call may take, its retries included; nothing for ever. A deadline of
 *     {@code io.grpc.Context} holds too
 * @param retries how often a call that finds the server UNAVAILABLE is made again, after 0.1 s, 0.2
 *     s, 0.4 s and 0.8 s, give or take a fifth: 0 to {@link #MOST_RETRIES}. A prediction changes
 *     nothing on a server, and may be made twice
 * @param maxMessage the most bytes of a message in either direction
 * @param tls whether TLS is spoken
 * @param rootCertificates those, in PEM, that vouch for the server; without, those of the JDK
 */
public record ConnectionOptions(
        Optional<Duration> deadline,
        int retries,
        int maxMessage,
        boolean tls,
        Optional<byte[]> rootCertificates) {
    /** As often as gRPC allows. */
    public static final int MOST_RETRIES = 4;

    /** For ever, {@link #MOST_RETRIES}, messages as large as gRPC can send, 2 GiB, no TLS. */
    public static final ConnectionOptions DEFAULT =
            new ConnectionOptions(
                    Optional.empty(), MOST_RETRIES, Integer.MAX_VALUE, false, Optional.empty());

    /** gRPC cannot say a longer one. */
    private static final Duration LONGEST = Duration.ofSeconds(99_999_999);

    /**
     * Checks them.
     *
     * @throws SteleException INVALID_ARGUMENT: retries, limit or deadline that is none
     */
    public ConnectionOptions {
        if (retries < 0 || retries > MOST_RETRIES) {
            throw invalid("retries is " + retries + ", expected 0 to " + MOST_RETRIES);
        }
        if (maxMessage < 1) {
            throw invalid("max_message is " + maxMessage + ", expected bytes");
        }
        if (deadline.isPresent() && !deadline.get().isPositive()) {
            throw invalid("deadline is " + deadline.get() + ", expected a time that is positive");
        }
        deadline = deadline.map(time -> time.compareTo(LONGEST) < 0 ? time : LONGEST);
    }

    /**
     * Returns these with another deadline.
     *
     * @param time how long a call may take
     */
    public ConnectionOptions withDeadline(Duration time) {
        return new ConnectionOptions(Optional.of(time), retries, maxMessage, tls, rootCertificates);
    }

    /**
     * Returns these with other retries.
     *
     * @param count 0 to {@link #MOST_RETRIES}
     */
    public ConnectionOptions withRetries(int count) {
        return new ConnectionOptions(deadline, count, maxMessage, tls, rootCertificates);
    }

    /**
     * Returns these with another limit of messages.
     *
     * @param bytes 1 or more
     */
    public ConnectionOptions withMaxMessage(int bytes) {
        return new ConnectionOptions(deadline, retries, bytes, tls, rootCertificates);
    }

    /** Returns these with TLS, to servers that the JDK's certificates vouch for. */
    public ConnectionOptions withTls() {
        return new ConnectionOptions(deadline, retries, maxMessage, true, Optional.empty());
    }

    /**
     * Returns these with TLS, to servers that these certificates vouch for.
     *
     * @param pem in PEM
     */
    public ConnectionOptions withTls(byte[] pem) {
        return new ConnectionOptions(deadline, retries, maxMessage, true, Optional.of(pem.clone()));
    }

    private static SteleException invalid(String message) {
        return new SteleException(Code.INVALID_ARGUMENT, message);
    }
}
