import dev.stele.Model;
import dev.stele.Signature;
import java.nio.file.Path;

/** What does this model take? {@code java -cp stele.jar Inspect.java path/to/saved_model} */
public final class Inspect {
    private Inspect() {}

    /**
     * Prints every signature.
     *
     * @param arguments the folder of the SavedModel
     */
    public static void main(String[] arguments) {
        try (Model model = Model.load(Path.of(arguments[0]))) {
            for (Signature signature : model.signatures().values()) {
                System.out.println("signature " + signature.name());
                signature
                        .inputs()
                        .values()
                        .forEach(input -> System.out.println("  input " + input));
                signature
                        .outputs()
                        .values()
                        .forEach(output -> System.out.println("  output " + output));
            }
        }
    }
}
