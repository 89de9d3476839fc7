package dev.stele.worker;

import dev.stele.Code;
import dev.stele.SteleException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Arrays as a program has them, and the little-endian bytes that a bundle has of them. */
public final class Bytes {
    private Bytes() {}

    /** The elements in these bytes. */
    public static float[] floats(byte[] bytes) {
        float[] elements = new float[bytes.length / Float.BYTES];
        view(bytes).asFloatBuffer().get(elements);
        return elements;
    }

    /** The bytes of these elements. */
    public static byte[] of(float[] elements) {
        byte[] bytes = room((long) elements.length * Float.BYTES);
        view(bytes).asFloatBuffer().put(elements);
        return bytes;
    }

    /** The elements in these bytes. */
    public static double[] doubles(byte[] bytes) {
        double[] elements = new double[bytes.length / Double.BYTES];
        view(bytes).asDoubleBuffer().get(elements);
        return elements;
    }

    /** The bytes of these elements. */
    public static byte[] of(double[] elements) {
        byte[] bytes = room((long) elements.length * Double.BYTES);
        view(bytes).asDoubleBuffer().put(elements);
        return bytes;
    }

    /** The elements in these bytes. */
    public static short[] shorts(byte[] bytes) {
        short[] elements = new short[bytes.length / Short.BYTES];
        view(bytes).asShortBuffer().get(elements);
        return elements;
    }

    /** The bytes of these elements. */
    public static byte[] of(short[] elements) {
        byte[] bytes = room((long) elements.length * Short.BYTES);
        view(bytes).asShortBuffer().put(elements);
        return bytes;
    }

    /** The elements in these bytes. */
    public static int[] ints(byte[] bytes) {
        int[] elements = new int[bytes.length / Integer.BYTES];
        view(bytes).asIntBuffer().get(elements);
        return elements;
    }

    /** The bytes of these elements. */
    public static byte[] of(int[] elements) {
        byte[] bytes = room((long) elements.length * Integer.BYTES);
        view(bytes).asIntBuffer().put(elements);
        return bytes;
    }

    /** The elements in these bytes. */
    public static long[] longs(byte[] bytes) {
        long[] elements = new long[bytes.length / Long.BYTES];
        view(bytes).asLongBuffer().get(elements);
        return elements;
    }

    /** The bytes of these elements. */
    public static byte[] of(long[] elements) {
        byte[] bytes = room((long) elements.length * Long.BYTES);
        view(bytes).asLongBuffer().put(elements);
        return bytes;
    }

    /** The elements in these bytes, 0 or 1 each. */
    public static boolean[] booleans(byte[] bytes) {
        boolean[] elements = new boolean[bytes.length];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = bytes[i] != 0;
        }
        return elements;
    }

    /** The bytes of these elements. */
    public static byte[] of(boolean[] elements) {
        byte[] bytes = new byte[elements.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (elements[i] ? 1 : 0);
        }
        return bytes;
    }

    /** The strings in these bytes: of each a length of four bytes, then so many bytes. */
    public static byte[][] strings(byte[] bytes) {
        ByteBuffer view = view(bytes);
        List<byte[]> strings = new ArrayList<>();
        while (view.hasRemaining()) {
            byte[] string = new byte[view.getInt()];
            view.get(string);
            strings.add(string);
        }
        return strings.toArray(byte[][]::new);
    }

    /** The bytes of these strings. */
    public static byte[] of(byte[][] strings) {
        long size = 0;
        for (byte[] string : strings) {
            size += Integer.BYTES + string.length;
        }
        byte[] bytes = room(size);
        ByteBuffer view = view(bytes);
        for (byte[] string : strings) {
            view.putInt(string.length).put(string);
        }
        return bytes;
    }

    private static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] room(long size) {
        if (size > Integer.MAX_VALUE - 8) {
            throw new SteleException(
                    Code.RESOURCE_EXHAUSTED, size + " bytes are too many for an array");
        }
        return new byte[(int) size];
    }
}
