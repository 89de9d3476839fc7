package dev.stele;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stele.internal.Text;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Ownership, refusals, threads and memory. */
final class ModelTest {
    private static void refused(String expected, Executable call) {
        assertEquals(expected, assertThrows(SteleException.class, call).toString());
    }

    @Test
    void aSignatureSaysWhatItTakes() {
        try (Model model = Model.load(Models.DIGITS)) {
            Signature signature = model.signatures().get("serving_default");
            TensorInfo image = signature.inputs().get("image");
            assertEquals("image FP32 [?,8,8,1]", image.toString());
            assertEquals(DType.FP32, image.dtype().orElseThrow());
            assertEquals(Shape.of(-1, 8, 8, 1), image.shape());
            assertEquals("?", Shape.UNKNOWN.toString());
            assertEquals("[]", Shape.of().toString());
        }
        assertTrue(Model.tensorflowVersion().startsWith("2."));
        assertEquals("0.2.0", Model.libraryVersion());
    }

    @Test
    void errorsHaveCodeAndMessage() {
        refused(
                "NOT_FOUND: no SavedModel at \"/nowhere\": no such folder",
                () -> Model.load(Path.of("/nowhere")));
        try (Model model = Model.load(Models.DIGITS)) {
            refused(
                    "NOT_FOUND: no signature \"x\"; this model has \"serve\", \"serving_default\"",
                    () -> model.run("x", Models.image(1)));
            refused(
                    "INVALID_ARGUMENT: input \"image\" of signature \"serving_default\" is missing",
                    () -> model.run(Map.of()));
            refused(
                    "INVALID_ARGUMENT: input \"image\" has dtype FP64, expected FP32",
                    () -> model.run(Map.of("image", Tensor.of(new double[64], 1, 8, 8, 1))));
        }
    }

    @Test
    void aNameWithANulNamesNothing() {
        String name = "image\0y";
        String expected = "INVALID_ARGUMENT: a name or path holds a NUL: \"image\\0y\"";
        try (Model model = Model.load(Models.DIGITS)) {
            refused(expected, () -> model.run(Map.of(name, Tensor.of(new float[64], 1, 8, 8, 1))));
            refused(expected, () -> model.run(name, Models.image(1)));
        }
        refused(expected, () -> Model.load(name, Options.DEFAULT));
        refused(expected, () -> Model.load(Models.DIGITS, Options.DEFAULT.withTags(name)));
        refused(expected, () -> Model.load(Models.DIGITS, Options.DEFAULT.withProfile(name)));
        String lone = "INVALID_ARGUMENT: a text has a lone surrogate, which UTF-8 cannot hold";
        refused(lone, () -> Tensor.of(new String[] {"\ud800"}, 1));
        refused(lone, () -> Model.load("\udc00", Options.DEFAULT));
        refused(lone, () -> Model.load("\ud83e\udea8\udc00", Options.DEFAULT));
        String pair = "\ud83e\udea8";
        assertEquals(pair, new String(Text.encode(pair), StandardCharsets.UTF_8));
    }

    @Test
    void nothingIsLeftOfTheCallBefore() {
        try (Model model = Model.load(Models.DIGITS)) {
            float[] expected = probabilities(model, 1);
            for (String name : List.of("serving_default and more", "none")) {
                assertThrows(SteleException.class, () -> model.run(name, Models.image(1)));
                assertArrayEquals(expected, probabilities(model, 1), 0);
            }
        }
    }

    @Test
    void aTensorIsAsLargeAsItsShape() {
        refused(
                "INVALID_ARGUMENT: shape [2,3] has 6 elements, 5 given",
                () -> Tensor.of(new float[5], 2, 3));
        refused("INVALID_ARGUMENT: shape [] has 1 elements, 2 given", () -> Tensor.of(new int[2]));
        refused("INVALID_ARGUMENT: a dimension is negative: -1", () -> Tensor.of(new long[0], -1));
        refused(
                "INVALID_ARGUMENT: shape [4294967296,4294967296] has too many elements, 0 given",
                () -> Tensor.of(new byte[0], 1L << 32, 1L << 32));
        refused(
                "INVALID_ARGUMENT: FP32 is not what a int[] holds",
                () -> Tensor.of(new float[1]).toInts());
        refused(
                "INVALID_ARGUMENT: 5 bytes are no whole number of FP32",
                () ->
                        Tensor.of(
                                DType.FP32,
                                java.lang.foreign.MemorySegment.ofArray(new byte[5]),
                                1));
        assertEquals("FP32 [0,3]", Tensor.of(new float[0], 0, 3).toString());
    }

    @Test
    void whatNoArrayCanHoldIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            // Address space, not memory: nobody writes there.
            long elements = 1L << 31;
            Tensor large = Tensor.of(DType.INT8, arena.allocate(0).reinterpret(elements), elements);
            refused(
                    "RESOURCE_EXHAUSTED: INT8 [2147483648] has more elements than an array can have",
                    large::toBytes);
        }
    }

    @Test
    void aClosedModelRefuses() {
        Model model = Model.load(Models.DIGITS);
        Map<String, Tensor> outputs = model.run(Models.image(1));
        model.close();
        model.close();
        refused("FAILED_PRECONDITION: the model is closed", () -> model.run(Models.image(1)));
        assertEquals(10, outputs.get("probabilities").toFloats().length);
        assertEquals(2, model.signatures().size());
    }

    @Test
    void closingUnderRunningCallsIsSafe() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int round = 0; round < 5; round++) {
                Model model = Model.load(Models.DIGITS);
                List<Future<?>> calls = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    calls.add(threads.submit(() -> runUntilClosed(model)));
                }
                Thread.sleep(20);
                model.close();
                for (Future<?> call : calls) {
                    call.get();
                }
            }
        }
    }

    private static void runUntilClosed(Model model) {
        try {
            while (true) {
                model.run(Models.image(1));
            }
        } catch (SteleException closed) {
            assertEquals(Code.FAILED_PRECONDITION, closed.code());
        }
    }

    @Test
    void threadsGetTheBitsOfOne() throws Exception {
        try (Model model = Model.load(Models.DIGITS);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<float[]> expected = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                expected.add(model.run(Models.image(i)).get("probabilities").toFloats());
            }
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int image = i;
                calls.add(
                        threads.submit(
                                () -> {
                                    for (int call = 0; call < 1000; call++) {
                                        float[] got =
                                                model.run(Models.image(image))
                                                        .get("probabilities")
                                                        .toFloats();
                                        assertArrayEquals(expected.get(image), got, 0);
                                    }
                                }));
            }
            for (Future<?> call : calls) {
                call.get();
            }
        }
    }

    /** Arrays are garbage at once, while the collector runs again and again. */
    @Test
    void memoryStaysFlat() throws IOException {
        try (Model model = Model.load(Models.DIGITS, Options.DEFAULT.withProfile("inline"))) {
            float[] expected = probabilities(model, 1);
            for (int i = 0; i < 5_000; i++) {
                probabilities(model, i);
            }
            long before = resident();
            for (int i = 0; i < 10_000; i++) {
                if (i % 100 == 0) {
                    System.gc();
                }
                assertArrayEquals(expected, probabilities(model, 1), 0);
            }
            long grown = resident() - before;
            // Of each call a leak of a frame would be 200 MB, of an answer's structures 20.
            assertTrue(grown < 16 << 20, "grown by " + grown + " bytes");
        }
    }

    private static float[] probabilities(Model model, float seed) {
        return model.run(Models.image(seed)).get("probabilities").toFloats();
    }

    @Test
    void aModelThatNobodyHasIsReleased() throws Exception {
        Model.Handle handle = forgotten();
        for (int i = 0; i < 500 && !handle.released(); i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertTrue(handle.released());
    }

    /** In a frame of its own: here nothing is left that holds the model. */
    private static Model.Handle forgotten() {
        Model model = Model.load(Models.DIGITS);
        probabilities(model, 1);
        assertFalse(model.handle().released());
        return model.handle();
    }

    private static long resident() throws IOException {
        System.gc();
        String status = Files.readString(Path.of("/proc/self/status"));
        String kilobytes = status.replaceAll("(?s).*VmRSS:\\s*(\\d+) kB.*", "$1");
        return Long.parseLong(kilobytes) * 1024;
    }
}
