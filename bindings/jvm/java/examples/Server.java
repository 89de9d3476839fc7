import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stele.Code;
import dev.stele.Model;
import dev.stele.SteleException;
import dev.stele.Tensor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * A model behind the JDK's own HTTP server, a virtual thread for each request.
 *
 * <pre>
 * java -cp stele.jar Server.java path/to/saved_model 8080
 * curl --data '0 0 5 13 …' http://127.0.0.1:8080/
 * </pre>
 *
 * <p>The body is 64 numbers, the answer ten probabilities, or what was wrong.
 */
public final class Server {
    private Server() {}

    /**
     * Serves until it is ended.
     *
     * @param arguments the folder of the SavedModel, and the port, 0 for any
     * @throws IOException the port is taken
     */
    public static void main(String[] arguments) throws IOException {
        Model model = Model.load(Path.of(arguments[0]));
        int port = Integer.parseInt(arguments[1]);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        HttpServer server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> answer(exchange, model));
        server.start();
        System.out.println("ready on http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    private static void answer(HttpExchange exchange, Model model) throws IOException {
        try (exchange) {
            String body =
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            try {
                reply(exchange, 200, Arrays.toString(recognise(model, body)));
            } catch (NumberFormatException malformed) {
                reply(exchange, 400, "not a number: " + malformed.getMessage());
            } catch (SteleException refused) {
                reply(
                        exchange,
                        refused.code() == Code.INVALID_ARGUMENT ? 400 : 500,
                        refused.toString());
            }
        }
    }

    private static float[] recognise(Model model, String text) {
        double[] numbers =
                Stream.of(text.strip().split("\\s+")).mapToDouble(Double::parseDouble).toArray();
        float[] pixels = new float[numbers.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) numbers[i];
        }
        return model.run(Map.of("image", Tensor.of(pixels, 1, 8, 8, 1)))
                .get("probabilities")
                .toFloats();
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
