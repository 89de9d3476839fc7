package dev.stele.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.ByteString;
import dev.stele.Contract;
import dev.stele.DType;
import dev.stele.Shape;
import dev.stele.Tensor;
import dev.stele.TensorInfo;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which defaults of a SignatureDef can be read, and as what. */
final class DefaultsTest {
    static List<String[]> rows() {
        return Contract.table(
                "defaults.tsv", "case", "dtype", "shape", "default", "value_shape", "value");
    }

    @ParameterizedTest
    @MethodSource("rows")
    void defaultsAreTheContracts(
            String name,
            String dtype,
            String shape,
            String serialized,
            String valueShape,
            String value) {
        DType known = DType.valueOf(dtype);
        TensorInfo input = new TensorInfo("x", known.name(), shape(shape), false);
        Optional<Tensor> read = Defaults.read(input, ByteString.fromHex(serialized));
        if (value.equals("-")) {
            assertEquals("-", valueShape, name);
            assertEquals(Optional.empty(), read, name);
            return;
        }
        Tensor tensor = read.orElseGet(() -> fail(name));
        assertEquals(known, tensor.dtype(), name);
        assertArrayEquals(dims(valueShape), tensor.shape(), name);
        assertEquals(value, HexFormat.of().formatHex(Contents.raw(tensor).toByteArray()), name);
    }

    private static Shape shape(String text) {
        return text.equals("?") ? Shape.UNKNOWN : Shape.of(dims(text));
    }

    /** Reads "2,-1"; nothing is a scalar. */
    private static long[] dims(String text) {
        return text.isEmpty()
                ? new long[0]
                : Stream.of(text.split(",")).mapToLong(Long::parseLong).toArray();
    }
}
