package dev.stele;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Dimensions as a signature has them: some, or all, may be unknown. */
public final class Shape {
    /** The shape of which not even the rank is known. */
    public static final Shape UNKNOWN = new Shape(null);

    private final long[] dims;

    private Shape(long[] dims) {
        this.dims = dims;
    }

    /**
     * Makes a shape of known rank.
     *
     * @param dims a size for each dimension, -1 where it is unknown; none for a scalar
     */
    public static Shape of(long... dims) {
        return new Shape(dims.clone());
    }

    /** Returns the number of dimensions, -1 when it is unknown. */
    public int rank() {
        return dims == null ? -1 : dims.length;
    }

    /** Returns the sizes, -1 where one is unknown; none when the rank is unknown. */
    public long[] dims() {
        return dims == null ? new long[0] : dims.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /**
     * Returns the shape as people read it: {@code [?,8,8,1]}, {@code ?} when the rank is unknown.
     */
    @Override
    public String toString() {
        return dims == null
                ? "?"
                : LongStream.of(dims)
                        .mapToObj(dim -> dim < 0 ? "?" : Long.toString(dim))
                        .collect(Collectors.joining(",", "[", "]"));
    }
}
