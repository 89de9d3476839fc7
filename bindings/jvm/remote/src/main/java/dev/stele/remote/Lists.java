package dev.stele.remote;

import com.google.protobuf.ByteString;
import java.util.List;

/** The elements of protobuf's lists as arrays, which are what tensors are made of. */
final class Lists {
    private Lists() {}

    static boolean[] booleans(List<Boolean> list) {
        boolean[] array = new boolean[list.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = list.get(i);
        }
        return array;
    }

    static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    static long[] longs(List<Long> list) {
        return list.stream().mapToLong(Long::longValue).toArray();
    }

    static float[] floats(List<Float> list) {
        float[] array = new float[list.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = list.get(i);
        }
        return array;
    }

    static double[] doubles(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }

    static byte[][] strings(List<ByteString> list) {
        return list.stream().map(ByteString::toByteArray).toArray(byte[][]::new);
    }

    /** The low bytes. */
    static byte[] bytes(int[] values) {
        byte[] array = new byte[values.length];
        for (int i = 0; i < array.length; i++) {
            array[i] = (byte) values[i];
        }
        return array;
    }

    /** The low halves. */
    static short[] shorts(int[] values) {
        short[] array = new short[values.length];
        for (int i = 0; i < array.length; i++) {
            array[i] = (short) values[i];
        }
        return array;
    }
}
