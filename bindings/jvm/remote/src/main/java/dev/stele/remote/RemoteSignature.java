package dev.stele.remote;

import dev.stele.Code;
import dev.stele.Shape;
import dev.stele.Signature;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.TensorInfo;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * A signature, what fills its inputs, and why it cannot be run.
 *
 * @param told what its user sees
 * @param defaults of inputs, by name
 * @param refusal nothing unless one of its tensors cannot be sent
 */
record RemoteSignature(Signature told, Map<String, Tensor> defaults, Optional<String> refusal) {
    /**
     * Checks inputs as libstele does: in its order, with its words.
     *
     * @param given names and tensors, in the order given
     * @return a tensor for each input, in the signature's order, defaults included
     * @throws SteleException UNIMPLEMENTED: it cannot be run; INVALID_ARGUMENT: the inputs do not
     *     fit
     */
    SequencedMap<String, Tensor> check(Collection<? extends Map.Entry<String, Tensor>> given) {
        if (refusal.isPresent()) {
            throw new SteleException(Code.UNIMPLEMENTED, refusal.get());
        }
        SequencedMap<String, Tensor> placed = place(given);
        told.inputs().forEach((name, info) -> requireFit(info, placed.get(name)));
        return placed;
    }

    /** Puts every input where the signature has it: none twice, none unknown, none missing. */
    private SequencedMap<String, Tensor> place(
            Collection<? extends Map.Entry<String, Tensor>> given) {
        Map<String, Tensor> byName = HashMap.newHashMap(given.size());
        for (Map.Entry<String, Tensor> input : given) {
            if (byName.put(input.getKey(), input.getValue()) != null) {
                throw invalid("input \"" + input.getKey() + "\" is given twice");
            }
        }
        for (Map.Entry<String, Tensor> input : given) {
            if (!told.inputs().containsKey(input.getKey())) {
                throw invalid(
                        "no input \""
                                + input.getKey()
                                + "\"; signature \""
                                + told.name()
                                + "\" has "
                                + quoted(told.inputs().keySet()));
            }
        }
        SequencedMap<String, Tensor> placed = new LinkedHashMap<>();
        for (String name : told.inputs().keySet()) {
            Tensor tensor = byName.getOrDefault(name, defaults.get(name));
            if (tensor == null) {
                throw invalid(
                        "input \"" + name + "\" of signature \"" + told.name() + "\" is missing");
            }
            placed.put(name, tensor);
        }
        return placed;
    }

    private static void requireFit(TensorInfo info, Tensor tensor) {
        if (!info.dtypeName().equals(tensor.dtype().name())) {
            throw invalid(
                    "input \""
                            + info.name()
                            + "\" has dtype "
                            + tensor.dtype()
                            + ", expected "
                            + info.dtypeName());
        }
        if (!accepts(info.shape(), tensor.shape())) {
            throw invalid(
                    "input \""
                            + info.name()
                            + "\" has shape "
                            + Shape.of(tensor.shape())
                            + ", expected "
                            + info.shape());
        }
    }

    static boolean accepts(Shape expected, long[] dims) {
        if (expected.rank() < 0) {
            return true;
        }
        long[] known = expected.dims();
        if (known.length != dims.length) {
            return false;
        }
        for (int i = 0; i < dims.length; i++) {
            if (known[i] >= 0 && known[i] != dims[i]) {
                return false;
            }
        }
        return true;
    }

    /** Lists names for a message. */
    static String quoted(Collection<String> names) {
        return names.isEmpty()
                ? "none"
                : names.stream().collect(Collectors.joining("\", \"", "\"", "\""));
    }

    private static SteleException invalid(String message) {
        return new SteleException(Code.INVALID_ARGUMENT, message);
    }
}
