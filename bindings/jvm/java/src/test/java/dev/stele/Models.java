package dev.stele;

import java.nio.file.Path;
import java.util.Map;

/** The models that tests run. */
final class Models {
    private static final Path BUILD = Path.of(System.getProperty("stele.build"));

    static final Path DIGITS = BUILD.resolve("models/digits/saved_model");
    static final Path DTYPES = BUILD.resolve("models/dtypes/saved_model");

    private Models() {}

    /** An image that is a number of its own. */
    static Map<String, Tensor> image(float seed) {
        float[] pixels = new float[64];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (seed * 7 + i * 3) % 17;
        }
        return Map.of("image", Tensor.of(pixels, 1, 8, 8, 1));
    }
}
