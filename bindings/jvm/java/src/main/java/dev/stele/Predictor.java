package dev.stele;

import java.util.Collection;
import java.util.Map;

/**
 * What runs a SavedModel: a {@link Model} in this process, or one on a server. Code that takes a
 * Predictor need not know which, and a test can give it a fake.
 *
 * <p>Any number of threads may call it at once.
 */
public interface Predictor extends AutoCloseable {
    /** The signature that is run unless another is named. */
    String DEFAULT_SIGNATURE = "serving_default";

    /** Returns the signatures by name, in the order of names. They outlive the model. */
    Map<String, Signature> signatures();

    /**
     * Runs the signature {@code serving_default}.
     *
     * @param inputs by name; one that has a default may be left out
     * @return the outputs by name, in the order of names
     * @throws SteleException see {@link #run(String, Collection)}
     */
    default Map<String, Tensor> run(Map<String, Tensor> inputs) {
        return run(DEFAULT_SIGNATURE, inputs);
    }

    /**
     * Runs a signature.
     *
     * @param signature its name
     * @param inputs by name; one that has a default may be left out
     * @return the outputs by name, in the order of names
     * @throws SteleException see {@link #run(String, Collection)}
     */
    default Map<String, Tensor> run(String signature, Map<String, Tensor> inputs) {
        return run(signature, inputs.entrySet());
    }

    /**
     * Runs a signature with inputs in an order, in which a refusal names them.
     *
     * @param signature its name
     * @param inputs names and tensors; one that has a default may be left out
     * @return the outputs by name, in the order of names
     * @throws SteleException FAILED_PRECONDITION: the model is closed; NOT_FOUND: no such
     *     signature; UNIMPLEMENTED: it has a sparse tensor or a type that is not in {@link DType};
     *     INVALID_ARGUMENT: an input is given twice, unknown or missing, or has another type, rank
     *     or size of a known dimension; and whatever the implementation adds
     */
    Map<String, Tensor> run(
            String signature, Collection<? extends Map.Entry<String, Tensor>> inputs);

    /** Releases the model. Calls that run end; later ones are refused. */
    @Override
    void close();
}
