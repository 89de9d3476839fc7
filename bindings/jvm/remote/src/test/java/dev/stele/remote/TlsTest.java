package dev.stele.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stele.Code;
import dev.stele.SteleException;
import io.grpc.TlsServerCredentials;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that speak TLS. */
final class TlsTest {
    private static final String PASSWORD = "changeit";

    /** A key, and a certificate of this machine's loopback that it has signed itself. */
    private static KeyStore own(Path folder) throws Exception {
        Path file = folder.resolve("own.p12");
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "own",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=IP:127.0.0.1",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        PASSWORD);
        assertEquals(0, new ProcessBuilder(command).start().waitFor());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(Files.newInputStream(file), PASSWORD.toCharArray());
        return store;
    }

    private static byte[] pem(String kind, byte[] der) {
        String text = Base64.getMimeEncoder().encodeToString(der);
        return ("-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void isSpokenToServersThatTheRootsKnow(@TempDir Path folder) throws Exception {
        KeyStore own = own(folder);
        byte[] roots = pem("CERTIFICATE", own.getCertificate("own").getEncoded());
        byte[] key = pem("PRIVATE KEY", own.getKey("own", PASSWORD.toCharArray()).getEncoded());
        var credentials =
                TlsServerCredentials.create(
                        new ByteArrayInputStream(roots), new ByteArrayInputStream(key));
        var options = ConnectionOptions.DEFAULT.withRetries(0).withDeadline(Duration.ofSeconds(20));
        try (FakeServer server =
                FakeServer.serving(Map.of(Methods.SIGNATURES, FakeServer.TOLD), credentials)) {
            String address = server.address();
            try (RemoteModel model =
                    RemoteModel.connect("https://" + address, "m", options.withTls(roots))) {
                assertEquals(5, model.signatures().size());
            }
            for (ConnectionOptions wrong : List.of(options.withTls(), options)) {
                assertEquals(
                        Code.UNAVAILABLE,
                        assertThrows(
                                        SteleException.class,
                                        () -> RemoteModel.connect(address, "m", wrong))
                                .code());
            }
        }
    }
}
