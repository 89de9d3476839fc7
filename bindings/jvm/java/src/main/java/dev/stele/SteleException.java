package dev.stele;

/** What was refused or failed: a canonical code and a message for a person. */
public final class SteleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Code code;

    /**
     * Makes one, for fakes of a model in a test.
     *
     * @param code why
     * @param message what a person can act on
     */
    public SteleException(Code code, String message) {
        super(message);
        this.code = code;
    }

    /** Returns why, the same in every language and over gRPC. */
    public Code code() {
        return code;
    }

    /** Returns code and message: {@code NOT_FOUND: no signature "x"; …}. */
    @Override
    public String toString() {
        return code + ": " + getMessage();
    }
}
