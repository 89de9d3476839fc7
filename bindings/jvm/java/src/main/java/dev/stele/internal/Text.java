package dev.stele.internal;

import dev.stele.Code;
import dev.stele.SteleException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text on its way to C, or to a server. */
public final class Text {
    private Text() {}

    /**
     * Returns a text in UTF-8.
     *
     * @throws SteleException INVALID_ARGUMENT: it has a lone surrogate
     */
    public static byte[] encode(String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] exact = new byte[bytes.remaining()];
            bytes.get(exact);
            return exact;
        } catch (CharacterCodingException error) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT, "a text has a lone surrogate, which UTF-8 cannot hold");
        }
    }

    /**
     * Returns a name or path in UTF-8, at the end of which C puts its NUL.
     *
     * @throws SteleException INVALID_ARGUMENT: it has a NUL of its own, or a lone surrogate
     */
    public static byte[] encodeName(String name) {
        if (name.indexOf('\0') >= 0) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT,
                    "a name or path holds a NUL: \"" + name.replace("\0", "\\0") + "\"");
        }
        return encode(name);
    }
}
