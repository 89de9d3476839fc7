package dev.stele;

import java.util.Optional;

/**
 * How to load a model. Start from {@link #DEFAULT} and say what differs:
 *
 * {@snippet :
 * Model.load("saved_model", Options.DEFAULT.withProfile("inline"));
 * }
 *
 * @param tags the exact set of tags of the graph, with commas in between; "" is the empty set
 * @param profile the session's configuration by name: {@code default}, {@code inline} (every op
 *     runs in the calling thread), {@code single} (the single-threaded executor), {@code python}
 *     (the bits of the function in Python)
 * @param config a serialized tensorflow.ConfigProto in place of the profile
 * @param libtensorflow the file libtensorflow_cc.so.2 or its folder, in place of searching for it
 */
public record Options(
        String tags,
        Optional<String> profile,
        Optional<byte[]> config,
        Optional<String> libtensorflow) {
    /** The tag {@code serve}, TensorFlow's own configuration. */
    public static final Options DEFAULT =
            new Options("serve", Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * Returns these with other tags.
     *
     * @param set the exact set, with commas in between
     */
    public Options withTags(String set) {
        return new Options(set, profile, config, libtensorflow);
    }

    /**
     * Returns these with a session configuration by name.
     *
     * @param name {@code default}, {@code inline}, {@code single} or {@code python}
     */
    public Options withProfile(String name) {
        return new Options(tags, Optional.of(name), Optional.empty(), libtensorflow);
    }

    /**
     * Returns these with a session configuration of one's own.
     *
     * @param proto a serialized tensorflow.ConfigProto
     */
    public Options withConfig(byte[] proto) {
        return new Options(tags, Optional.empty(), Optional.of(proto.clone()), libtensorflow);
    }

    /**
     * Returns these with a TensorFlow of one's own.
     *
     * @param path the file libtensorflow_cc.so.2, or its folder
     */
    public Options withLibtensorflow(String path) {
        return new Options(tags, profile, config, Optional.of(path));
    }
}
