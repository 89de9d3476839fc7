package dev.stele;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The models and tables that tests read. */
final class Models {
    private static final Path BUILD = Path.of(System.getProperty("stele.build"));
    private static final Path CONTRACT = Path.of(System.getProperty("stele.contract"));

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

    /** The rows of a table of the contract; its columns must be these. */
    static List<String[]> table(String name, String... columns) {
        try {
            List<String[]> rows =
                    Files.readAllLines(CONTRACT.resolve(name)).stream()
                            .filter(line -> !line.startsWith("#"))
                            .map(line -> line.split("\t", -1))
                            .toList();
            if (!Arrays.equals(rows.getFirst(), columns)) {
                throw new AssertionError(
                        name + " has the columns " + Arrays.toString(rows.getFirst()));
            }
            return rows.subList(1, rows.size());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
