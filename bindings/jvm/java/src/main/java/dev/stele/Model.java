package dev.stele;

import dev.stele.internal.Text;
import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A SavedModel that is loaded.
 *
 * {@snippet :
 * try (Model model = Model.load(Path.of("saved_model"))) {
 *     Map<String, Tensor> outputs = model.run(Map.of("image", Tensor.of(pixels, 1, 8, 8, 1)));
 *     float[] probabilities = outputs.get("probabilities").toFloats();
 * }
 * }
 *
 * <p>Every input is checked against the signature before TensorFlow sees it. TensorFlow 2.21 ends
 * the whole process on some wrong ranks, and answers silently on some wrong dimensions; here each
 * of these is a {@link SteleException}.
 *
 * <p>Any number of threads, virtual ones too, may call {@link #run} at once; a virtual thread holds
 * its carrier for as long as a call takes. A call cannot be interrupted. {@link #close} may be
 * called while calls run: the memory is released when the last of them ends. A model that is not
 * closed is released by the garbage collector, some day.
 */
public final class Model implements Predictor {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Handle handle;
    private final Cleaner.Cleanable cleanable;
    private final Map<String, Signature> signatures;

    private Model(long model) {
        handle = new Handle(model);
        cleanable = CLEANER.register(this, handle);
        signatures = Answer.signatures(model);
    }

    /**
     * Loads the SavedModel in a folder, with tag {@code serve} and TensorFlow's own configuration.
     *
     * @param dir the folder that holds saved_model.pb
     * @throws SteleException see {@link #load(String, Options)}
     */
    public static Model load(Path dir) {
        return load(dir.toString(), Options.DEFAULT);
    }

    /**
     * Loads the SavedModel in a folder.
     *
     * @param dir the folder that holds saved_model.pb
     * @param options how
     * @throws SteleException see {@link #load(String, Options)}
     */
    public static Model load(Path dir, Options options) {
        return load(dir.toString(), options);
    }

    /**
     * Loads the SavedModel in a folder and restores its variables. Takes from milliseconds to
     * minutes, as the model does.
     *
     * @param dir the folder that holds saved_model.pb; {@code file://} in front is removed
     * @param options how
     * @throws SteleException NOT_FOUND: no such folder, no saved_model.pb in it, no graph with
     *     exactly these tags, a file of the variables is missing, or no TensorFlow was found;
     *     DATA_LOSS: a file is cut or corrupt; INVALID_ARGUMENT: unknown profile or unparseable
     *     ConfigProto; FAILED_PRECONDITION: another TensorFlow is loaded; UNIMPLEMENTED: the
     *     SavedModel is in text form; PERMISSION_DENIED: a file cannot be read; RESOURCE_EXHAUSTED:
     *     out of memory; and whatever TensorFlow itself reports
     */
    public static Model load(String dir, Options options) {
        Library.require();
        byte[] path = Text.encodeName(dir);
        byte[] tags = Text.encodeName(options.tags());
        Optional<byte[]> profile = options.profile().map(Text::encodeName);
        Optional<byte[]> libtensorflow = options.libtensorflow().map(Text::encodeName);
        byte[] config = options.config().orElse(new byte[0]);
        int texts =
                path.length
                        + tags.length
                        + profile.orElse(config).length
                        + libtensorflow.map(text -> text.length).orElse(0)
                        + config.length;
        try (Frame frame = Frame.small(Libstele.OPTIONS_SIZE + texts + 128)) {
            long structure = frame.room(Libstele.OPTIONS_SIZE);
            Memory.clear(structure, Libstele.OPTIONS_SIZE);
            Memory.writeInt(structure, (int) Libstele.OPTIONS_SIZE);
            Memory.writeLong(structure + Libstele.OPTIONS_TAGS, frame.text(tags));
            profile.ifPresent(
                    name ->
                            Memory.writeLong(
                                    structure + Libstele.OPTIONS_PROFILE, frame.text(name)));
            if (options.config().isPresent()) {
                Memory.writeLong(structure + Libstele.OPTIONS_CONFIG, frame.bytes(config));
                Memory.writeLong(structure + Libstele.OPTIONS_CONFIG_SIZE, config.length);
            }
            libtensorflow.ifPresent(
                    file ->
                            Memory.writeLong(
                                    structure + Libstele.OPTIONS_LIBTENSORFLOW, frame.text(file)));
            long model = Libstele.load(frame.text(path), structure, frame.error());
            if (model == 0) {
                throw frame.exception();
            }
            return new Model(model);
        }
    }

    @Override
    public Map<String, Signature> signatures() {
        return signatures;
    }

    /**
     * Runs a signature with inputs in an order, in which a refusal names them.
     *
     * @throws SteleException those of {@link Predictor#run(String, Collection)};
     *     RESOURCE_EXHAUSTED: out of memory, or an output that no Java array can hold; and whatever
     *     TensorFlow itself reports
     */
    @Override
    public Map<String, Tensor> run(
            String signature, Collection<? extends Map.Entry<String, Tensor>> inputs) {
        byte[] name = Text.encodeName(signature);
        byte[][] names = new byte[inputs.size()][];
        Tensor[] tensors = new Tensor[names.length];
        int i = 0;
        for (Map.Entry<String, Tensor> input : inputs) {
            names[i] = Text.encodeName(input.getKey());
            tensors[i++] = Objects.requireNonNull(input.getValue(), input.getKey());
        }
        long model = handle.acquire();
        try (Frame frame = Frame.of(name, names, tensors)) {
            long outputs =
                    Libstele.run(
                            model,
                            frame.text(name),
                            frame.tensors(names, tensors),
                            names.length,
                            frame.error());
            if (outputs == 0) {
                throw frame.exception();
            }
            try {
                return Answer.outputs(outputs, signatures.get(signature));
            } finally {
                Libstele.freeOutputs(outputs);
            }
        } finally {
            handle.release();
        }
    }

    /** Releases the model once the calls that run have ended. A second time does nothing. */
    @Override
    public void close() {
        cleanable.clean();
    }

    /**
     * Returns the version of TensorFlow, such as {@code 2.21.0}; loads it when it is not loaded
     * yet.
     *
     * @throws SteleException NOT_FOUND: there is none
     */
    public static String tensorflowVersion() {
        Library.require();
        try (Frame frame = Frame.small(0)) {
            long version = Libstele.tensorflowVersion(frame.error());
            if (version == 0) {
                throw frame.exception();
            }
            return Memory.readText(version);
        }
    }

    /** Returns the version of libstele, such as {@code 0.2.0}. */
    public static String libraryVersion() {
        Library.require();
        return Memory.readText(Libstele.version());
    }

    /** Returns what outlives this object, for tests of how it ends. */
    Handle handle() {
        return handle;
    }

    /**
     * The model in C's memory, and how many use it: the Model itself, until it is closed, and each
     * call that runs.
     */
    static final class Handle implements Runnable {
        private final long model;
        private final AtomicInteger users = new AtomicInteger(1);
        private volatile boolean closed;

        Handle(long model) {
            this.model = model;
        }

        long acquire() {
            if (closed || users.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
                throw new SteleException(Code.FAILED_PRECONDITION, "the model is closed");
            }
            return model;
        }

        void release() {
            if (users.decrementAndGet() == 0) {
                Libstele.free(model);
            }
        }

        @Override
        public void run() {
            closed = true;
            release();
        }

        boolean released() {
            return users.get() == 0;
        }
    }
}
