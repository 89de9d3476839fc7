package dev.stele;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * The arguments of one call in C's memory: one block, in which pieces follow each other.
 *
 * <p>One block a call and not one a name, shape and tensor, and for a small call one that an
 * earlier call has used: to allocate and to clear one is most of what a small call costs.
 */
final class Frame implements AutoCloseable {
    private static final long ALIGNMENT = 16;

    // The size of all blocks that are kept, of which there are as many as calls ran at once.
    private static final long KEPT = 16 << 10;
    private static final ConcurrentLinkedDeque<MemorySegment> BLOCKS =
            new ConcurrentLinkedDeque<>();

    private final Arena arena; // null for a block that is kept
    private final MemorySegment block;
    private long used = align(Libstele.ERROR_SIZE);

    /** Room for an error and so many bytes in so many pieces. */
    private Frame(long size) {
        long all = used + size;
        if (all > KEPT) {
            arena = Arena.ofConfined();
            block = arena.allocate(all, ALIGNMENT);
        } else {
            arena = null;
            MemorySegment kept = BLOCKS.poll();
            block = kept != null ? kept : Arena.ofAuto().allocate(KEPT, ALIGNMENT);
        }
    }

    /** A frame for names and small structures. */
    static Frame small(long size) {
        return new Frame(size);
    }

    /** A frame for a signature's name and these inputs. */
    static Frame of(byte[] signature, byte[][] names, Tensor[] inputs) {
        long size = align(signature.length + 1L) + align(names.length * Libstele.TENSOR_SIZE);
        for (byte[] name : names) {
            size += align(name.length + 1L);
        }
        for (Tensor tensor : inputs) {
            size += align(tensor.rank() * Long.BYTES) + align(tensor.size());
            if (tensor.strings() != null) {
                for (byte[] string : tensor.strings()) {
                    size += align(string.length);
                }
            }
        }
        return new Frame(size);
    }

    /** Where the call writes its error. */
    MemorySegment error() {
        return block.asSlice(0, Libstele.ERROR_SIZE);
    }

    /** What the call has written there. */
    SteleException exception() {
        return new SteleException(
                Code.of(block.get(JAVA_INT, 0)), block.getString(Libstele.ERROR_MESSAGE));
    }

    /** Room with anything in it. */
    MemorySegment room(long size) {
        MemorySegment piece = block.asSlice(used, size);
        used += align(size);
        return piece;
    }

    /** A text, with the NUL at its end. */
    MemorySegment text(byte[] utf8) {
        MemorySegment piece = room(utf8.length + 1L);
        MemorySegment.copy(utf8, 0, piece, JAVA_BYTE, 0, utf8.length);
        piece.set(JAVA_BYTE, utf8.length, (byte) 0);
        return piece;
    }

    /** An array of stele_tensor. */
    MemorySegment tensors(byte[][] names, Tensor[] inputs) {
        MemorySegment array = room(names.length * Libstele.TENSOR_SIZE);
        for (int i = 0; i < names.length; i++) {
            long at = i * Libstele.TENSOR_SIZE;
            array.set(ADDRESS, at, text(names[i]));
            put(array, at, inputs[i]);
        }
        return array;
    }

    private void put(MemorySegment array, long at, Tensor tensor) {
        array.set(JAVA_INT, at + Libstele.TENSOR_DTYPE, tensor.dtype().number());
        array.set(JAVA_INT, at + Libstele.TENSOR_RANK, tensor.rank());
        MemorySegment dims = room(tensor.rank() * Long.BYTES);
        for (int i = 0; i < tensor.rank(); i++) {
            dims.setAtIndex(JAVA_LONG, i, tensor.dim(i));
        }
        array.set(ADDRESS, at + Libstele.TENSOR_DIMS, dims);
        array.set(ADDRESS, at + Libstele.TENSOR_DATA, elements(tensor));
        array.set(JAVA_LONG, at + Libstele.TENSOR_BYTES, tensor.size());
    }

    private MemorySegment elements(Tensor tensor) {
        MemorySegment elements = room(tensor.size());
        if (tensor.strings() == null) {
            elements.copyFrom(tensor.segment());
            return elements;
        }
        long at = 0;
        for (byte[] string : tensor.strings()) {
            MemorySegment bytes = room(string.length);
            MemorySegment.copy(string, 0, bytes, JAVA_BYTE, 0, string.length);
            elements.set(ADDRESS, at, bytes);
            elements.set(JAVA_LONG, at + Long.BYTES, string.length);
            at += DType.BYTES.stride();
        }
        return elements;
    }

    @Override
    public void close() {
        if (arena == null) {
            BLOCKS.push(block);
        } else {
            arena.close();
        }
    }

    private static long align(long size) {
        return (size + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
