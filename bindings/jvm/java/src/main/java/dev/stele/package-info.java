/**
 * Runs TensorFlow SavedModels on TensorFlow's C library, in this process.
 *
 * <p>{@link dev.stele.Model} loads a folder, {@link dev.stele.Tensor} is what goes in and comes
 * out, {@link dev.stele.SteleException} is how anything is refused. Everything else describes
 * these.
 */
package dev.stele;
