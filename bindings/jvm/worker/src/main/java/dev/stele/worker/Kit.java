package dev.stele.worker;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.stele.Code;
import dev.stele.DType;
import dev.stele.Options;
import dev.stele.Predictor;
import dev.stele.Signature;
import dev.stele.SteleException;
import dev.stele.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The worker kit of bindings/c/kit: the protocol by which the harness tries a binding, without the
 * binding. Each language of this machine gives it a {@link Client}.
 */
public final class Kit {
    /** How a language loads a model and runs it. */
    public interface Client {
        /** Loads it. */
        Predictor load(String dir, Options options);

        /** Makes inputs of the language's own from bundles' files, and returns a run of them. */
        Run prepare(Predictor model, String signature, List<Contents> inputs);
    }

    /** One call, as a user of the language makes it, again and again. */
    public interface Run {
        /** Makes the call. */
        void call();

        /** Returns what the last one gave, read by the language's own accessors. */
        List<Contents> outputs();
    }

    /**
     * An input or output of a run.
     *
     * @param name as in the signature
     * @param dtype of its elements
     * @param shape the size of each dimension
     * @param bytes its elements as a bundle has them
     */
    public record Contents(String name, DType dtype, long[] shape, byte[] bytes) {}

    private static final int LOAD = 1;
    private static final int RUN = 2;
    private static final long REQUEST_SIZE = 72;
    private static final long INPUT_SIZE = 40;

    private static final SymbolLookup LIBRARY =
            SymbolLookup.libraryLookup(System.getProperty("stele.worker"), Arena.global());
    private static final MethodHandle NEW =
            function("stele_worker_new", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle NEXT = function("stele_worker_next", ADDRESS, ADDRESS);
    private static final MethodHandle AGAIN = function("stele_worker_again", JAVA_INT, ADDRESS);
    private static final MethodHandle DESCRIBE =
            procedure(
                    "stele_worker_describe",
                    ADDRESS,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS);
    private static final MethodHandle OUTPUT =
            function(
                    "stele_worker_output",
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_INT,
                    JAVA_INT,
                    ADDRESS,
                    JAVA_LONG);
    private static final MethodHandle OK = procedure("stele_worker_ok", ADDRESS);
    private static final MethodHandle ERROR =
            procedure("stele_worker_error", ADDRESS, JAVA_INT, ADDRESS);

    private Kit() {}

    /**
     * Answers requests until there are no more.
     *
     * @param binding the id in binding.toml
     * @param language for people
     * @param client what is tried
     */
    public static void serve(String binding, String language, Client client) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment worker =
                    (MemorySegment)
                            NEW.invokeExact(
                                    arena.allocateFrom(binding),
                                    arena.allocateFrom(language),
                                    MemorySegment.NULL);
            new Conversation(worker, client).hold();
        } catch (Throwable error) {
            throw unexpected(error);
        }
    }

    private static final class Conversation {
        private final MemorySegment worker;
        private final Client client;
        private Predictor loaded;

        Conversation(MemorySegment worker, Client client) {
            this.worker = worker;
            this.client = client;
        }

        void hold() throws Throwable {
            while (true) {
                MemorySegment next = (MemorySegment) NEXT.invokeExact(worker);
                if (next.address() == 0) {
                    unload();
                    return;
                }
                answer(next.reinterpret(REQUEST_SIZE));
            }
        }

        private void answer(MemorySegment request) throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                try {
                    switch (request.get(JAVA_INT, 0)) {
                        case LOAD -> load(arena, request);
                        case RUN -> run(arena, request);
                        default -> unload();
                    }
                    OK.invokeExact(worker);
                } catch (SteleException refused) {
                    ERROR.invokeExact(
                            worker,
                            refused.code().number(),
                            arena.allocateFrom(refused.getMessage()));
                } catch (OutOfMemoryError full) {
                    ERROR.invokeExact(
                            worker,
                            Code.RESOURCE_EXHAUSTED.number(),
                            arena.allocateFrom("out of memory"));
                } catch (RuntimeException fault) {
                    fault.printStackTrace();
                    ERROR.invokeExact(
                            worker, Code.INTERNAL.number(), arena.allocateFrom(fault.toString()));
                }
            }
        }

        private void load(Arena arena, MemorySegment request) throws Throwable {
            Options options = Options.DEFAULT.withTags(text(request, 16));
            if (request.get(ADDRESS, 24).address() != 0) {
                options = options.withProfile(text(request, 24));
            } else {
                long size = request.get(JAVA_LONG, 40);
                options =
                        options.withConfig(
                                request.get(ADDRESS, 32).reinterpret(size).toArray(JAVA_BYTE));
            }
            Predictor fresh = client.load(text(request, 8), options);
            unload();
            loaded = fresh;
            for (Signature signature : loaded.signatures().values()) {
                for (TensorInfo info : signature.inputs().values()) {
                    describe(arena, signature, 0, info);
                }
                for (TensorInfo info : signature.outputs().values()) {
                    describe(arena, signature, 1, info);
                }
            }
        }

        private void describe(Arena arena, Signature signature, int isOutput, TensorInfo info)
                throws Throwable {
            DESCRIBE.invokeExact(
                    worker,
                    arena.allocateFrom(signature.name()),
                    isOutput,
                    arena.allocateFrom(info.name()),
                    arena.allocateFrom(info.dtypeName()),
                    info.shape().rank(),
                    arena.allocateFrom(JAVA_LONG, info.shape().dims()));
        }

        private void run(Arena arena, MemorySegment request) throws Throwable {
            Run run = client.prepare(loaded, text(request, 48), inputs(request));
            while ((int) AGAIN.invokeExact(worker) != 0) {
                run.call();
            }
            for (Contents output : run.outputs()) {
                write(arena, output);
            }
        }

        private void write(Arena arena, Contents output) throws Throwable {
            MemorySegment path =
                    (MemorySegment)
                            OUTPUT.invokeExact(
                                    worker,
                                    arena.allocateFrom(output.name()),
                                    output.dtype().number(),
                                    output.shape().length,
                                    arena.allocateFrom(JAVA_LONG, output.shape()),
                                    (long) output.bytes().length);
            if (path.address() != 0) {
                Files.write(Path.of(string(path)), output.bytes());
            }
        }

        private void unload() {
            if (loaded != null) {
                loaded.close();
                loaded = null;
            }
        }
    }

    private static List<Contents> inputs(MemorySegment request) {
        long count = request.get(JAVA_LONG, 56);
        MemorySegment array = request.get(ADDRESS, 64).reinterpret(count * INPUT_SIZE);
        List<Contents> inputs = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            inputs.add(input(array.asSlice(i * INPUT_SIZE, INPUT_SIZE)));
        }
        return inputs;
    }

    private static Contents input(MemorySegment input) {
        DType dtype = DType.of(input.get(JAVA_INT, 8)).orElseThrow();
        long rank = input.get(JAVA_INT, 12);
        long[] shape = input.get(ADDRESS, 16).reinterpret(rank * Long.BYTES).toArray(JAVA_LONG);
        try {
            return new Contents(
                    text(input, 0), dtype, shape, Files.readAllBytes(Path.of(text(input, 24))));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static String text(MemorySegment structure, long at) {
        return string(structure.get(ADDRESS, at));
    }

    private static String string(MemorySegment pointer) {
        return pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    private static MethodHandle function(
            String name, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        LIBRARY.find(name).orElseThrow(), FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle procedure(String name, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        LIBRARY.find(name).orElseThrow(), FunctionDescriptor.ofVoid(arguments));
    }

    private static RuntimeException unexpected(Throwable error) {
        return switch (error) {
            case Error fatal -> throw fatal;
            case RuntimeException own -> own;
            default -> new IllegalStateException(error);
        };
    }
}
