package dev.stele;

import java.util.Optional;

/**
 * An input or output of a signature.
 *
 * @param name as it is given to {@link Model#run} or found in its answer
 * @param dtypeName {@code FP32}; {@code TF_20} for a type of TensorFlow that is not in {@link
 *     DType}
 * @param shape which dimensions it must have
 * @param hasDefault whether it may be left out
 */
public record TensorInfo(String name, String dtypeName, Shape shape, boolean hasDefault) {
    /**
     * Returns the element type; nothing when TensorFlow's is none of them, and the signature cannot
     * be run.
     */
    public Optional<DType> dtype() {
        return DType.of(dtypeName);
    }

    /** Returns what people read: {@code image FP32 [?,8,8,1]}. */
    @Override
    public String toString() {
        return name + " " + dtypeName + " " + shape;
    }
}
