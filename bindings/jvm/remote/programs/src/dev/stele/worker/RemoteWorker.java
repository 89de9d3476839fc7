package dev.stele.worker;

import dev.stele.Options;
import dev.stele.Predictor;
import dev.stele.Signature;
import dev.stele.Tensor;
import dev.stele.remote.Connection;
import dev.stele.remote.RemoteModel;
import java.util.Collection;
import java.util.Map;

/**
 * The worker of the binding {@code java-grpc}. stele.remote.launch of the Python package starts it
 * beside a server, and says what the two variables mean.
 */
final class RemoteWorker extends JavaClient {
    private final Connection connection;
    private int loads;

    private RemoteWorker(Connection connection) {
        this.connection = connection;
    }

    public static void main(String[] arguments) {
        try (Connection connection = Connection.open(System.getenv("STELE_REMOTE"))) {
            Kit.serve("java-grpc", "Java " + Runtime.version(), new RemoteWorker(connection));
        }
    }

    @Override
    public Predictor load(String dir, Options options) {
        String served = System.getenv("STELE_REMOTE_MODEL");
        if (served != null) {
            return connection.model(served);
        }
        // A name for each load: one that fails leaves the model before it alone.
        String name = "worker-" + ProcessHandle.current().pid() + "-" + loads++;
        connection.load(name, dir, options);
        return new Loaded(connection, connection.model(name));
    }

    /** A model that the server has for this worker alone. */
    private record Loaded(Connection connection, RemoteModel model) implements Predictor {
        @Override
        public Map<String, Signature> signatures() {
            return model.signatures();
        }

        @Override
        public Map<String, Tensor> run(
                String signature, Collection<? extends Map.Entry<String, Tensor>> inputs) {
            return model.run(signature, inputs);
        }

        @Override
        public void close() {
            model.close();
            connection.unload(model.name());
        }
    }
}
