package dev.stele.worker;

import dev.stele.Model;
import dev.stele.Options;
import dev.stele.Predictor;

/** The worker of the binding {@code java}. */
final class JavaWorker extends JavaClient {
    private JavaWorker() {}

    public static void main(String[] arguments) {
        Kit.serve("java", "Java " + Runtime.version(), new JavaWorker());
    }

    @Override
    public Predictor load(String dir, Options options) {
        return Model.load(dir, options);
    }
}
