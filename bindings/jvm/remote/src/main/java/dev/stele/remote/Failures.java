package dev.stele.remote;

import dev.stele.Code;
import dev.stele.SteleException;
import io.grpc.Context;
import io.grpc.Status;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says what gRPC says: a server's code and words are kept; what there was none of, in ours. */
final class Failures {
    /** How other servers' gRPC says that a message is beyond a limit of theirs. */
    private static final Pattern SERVERS_LIMIT =
            Pattern.compile(
                    "SERVER: (?i:(?<received>received)|sent) message larger than max"
                            + " \\((?<size>\\d+) vs\\. (?<limit>\\d+)\\)");

    /** How this one says it of an answer. */
    private static final Pattern OUR_LIMIT =
            Pattern.compile("gRPC message exceeds maximum size (?<limit>\\d+): (?<size>\\d+)");

    private final Address address;
    private final Optional<Duration> deadline;

    Failures(Address address, ConnectionOptions options) {
        this.address = address;
        deadline = options.deadline();
    }

    SteleException of(Status status) {
        Code code = Code.of(status.getCode().value());
        String said = status.getDescription() == null ? "" : status.getDescription();
        String message =
                switch (code) {
                    case UNAVAILABLE -> unavailable(status, said);
                    case RESOURCE_EXHAUSTED -> sizes(said);
                    case DEADLINE_EXCEEDED -> late(said);
                    default -> said;
                };
        SteleException failure = new SteleException(code, message);
        failure.initCause(status.getCause());
        return failure;
    }

    /** The first cause says most: "connection refused", where gRPC says "io exception". */
    private String unavailable(Status status, String said) {
        String why = said;
        for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
            why = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        }
        return "no answer from " + address.text() + through() + ": " + why;
    }

    /** Names the proxy, of which a user may not know. */
    private String through() {
        ProxySelector selector = ProxySelector.getDefault();
        if (address.isLoopback() || selector == null) {
            return "";
        }
        try {
            URI server = new URI("https", address.text(), null, null, null);
            return selector.select(server).stream()
                    .filter(proxy -> proxy.type() == Proxy.Type.HTTP)
                    .findFirst()
                    .map(proxy -> (InetSocketAddress) proxy.address())
                    .map(
                            proxy ->
                                    " through the proxy "
                                            + proxy.getHostString()
                                            + ":"
                                            + proxy.getPort())
                    .orElse("");
        } catch (URISyntaxException | IllegalArgumentException unnameable) {
            return "";
        }
    }

    private String late(String said) {
        if (deadline.isEmpty() || Context.current().getDeadline() != null) {
            return said;
        }
        BigDecimal seconds = BigDecimal.valueOf(deadline.get().toMillis(), 3);
        return "no answer from "
                + address.text()
                + " within "
                + seconds.stripTrailingZeros().toPlainString()
                + " s";
    }

    private static String sizes(String said) {
        Matcher ours = OUR_LIMIT.matcher(said);
        if (ours.matches()) {
            return "an answer of "
                    + ours.group("size")
                    + " bytes is beyond the limit of "
                    + ours.group("limit");
        }
        Matcher theirs = SERVERS_LIMIT.matcher(said);
        if (!theirs.find()) {
            return said;
        }
        return (theirs.group("received") == null ? "an answer of " : "a request of ")
                + theirs.group("size")
                + " bytes is beyond the server's limit of "
                + theirs.group("limit");
    }
}
