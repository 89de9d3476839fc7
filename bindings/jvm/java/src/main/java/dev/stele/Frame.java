package dev.stele;

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
    private final long end;
    private long next;

    /** Room for an error and so many bytes in so many pieces. */
    private Frame(long size) {
        long all = align(Libstele.ERROR_SIZE) + size;
        if (all > KEPT) {
            arena = Arena.ofConfined();
            block = arena.allocate(all, ALIGNMENT);
        } else {
            arena = null;
            MemorySegment kept = BLOCKS.poll();
            block = kept != null ? kept : Arena.ofAuto().allocate(KEPT, ALIGNMENT);
        }
        next = block.address() + align(Libstele.ERROR_SIZE);
        end = block.address() + block.byteSize();
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
            size += align((long) tensor.rank() * Long.BYTES) + align(tensor.size());
            if (tensor.strings() != null) {
                for (byte[] string : tensor.strings()) {
                    size += align(string.length);
                }
            }
        }
        return new Frame(size);
    }

    /** Where the call writes its error. */
    long error() {
        return block.address();
    }

    /** What the call has written there. */
    SteleException exception() {
        return new SteleException(
                Code.of(Memory.readInt(error())),
                Memory.readText(error() + Libstele.ERROR_MESSAGE));
    }

    /** Room with anything in it. */
    long room(long size) {
        long piece = next;
        next += align(size);
        if (next > end) {
            throw new IllegalStateException("a frame is too small");
        }
        return piece;
    }

    /** A text, with the NUL at its end. */
    long text(byte[] utf8) {
        long piece = room(utf8.length + 1L);
        Memory.writeText(piece, utf8);
        return piece;
    }

    /** Bytes, with nothing behind them. */
    long bytes(byte[] bytes) {
        long piece = room(bytes.length);
        Memory.write(piece, bytes);
        return piece;
    }

    /** An array of stele_tensor. */
    long tensors(byte[][] names, Tensor[] inputs) {
        long array = room(names.length * Libstele.TENSOR_SIZE);
        for (int i = 0; i < names.length; i++) {
            long at = array + i * Libstele.TENSOR_SIZE;
            Memory.writeLong(at, text(names[i]));
            put(at, inputs[i]);
        }
        return array;
    }

    private void put(long at, Tensor tensor) {
        Memory.writeInt(at + Libstele.TENSOR_DTYPE, tensor.dtype().number());
        Memory.writeInt(at + Libstele.TENSOR_RANK, tensor.rank());
        long dims = room((long) tensor.rank() * Long.BYTES);
        for (int i = 0; i < tensor.rank(); i++) {
            Memory.writeLong(dims + (long) i * Long.BYTES, tensor.dim(i));
        }
        Memory.writeLong(at + Libstele.TENSOR_DIMS, dims);
        Memory.writeLong(at + Libstele.TENSOR_DATA, elements(tensor));
        Memory.writeLong(at + Libstele.TENSOR_BYTES, tensor.size());
    }

    private long elements(Tensor tensor) {
        long elements = room(tensor.size());
        if (tensor.strings() == null) {
            Memory.write(elements, tensor.data());
            return elements;
        }
        long at = elements;
        for (byte[] string : tensor.strings()) {
            Memory.writeLong(at, bytes(string));
            Memory.writeLong(at + Long.BYTES, string.length);
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
