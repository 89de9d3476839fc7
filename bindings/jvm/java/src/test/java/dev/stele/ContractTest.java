package dev.stele;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the tables of bindings/contract say of every language. */
final class ContractTest {
    @Test
    void codesAreThoseOfTheContract() {
        List<String> codes =
                Contract.table("codes.tsv", "number", "name").stream()
                        .map(row -> row[0] + " " + row[1])
                        .toList();
        assertEquals(
                codes, Stream.of(Code.values()).map(code -> code.number() + " " + code).toList());
        assertEquals(Code.UNKNOWN, Code.of(17));
        assertEquals(Code.UNKNOWN, Code.of(-1));
    }

    @Test
    void dtypesAreThoseOfTheContract() {
        Set<String> dtypes =
                Contract.table("dtypes.tsv", "name", "number", "size", "kind").stream()
                        .map(row -> String.join(" ", row[0], row[1], row[2]))
                        .collect(Collectors.toSet());
        assertEquals(
                dtypes,
                Stream.of(DType.values())
                        .map(dtype -> dtype + " " + dtype.number() + " " + dtype.size())
                        .collect(Collectors.toSet()));
    }

    @Test
    void everyProfileLoads() {
        for (String[] row : Contract.table("profiles.tsv", "name", "config", "meaning")) {
            Model.load(Models.DIGITS, Options.DEFAULT.withProfile(row[0])).close();
            Model.load(Models.DIGITS, Options.DEFAULT.withConfig(HexFormat.of().parseHex(row[1])))
                    .close();
        }
        SteleException refused =
                assertThrows(
                        SteleException.class,
                        () -> Model.load(Models.DIGITS, Options.DEFAULT.withProfile("x")));
        assertEquals(
                "INVALID_ARGUMENT: no profile \"x\"; there are \"default\", \"inline\", \"python\", \"single\"",
                refused.toString());
    }

    static List<String[]> values() {
        return Contract.table("values.tsv", "dtype", "shape", "literals", "bytes");
    }

    @Test
    void thereAreValuesOfEveryDtype() {
        assertEquals(
                EnumSet.allOf(DType.class),
                values().stream().map(row -> DType.valueOf(row[0])).collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @MethodSource("values")
    void constructorsTakeLiterals(String dtype, String shape, String literals, String hex) {
        Tensor tensor = make(DType.valueOf(dtype), literals.split(","), shape(shape));
        assertArrayEquals(shape(shape), tensor.shape());
        assertEquals(hex, HexFormat.of().formatHex(bytes(tensor)));
    }

    @ParameterizedTest
    @MethodSource("values")
    void accessorsReturnLiterals(String dtype, String shape, String literals, String hex) {
        Tensor tensor = ofBytes(DType.valueOf(dtype), HexFormat.of().parseHex(hex), shape(shape));
        assertEquals(expected(DType.valueOf(dtype), literals.split(",")), read(tensor));
    }

    private static long[] shape(String text) {
        return Stream.of(text.split(",")).mapToLong(Long::parseLong).toArray();
    }

    /** The tensor as the README makes it, from a person's literals. */
    private static Tensor make(DType dtype, String[] literals, long[] shape) {
        return switch (dtype) {
            case BOOL -> {
                boolean[] elements = new boolean[literals.length];
                for (int i = 0; i < elements.length; i++) {
                    elements[i] = literals[i].equals("true");
                }
                yield Tensor.of(elements, shape);
            }
            case INT8, UINT8 -> {
                byte[] elements = new byte[literals.length];
                for (int i = 0; i < elements.length; i++) {
                    elements[i] = Short.valueOf(literals[i]).byteValue();
                }
                yield Tensor.of(dtype, elements, shape);
            }
            case INT16, UINT16, FP16, BF16 -> {
                short[] elements = new short[literals.length];
                for (int i = 0; i < elements.length; i++) {
                    elements[i] = shortBits(dtype, literals[i]);
                }
                yield Tensor.of(dtype, elements, shape);
            }
            case INT32, UINT32 ->
                    Tensor.of(
                            dtype,
                            Stream.of(literals)
                                    .mapToInt(text -> (int) Long.parseLong(text))
                                    .toArray(),
                            shape);
            case INT64, UINT64 ->
                    Tensor.of(
                            dtype,
                            Stream.of(literals)
                                    .mapToLong(text -> new BigInteger(text).longValue())
                                    .toArray(),
                            shape);
            case FP32, C64 -> Tensor.of(dtype, floats(literals), shape);
            case FP64, C128 -> Tensor.of(dtype, doubles(literals), shape);
            case BYTES ->
                    Tensor.of(
                            Stream.of(literals).map(ContractTest::string).toArray(byte[][]::new),
                            shape);
        };
    }

    /**
     * The elements by the accessor that the README shows, each so that its bits can be compared.
     */
    private static List<Object> read(Tensor tensor) {
        return switch (tensor.dtype()) {
            case BOOL -> boxed(tensor.toBooleans());
            case INT8, UINT8 -> boxed(tensor.toBytes());
            case INT16, UINT16, FP16, BF16 -> boxed(tensor.toShorts());
            case INT32, UINT32 -> boxed(tensor.toInts());
            case INT64, UINT64 -> boxed(tensor.toLongs());
            case FP32, C64 -> boxed(floatBits(tensor.toFloats()));
            case FP64, C128 -> boxed(doubleBits(tensor.toDoubles()));
            case BYTES ->
                    Stream.of(tensor.toByteStrings())
                            .<Object>map(HexFormat.of()::formatHex)
                            .toList();
        };
    }

    private static List<Object> expected(DType dtype, String[] literals) {
        return switch (dtype) {
            case BOOL -> Stream.of(literals).<Object>map("true"::equals).toList();
            case INT8, UINT8 ->
                    Stream.of(literals)
                            .<Object>map(text -> Short.valueOf(text).byteValue())
                            .toList();
            case INT16, UINT16, FP16, BF16 ->
                    Stream.of(literals).<Object>map(text -> shortBits(dtype, text)).toList();
            case INT32, UINT32 ->
                    Stream.of(literals).<Object>map(text -> (int) Long.parseLong(text)).toList();
            case INT64, UINT64 ->
                    Stream.of(literals)
                            .<Object>map(text -> new BigInteger(text).longValue())
                            .toList();
            case FP32, C64 -> boxed(floatBits(floats(literals)));
            case FP64, C128 -> boxed(doubleBits(doubles(literals)));
            case BYTES ->
                    Stream.of(literals)
                            .<Object>map(text -> text.substring("hex:".length()))
                            .toList();
        };
    }

    private static List<Object> boxed(Object array) {
        return java.util.stream.IntStream.range(0, java.lang.reflect.Array.getLength(array))
                .mapToObj(i -> java.lang.reflect.Array.get(array, i))
                .toList();
    }

    private static short shortBits(DType dtype, String literal) {
        return switch (dtype) {
            case FP16 ->
                    literal.startsWith("nan:")
                            ? (short) Integer.parseInt(literal.substring(4), 16)
                            : Float.floatToFloat16(parse(literal));
            case BF16 ->
                    literal.startsWith("nan:")
                            ? (short) Integer.parseInt(literal.substring(4), 16)
                            : (short) (Float.floatToRawIntBits(parse(literal)) >>> 16);
            default -> (short) Integer.parseInt(literal);
        };
    }

    private static float parse(String literal) {
        return (float) parseDouble(literal);
    }

    private static double parseDouble(String literal) {
        return switch (literal) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(literal);
        };
    }

    private static float[] floats(String[] literals) {
        String[] parts =
                Stream.of(literals)
                        .flatMap(text -> Stream.of(text.split(";")))
                        .toArray(String[]::new);
        float[] values = new float[parts.length];
        for (int i = 0; i < parts.length; i++) {
            values[i] =
                    parts[i].startsWith("nan:")
                            ? Float.intBitsToFloat(
                                    Integer.parseUnsignedInt(parts[i].substring(4), 16))
                            : Float.parseFloat(parts[i].replace("inf", "Infinity"));
        }
        return values;
    }

    private static double[] doubles(String[] literals) {
        return Stream.of(literals)
                .flatMap(text -> Stream.of(text.split(";")))
                .mapToDouble(
                        text ->
                                text.startsWith("nan:")
                                        ? Double.longBitsToDouble(
                                                Long.parseUnsignedLong(text.substring(4), 16))
                                        : parseDouble(text))
                .toArray();
    }

    private static int[] floatBits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    private static long[] doubleBits(double[] values) {
        return Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    private static byte[] string(String literal) {
        return HexFormat.of().parseHex(literal.substring("hex:".length()));
    }

    /** The bytes as a bundle has them. */
    private static byte[] bytes(Tensor tensor) {
        if (tensor.dtype() != DType.BYTES) {
            return tensor.segment().toArray(ValueLayout.JAVA_BYTE);
        }
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        for (byte[] string : tensor.toByteStrings()) {
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                bytes.write(string.length >> shift);
            }
            bytes.writeBytes(string);
        }
        return bytes.toByteArray();
    }

    private static Tensor ofBytes(DType dtype, byte[] bytes, long[] shape) {
        if (dtype != DType.BYTES) {
            return Tensor.of(dtype, MemorySegment.ofArray(bytes), shape);
        }
        List<byte[]> strings = new java.util.ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int length = bytes[at]; // none is longer than a byte says
            strings.add(Arrays.copyOfRange(bytes, at + Integer.BYTES, at + Integer.BYTES + length));
            at += Integer.BYTES + length;
        }
        return Tensor.of(strings.toArray(byte[][]::new), shape);
    }

    @Test
    void stringsAreTextsInUtf8() {
        Tensor texts = Tensor.of(new String[] {"stele", "", "ñ字"}, 3);
        assertArrayEquals("ñ字".getBytes(StandardCharsets.UTF_8), texts.toByteStrings()[2]);
        assertArrayEquals(new String[] {"stele", "", "ñ字"}, texts.toStrings());
    }
}
