package dev.stele.remote;

import dev.stele.Code;
import dev.stele.SteleException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a server is.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without its brackets
 * @param port 1 to 65535
 * @param text host:port, as it is given to people and to the server
 */
record Address(String host, int port, String text) {
    private static final int LAST_PORT = 65535;

    private static final Pattern FORM =
            Pattern.compile(
                    "(?:(?<scheme>(?i:https?))://)?"
                            + "(?<text>(?:(?<name>[A-Za-z0-9._-]+)|\\[(?<v6>[0-9A-Fa-f:.]+)\\])"
                            + ":(?<port>[1-9][0-9]{0,4}))/?");

    /**
     * Reads host:port, alone or as a URL of http or https.
     *
     * @param address what the caller gave
     * @param tls whether the caller trusts certificates
     * @throws SteleException INVALID_ARGUMENT: it is no address, or its scheme says otherwise than
     *     {@code tls}
     */
    static Address parse(String address, boolean tls) {
        Matcher parts = FORM.matcher(address);
        if (!parts.matches()) {
            throw refused(address, "not host:port");
        }
        int port = Integer.parseInt(parts.group("port"));
        String v6 = parts.group("v6");
        if (port > LAST_PORT || (v6 != null && !isLiteral(Inet6Address::ofLiteral, v6))) {
            throw refused(address, "not host:port");
        }
        String scheme = parts.group("scheme");
        if (scheme != null) {
            requireScheme(address, scheme.toLowerCase(Locale.ROOT), tls);
        }
        return new Address(v6 != null ? v6 : parts.group("name"), port, parts.group("text"));
    }

    /** Whether it is of this machine itself, which is another one for a proxy. */
    boolean isLoopback() {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || isLiteral(InetAddress::ofLiteral, name)
                        && InetAddress.ofLiteral(name).isLoopbackAddress();
    }

    private static boolean isLiteral(Function<String, InetAddress> read, String text) {
        try {
            read.apply(text);
            return true;
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    private static void requireScheme(String address, String scheme, boolean tls) {
        if (scheme.equals("https") && !tls) {
            throw refused(address, "of a server that speaks TLS, which takes root certificates");
        }
        if (scheme.equals("http") && tls) {
            throw refused(address, "of a server without TLS, which takes no certificates");
        }
    }

    private static SteleException refused(String address, String why) {
        return new SteleException(Code.INVALID_ARGUMENT, "address \"" + address + "\" is " + why);
    }
}
