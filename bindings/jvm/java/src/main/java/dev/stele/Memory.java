package dev.stele;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * C's memory, by address.
 *
 * <p>One segment is all of it: a segment for each structure, name and shape of a call, and what
 * checks it, cost more than all else that a small call does here.
 */
final class Memory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Memory() {}

    static int readInt(long address) {
        return ALL.get(JAVA_INT, address);
    }

    static long readLong(long address) {
        return ALL.get(JAVA_LONG, address);
    }

    /** Reads a text, up to its NUL. */
    static String readText(long address) {
        return ALL.getString(address);
    }

    static long[] readLongs(long address, int count) {
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = readLong(address + (long) i * Long.BYTES);
        }
        return values;
    }

    static byte[] readBytes(long address, int count) {
        byte[] bytes = new byte[count];
        MemorySegment.copy(ALL, JAVA_BYTE, address, bytes, 0, count);
        return bytes;
    }

    /** Fills a segment with what begins at an address. */
    static void read(long address, MemorySegment into) {
        MemorySegment.copy(ALL, address, into, 0, into.byteSize());
    }

    static void writeInt(long address, int value) {
        ALL.set(JAVA_INT, address, value);
    }

    static void writeLong(long address, long value) {
        ALL.set(JAVA_LONG, address, value);
    }

    static void write(long address, byte[] bytes) {
        MemorySegment.copy(bytes, 0, ALL, JAVA_BYTE, address, bytes.length);
    }

    static void write(long address, MemorySegment from) {
        MemorySegment.copy(from, 0, ALL, address, from.byteSize());
    }

    /** Writes a text, and its NUL behind it. */
    static void writeText(long address, byte[] utf8) {
        write(address, utf8);
        ALL.set(JAVA_BYTE, address + utf8.length, (byte) 0);
    }

    static void clear(long address, long size) {
        ALL.asSlice(address, size).fill((byte) 0);
    }
}
