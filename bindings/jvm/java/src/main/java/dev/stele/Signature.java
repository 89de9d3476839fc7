package dev.stele;

import java.util.Map;

/**
 * One way to call a model.
 *
 * @param name such as {@code serving_default}
 * @param inputs by name, in the order of names
 * @param outputs by name, in the order of names
 */
public record Signature(
        String name, Map<String, TensorInfo> inputs, Map<String, TensorInfo> outputs) {}
