package dev.stele.internal;

import dev.stele.Code;
import dev.stele.SteleException;
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
        if (hasLoneSurrogate(text)) {
            throw new SteleException(
                    Code.INVALID_ARGUMENT, "a text has a lone surrogate, which UTF-8 cannot hold");
        }
        return text.getBytes(StandardCharsets.UTF_8);
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

    // Of a pair the code point is one beyond the surrogates.
    private static boolean hasLoneSurrogate(String text) {
        int code;
        for (int i = 0; i < text.length(); i += Character.charCount(code)) {
            code = text.codePointAt(i);
            if (code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE) {
                return true;
            }
        }
        return false;
    }
}
