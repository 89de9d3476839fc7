import dev.stele.Model;
import dev.stele.Signature;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.TensorInfo;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Which digit is this? {@code java -cp stele.jar Digits.java path/to/saved_model} */
public final class Digits {
    private static final float[] IMAGE = {
        0, 0, 5, 13, 12, 3, 0, 0, //
        0, 2, 15, 11, 12, 14, 1, 0, //
        0, 5, 14, 1, 1, 14, 6, 0, //
        0, 7, 12, 0, 0, 10, 8, 0, //
        0, 7, 11, 0, 0, 10, 8, 0, //
        0, 5, 13, 0, 1, 13, 6, 0, //
        0, 1, 14, 10, 12, 14, 1, 0, //
        0, 0, 5, 14, 12, 3, 0, 0, //
    };

    private Digits() {}

    /**
     * Prints what this example prints in every language.
     *
     * @param arguments the folder of the SavedModel
     */
    public static void main(String[] arguments) {
        try (Model model = Model.load(Path.of(arguments[0]))) {
            Signature signature = model.signatures().get("serving_default");
            TensorInfo input = signature.inputs().values().iterator().next();
            TensorInfo output = signature.outputs().values().iterator().next();
            System.out.printf(
                    "signature %s%ninput %s%noutput %s%n", signature.name(), input, output);

            Map<String, Tensor> outputs =
                    model.run(Map.of(input.name(), Tensor.of(IMAGE, 1, 8, 8, 1)));
            float[] probabilities = outputs.get(output.name()).toFloats();

            System.out.println("digit " + best(probabilities));
            System.out.print("probabilities");
            for (float probability : probabilities) {
                System.out.printf(Locale.ROOT, " %.6f", probability);
            }
            System.out.println();

            // Without the batch: refused before TensorFlow sees it.
            model.run(Map.of(input.name(), Tensor.of(IMAGE, 8, 8, 1)));
        } catch (SteleException refused) {
            System.out.println("refused " + refused);
        }
    }

    private static int best(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }
}
