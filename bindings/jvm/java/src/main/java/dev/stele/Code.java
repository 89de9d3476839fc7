package dev.stele;

/** The canonical codes, numbered as in TF_Code, absl::StatusCode and gRPC. */
public enum Code {
    /** Not an error; no exception has it. */
    OK,
    /** Given up by the caller. */
    CANCELLED,
    /** An error that says no more. */
    UNKNOWN,
    /** What was given cannot be right, whatever the state of things. */
    INVALID_ARGUMENT,
    /** Too late. */
    DEADLINE_EXCEEDED,
    /** No such folder, signature or TensorFlow. */
    NOT_FOUND,
    /** There already. */
    ALREADY_EXISTS,
    /** A file may not be read. */
    PERMISSION_DENIED,
    /** Out of memory, or more elements than a Java array can have. */
    RESOURCE_EXHAUSTED,
    /** Not now: the model is closed, or another TensorFlow is loaded. */
    FAILED_PRECONDITION,
    /** Given up by TensorFlow. */
    ABORTED,
    /** Beyond the end. */
    OUT_OF_RANGE,
    /** Not supported by this model or library. */
    UNIMPLEMENTED,
    /** A fault in TensorFlow or here. */
    INTERNAL,
    /** Not there at the moment. */
    UNAVAILABLE,
    /** A file of the model is cut or corrupt. */
    DATA_LOSS,
    /** Who asks is not known. */
    UNAUTHENTICATED;

    private static final Code[] ALL = values();

    /** Returns the canonical number: 5 of {@link #NOT_FOUND}. */
    public int number() {
        return ordinal();
    }

    /**
     * Returns the code of a number, {@link #UNKNOWN} for one that is no code.
     *
     * @param number a canonical number
     */
    public static Code of(int number) {
        return number >= 0 && number < ALL.length ? ALL[number] : UNKNOWN;
    }
}
