package dev.stele.remote;

import static dev.stele.remote.FakeServer.always;
import static dev.stele.remote.FakeServer.bytes;
import static dev.stele.remote.FakeServer.inference;
import static dev.stele.remote.FakeServer.output;
import static dev.stele.remote.FakeServer.predicting;
import static dev.stele.remote.FakeServer.refusing;
import static dev.stele.remote.FakeServer.serving;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.stele.Code;
import dev.stele.Contract;
import dev.stele.DType;
import dev.stele.Options;
import dev.stele.SteleException;
import dev.stele.Tensor;
import dev.stele.remote.proto.Any;
import dev.stele.remote.proto.GetModelMetadataResponse;
import dev.stele.remote.proto.InferTensorContents;
import dev.stele.remote.proto.ModelInferRequest;
import dev.stele.remote.proto.ModelInferResponse;
import dev.stele.remote.proto.ModelMetadataResponse;
import dev.stele.remote.proto.ModelMetadataResponse.TensorMetadata;
import dev.stele.remote.proto.RepositoryModelLoadResponse;
import io.grpc.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.ProxySelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The client against servers that say what a test wants. */
final class RemoteModelTest {
    private static final Map<String, Tensor> INPUTS =
            Map.of(
                    "a", Tensor.of(new float[] {1, 2}, 2),
                    "b", Tensor.of(new String[] {"text"}));

    private static SteleException refused(String expected, Executable call) {
        SteleException refused = assertThrows(SteleException.class, call);
        assertEquals(expected, refused.toString());
        return refused;
    }

    private static RemoteModel connected(FakeServer server) {
        return RemoteModel.connect(server.address(), "m");
    }

    private static RemoteModel connected(FakeServer server, ConnectionOptions options) {
        return RemoteModel.connect(server.address(), "m", options);
    }

    @Test
    void addressesAreTheContracts() {
        List<String[]> rows =
                Contract.table("addresses.tsv", "address", "tls", "connects_to", "code", "message");
        assertTrue(rows.size() > 40);
        for (String[] row : rows) {
            String address = row[0];
            boolean tls = row[1].equals("yes");
            if (row[3].equals("OK")) {
                assertEquals(row[2], Address.parse(address, tls).text());
                var options = ConnectionOptions.DEFAULT;
                try (var connection = Connection.open(address, tls ? options.withTls() : options)) {
                    assertEquals(row[2], connection.address());
                }
            } else {
                refused(
                        row[3] + ": " + row[4].replace("{address}", address),
                        () -> Address.parse(address, tls));
            }
        }
    }

    @Test
    void aPredictionGoesRawAndComesBackByName() {
        try (FakeServer server = predicting(always(inference().build()));
                RemoteModel model = connected(server)) {
            assertEquals(
                    List.of("defaulted", "other", "serving_default", "sparse", "strange"),
                    List.copyOf(model.signatures().keySet()));
            for (String signature : List.of("serving_default", "other")) {
                Map<String, Tensor> outputs = model.run(signature, INPUTS);
                assertEquals(List.of("y", "z"), List.copyOf(outputs.keySet()));
                assertArrayEquals(new float[] {1, 2}, outputs.get("y").toFloats());
                assertArrayEquals(new byte[] {7}, outputs.get("z").toBytes());
                ModelInferRequest request = server.asked(Methods.INFER).getLast();
                assertEquals("m", request.getModelName());
                assertEquals("", request.getModelVersion());
                assertEquals(signature.equals("other") ? "other" : "", FakeServer.chosen(request));
                assertEquals("a", request.getInputs(0).getName());
                assertEquals("FP32", request.getInputs(0).getDatatype());
                assertEquals(List.of(2L), request.getInputs(0).getShapeList());
                assertEquals("BYTES", request.getInputs(1).getDatatype());
                assertEquals(
                        List.of(
                                bytes(0, 0, 128, 63, 0, 0, 0, 64),
                                bytes(4, 0, 0, 0, 't', 'e', 'x', 't')),
                        request.getRawInputContentsList());
            }
        }
    }

    @Test
    void aDefaultIsSent() {
        try (FakeServer server = predicting(always(inference().build()));
                RemoteModel model = connected(server)) {
            assertTrue(model.signatures().get("defaulted").inputs().get("a").hasDefault());
            model.run("defaulted", Map.of());
            assertEquals(
                    bytes(0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 0, 64),
                    server.asked(Methods.INFER).getFirst().getRawInputContents(0));
        }
    }

    @Test
    void whatDoesNotFitIsNotSent() {
        Tensor a = INPUTS.get("a");
        Tensor b = INPUTS.get("b");
        try (FakeServer server = predicting(always(inference().build()));
                RemoteModel model = connected(server)) {
            refused(
                    "INVALID_ARGUMENT: input \"x\" is given twice",
                    () ->
                            model.run(
                                    "other",
                                    List.of(
                                            Map.entry("x", a),
                                            Map.entry("a", a),
                                            Map.entry("x", a))));
            refused(
                    "INVALID_ARGUMENT: no input \"c\"; signature \"serving_default\" has \"a\", \"b\"",
                    () -> model.run(Map.of("a", a, "b", b, "c", b)));
            refused(
                    "INVALID_ARGUMENT: input \"b\" of signature \"serving_default\" is missing",
                    () -> model.run(Map.of("a", a)));
            refused(
                    "INVALID_ARGUMENT: input \"a\" has dtype BYTES, expected FP32",
                    () -> model.run(Map.of("a", b, "b", a)));
            refused(
                    "INVALID_ARGUMENT: input \"a\" has shape [], expected [?]",
                    () -> model.run(Map.of("a", Tensor.of(new float[1]), "b", b)));
            refused(
                    "INVALID_ARGUMENT: a name or path holds a NUL: \"a\\0b\"",
                    () -> model.run(Map.of("a\0b", a)));
            refused(
                    "INVALID_ARGUMENT: a text has a lone surrogate, which UTF-8 cannot hold",
                    () -> model.run("\ud800", INPUTS));
            refused(
                    "NOT_FOUND: no signature \"no\"; this model has \"defaulted\", \"other\","
                            + " \"serving_default\", \"sparse\", \"strange\"",
                    () -> model.run("no", INPUTS));
            refused(
                    "UNIMPLEMENTED: input \"sp\" of signature \"sparse\" is sparse or composite",
                    () -> model.run("sparse", INPUTS));
            refused(
                    "UNIMPLEMENTED: output \"x\" of signature \"strange\" has dtype TF_20",
                    () -> model.run("strange", INPUTS));
            assertEquals(List.of(), server.asked(Methods.INFER));
        }
    }

    private static FakeServer foreign(Status.Code refusal, ModelMetadataResponse metadata) {
        return serving(
                Map.of(
                        Methods.SIGNATURES, refusing(refusal, "not here"),
                        Methods.METADATA, always(metadata),
                        Methods.INFER, always(inference().build())));
    }

    private static TensorMetadata metadata(String name, String dtype, long... dims) {
        TensorMetadata.Builder metadata =
                TensorMetadata.newBuilder().setName(name).setDatatype(dtype);
        for (long size : dims) {
            metadata.addShape(size);
        }
        return metadata.build();
    }

    @Test
    void anotherServersModelHasOneSignature() {
        ModelMetadataResponse metadata =
                ModelMetadataResponse.newBuilder()
                        .addInputs(metadata("b", "BYTES"))
                        .addInputs(metadata("a", "FP32", -1))
                        .addOutputs(metadata("z", "INT8", 1))
                        .addOutputs(metadata("y", "FP32", -1))
                        .build();
        for (String version : List.of("3", "blue")) {
            for (var refusal : List.of(Status.Code.UNIMPLEMENTED, Status.Code.NOT_FOUND)) {
                try (FakeServer server = foreign(refusal, metadata);
                        Connection connection = Connection.open(server.address())) {
                    RemoteModel model = connection.model("m", version);
                    assertEquals(
                            "[a FP32 [?], b BYTES []]",
                            model.signatures().get("serving_default").inputs().values().toString());
                    assertEquals(2, model.run(INPUTS).size());
                    assertEquals(version, server.asked(Methods.INFER).getFirst().getModelVersion());
                    // A version that is no number is none of TensorFlow Serving's.
                    assertEquals(
                            version.equals("3") ? 1 : 0, server.asked(Methods.SIGNATURES).size());
                }
            }
        }
    }

    @Test
    void aModelOfWhichNothingIsSaidRunsUnchecked() {
        try (FakeServer server =
                        foreign(
                                Status.Code.UNIMPLEMENTED,
                                ModelMetadataResponse.getDefaultInstance());
                RemoteModel model = connected(server)) {
            assertEquals(Map.of(), model.signatures());
            assertEquals(
                    3, model.run("anything", Map.of("x", Tensor.of(new boolean[] {true}))).size());
        }
    }

    @Test
    void anUnknownDtypeIsUnimplemented() {
        ModelMetadataResponse metadata =
                ModelMetadataResponse.newBuilder().addInputs(metadata("x", "FP8")).build();
        try (FakeServer server = foreign(Status.Code.UNIMPLEMENTED, metadata);
                RemoteModel model = connected(server)) {
            refused(
                    "UNIMPLEMENTED: input \"x\" of signature \"serving_default\" has dtype FP8",
                    () -> model.run(Map.of()));
        }
    }

    @Test
    void aServersCodesAndWordsAreKept() {
        for (Status.Code code : Status.Code.values()) {
            if (code == Status.Code.OK || code == Status.Code.UNAVAILABLE) {
                continue;
            }
            try (FakeServer server = predicting(refusing(code, "naïve \"x\""));
                    RemoteModel model = connected(server)) {
                refused(code + ": naïve \"x\"", () -> model.run(INPUTS));
                assertEquals(1, server.asked(Methods.INFER).size());
            }
        }
    }

    @Test
    void aCallIsMadeAgainWhileTheServerIsUnavailable() {
        var down = refusing(Status.Code.UNAVAILABLE, "warming up");
        // More than gRPC would keep by itself.
        Map<String, Tensor> many =
                Map.of("a", Tensor.of(new float[1 << 19], 1 << 19), "b", INPUTS.get("b"));
        try (FakeServer server =
                        predicting(
                                number -> number < 2 ? down.apply(number) : inference().build());
                RemoteModel model = connected(server)) {
            model.run(many);
            assertEquals(3, server.asked(Methods.INFER).size());
        }
        for (int retries = 0; retries < 2; retries++) {
            try (FakeServer server = predicting(down);
                    RemoteModel model =
                            connected(server, ConnectionOptions.DEFAULT.withRetries(retries))) {
                refused(
                        "UNAVAILABLE: no answer from " + server.address() + ": warming up",
                        () -> model.run(INPUTS));
                assertEquals(retries + 1, server.asked(Methods.INFER).size());
            }
        }
    }

    @Test
    void nobodyThereIsUnavailable() {
        // Nobody listens on a port that the system kept for nobody.
        SteleException refused =
                assertThrows(
                        SteleException.class,
                        () ->
                                RemoteModel.connect(
                                        "127.0.0.1:1",
                                        "m",
                                        ConnectionOptions.DEFAULT.withRetries(0)));
        assertEquals(Code.UNAVAILABLE, refused.code());
        assertTrue(
                refused.getMessage().startsWith("no answer from 127.0.0.1:1: ")
                        && refused.getMessage().contains("refused"),
                refused.getMessage());
    }

    @Test
    void aDeadlineEndsACallAndItsRetries() {
        for (var infer : List.of(FakeServer.SILENCE, refusing(Status.Code.UNAVAILABLE, "down"))) {
            try (FakeServer server = predicting(infer);
                    Connection connection =
                            Connection.open(
                                    server.address(),
                                    // Within which there are no two retries.
                                    ConnectionOptions.DEFAULT.withDeadline(
                                            Duration.ofMillis(100)))) {
                RemoteModel model = patiently(connection);
                refused(
                        "DEADLINE_EXCEEDED: no answer from " + server.address() + " within 0.1 s",
                        () -> model.run(INPUTS));
            }
        }
    }

    /** The first call of a process takes longer than any deadline of a test. */
    private static RemoteModel patiently(Connection connection) {
        while (true) {
            try {
                return connection.model("m");
            } catch (SteleException late) {
                assertEquals(Code.DEADLINE_EXCEEDED, late.code());
            }
        }
    }

    @Test
    void anInterruptedThreadGivesUp() throws Exception {
        try (FakeServer server = predicting(FakeServer.SILENCE);
                RemoteModel model = connected(server)) {
            List<SteleException> got = new ArrayList<>();
            Thread thread =
                    Thread.ofVirtual()
                            .start(
                                    () ->
                                            got.add(
                                                    assertThrows(
                                                            SteleException.class,
                                                            () -> model.run(INPUTS))));
            while (server.asked(Methods.INFER).isEmpty()) {
                Thread.sleep(5);
            }
            thread.interrupt();
            thread.join();
            assertEquals(Code.CANCELLED, got.getFirst().code());
        }
    }

    @Test
    void closingEndsCallsThatRun() throws Exception {
        try (FakeServer server = predicting(FakeServer.SILENCE);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            RemoteModel model = connected(server);
            Future<SteleException> call =
                    threads.submit(
                            () ->
                                    refused(
                                            "CANCELLED: the connection was closed",
                                            () -> model.run(INPUTS)));
            while (server.asked(Methods.INFER).isEmpty()) {
                Thread.sleep(5);
            }
            model.close();
            call.get();
        }
    }

    @Test
    void messagesHaveTheLimitThatWasSet() {
        ModelInferResponse large = inference().setId("x".repeat(5 << 20)).build();
        try (FakeServer server = predicting(always(large));
                RemoteModel unlimited = connected(server);
                RemoteModel model =
                        connected(server, ConnectionOptions.DEFAULT.withMaxMessage(1 << 20))) {
            unlimited.run(INPUTS);
            refused(
                    "RESOURCE_EXHAUSTED: an answer of "
                            + large.getSerializedSize()
                            + " bytes is beyond the limit of 1048576",
                    () -> model.run(INPUTS));
            int before = server.asked(Methods.INFER).size();
            refused(
                    "RESOURCE_EXHAUSTED: a request of 1048621 bytes is beyond the limit of 1048576",
                    () ->
                            model.run(
                                    Map.of(
                                            "a",
                                            Tensor.of(new float[1 << 18], 1 << 18),
                                            "b",
                                            INPUTS.get("b"))));
            assertEquals(before, server.asked(Methods.INFER).size());
        }
    }

    @Test
    void theServersLimitsAreSaidInTheWordsOfAllClients() {
        Map<String, String> words =
                Map.of(
                        "SERVER: Received message larger than max (9 vs. 4)",
                        "a request of 9 bytes is beyond the server's limit of 4",
                        "SERVER: Sent message larger than max (9 vs. 4)",
                        "an answer of 9 bytes is beyond the server's limit of 4",
                        "out of memory",
                        "out of memory");
        words.forEach(
                (said, text) -> {
                    try (FakeServer server =
                                    predicting(refusing(Status.Code.RESOURCE_EXHAUSTED, said));
                            RemoteModel model = connected(server)) {
                        refused("RESOURCE_EXHAUSTED: " + text, () -> model.run(INPUTS));
                    }
                });
    }

    // Address space, not memory: it is refused by its size alone.
    @Test
    void moreThanGrpcCanSayIsRefused() {
        try (FakeServer server = predicting(always(inference().build()));
                RemoteModel model = connected(server);
                Arena arena = Arena.ofConfined()) {
            MemorySegment large = arena.allocate(0).reinterpret(4L << 29);
            refused(
                    "RESOURCE_EXHAUSTED: a request of 2147483697 bytes is beyond the limit of"
                            + " 2147483647",
                    () ->
                            model.run(
                                    Map.of(
                                            "a",
                                            Tensor.of(DType.FP32, large, 1 << 29),
                                            "b",
                                            INPUTS.get("b"))));
        }
    }

    @Test
    void anAnswerThatDoesNotAddUpIsInternal() {
        ModelInferResponse wide =
                ModelInferResponse.newBuilder()
                        .addOutputs(
                                output("z", "INT8", 1).toBuilder()
                                        .setContents(
                                                InferTensorContents.newBuilder()
                                                        .addIntContents(128)))
                        .build();
        ModelInferResponse mute =
                inference().clearRawOutputContents().addRawOutputContents(bytes(7)).build();
        Map<String, Message> answers =
                Map.of(
                        "no tensor \"y\"",
                        ModelInferResponse.getDefaultInstance(),
                        "tensor \"z\": shape [1] has 1 elements, 0 given",
                        inference().setRawOutputContents(0, ByteString.EMPTY).build(),
                        "1 raw contents for 3 tensors",
                        mute,
                        "tensor \"w\": BYTES element 0 is cut short",
                        inference().setRawOutputContents(2, bytes(9, 0, 0, 0)).build(),
                        "tensor \"z\": the unknown dtype \"FP8\"",
                        inference().setOutputs(0, output("z", "FP8", 1)).build(),
                        "tensor \"z\": a value that INT8 cannot hold",
                        wide);
        answers.forEach(
                (text, response) -> {
                    try (FakeServer server = predicting(always(response));
                            RemoteModel model = connected(server)) {
                        refused(
                                "INTERNAL: the answer of "
                                        + server.address()
                                        + " does not add up: "
                                        + text,
                                () -> model.run(INPUTS));
                    }
                });
        Message damaged =
                GetModelMetadataResponse.newBuilder()
                        .putMetadata(
                                "signature_def", Any.newBuilder().setValue(bytes(0xff)).build())
                        .build();
        try (FakeServer server = serving(Map.of(Methods.SIGNATURES, always(damaged)))) {
            assertEquals(
                    Code.INTERNAL,
                    assertThrows(SteleException.class, () -> connected(server)).code());
        }
    }

    // Other servers answer in the typed form.
    @Test
    void typedContentsAreWhatRawOnesAre() {
        var ints = InferTensorContents.newBuilder().addIntContents(-2).addIntContents(1);
        var uints = InferTensorContents.newBuilder().addUintContents(254).addUintContents(1);
        var longs = InferTensorContents.newBuilder().addInt64Contents(-2).addInt64Contents(1);
        var floats = InferTensorContents.newBuilder().addFp32Contents(1).addFp32Contents(2);
        var doubles = InferTensorContents.newBuilder().addFp64Contents(1).addFp64Contents(2);
        var booleans =
                InferTensorContents.newBuilder().addBoolContents(true).addBoolContents(false);
        Map<String, InferTensorContents.Builder> typed =
                Map.of(
                        "BOOL 0100", booleans,
                        "INT8 fe01", ints,
                        "INT16 feff0100", ints,
                        "INT32 feffffff01000000", ints,
                        "UINT8 fe01", uints,
                        "UINT16 fe000100", uints,
                        "UINT32 fe00000001000000", uints,
                        "INT64 feffffffffffffff0100000000000000", longs,
                        "FP32 0000803f00000040", floats,
                        "FP64 000000000000f03f0000000000000040", doubles);
        typed.forEach(
                (expected, contents) -> {
                    String dtype = expected.split(" ")[0];
                    Tensor tensor =
                            Contents.ofTyped(
                                    output("t", dtype, 2).toBuilder()
                                            .setContents(contents)
                                            .build());
                    assertEquals(
                            expected,
                            tensor.dtype()
                                    + " "
                                    + HexFormat.of()
                                            .formatHex(
                                                    tensor.segment()
                                                            .toArray(ValueLayout.JAVA_BYTE)));
                });
        assertThrows(SteleException.class, () -> Contents.ofTyped(output("t", "FP16", 2)));
    }

    @Test
    void valuesAreTheContractsOnTheWayThereAndBack() {
        for (String[] row : Contract.table("values.tsv", "dtype", "shape", "literals", "bytes")) {
            DType dtype = DType.valueOf(row[0]);
            long[] shape = List.of(row[1].split(",")).stream().mapToLong(Long::parseLong).toArray();
            ByteString raw = ByteString.copyFrom(HexFormat.of().parseHex(row[3]));
            Map<String, Tensor> taken =
                    Contents.take(
                            ModelInferResponse.newBuilder()
                                    .addOutputs(output("t", row[0], shape))
                                    .addRawOutputContents(raw)
                                    .build());
            assertEquals(dtype, taken.get("t").dtype());
            assertArrayEquals(shape, taken.get("t").shape());
            assertEquals(raw, Contents.raw(taken.get("t")));
        }
    }

    @Test
    void loadsAndUnloadsAreAskedFor() {
        try (FakeServer server =
                        serving(
                                Map.of(
                                        Methods.LOAD,
                                        always(RepositoryModelLoadResponse.getDefaultInstance()),
                                        Methods.UNLOAD,
                                        refusing(Status.Code.NOT_FOUND, "no such model")));
                Connection connection = Connection.open(server.address())) {
            Map<Options, String> how =
                    Map.of(
                            Options.DEFAULT,
                            "/m serve default",
                            Options.DEFAULT.withTags("").withProfile("inline"),
                            "/m  inline",
                            Options.DEFAULT.withTags("serve,gpu").withConfig(new byte[] {0x28, -1}),
                            "/m serve,gpu hex:28ff");
            how.forEach(
                    (options, expected) -> {
                        connection.load("m", "/m", options);
                        var parameters = server.asked(Methods.LOAD).getLast().getParametersMap();
                        assertEquals(
                                expected,
                                parameters.get("path").getStringParam()
                                        + " "
                                        + parameters.get("tags").getStringParam()
                                        + " "
                                        + parameters.get("config").getStringParam());
                    });
            refused(
                    "INVALID_ARGUMENT: a name or path holds a NUL: \"a\\0b\"",
                    () -> connection.load("m", "a\0b", Options.DEFAULT));
            refused(
                    "INVALID_ARGUMENT: a server has its own TensorFlow, and takes no other",
                    () -> connection.load("m", "/m", Options.DEFAULT.withLibtensorflow("/tf")));
            refused("NOT_FOUND: no such model", () -> connection.unload("m"));
        }
    }

    @Test
    void whatIsClosedRefuses() {
        try (FakeServer server = predicting(always(inference().build()))) {
            Connection connection = Connection.open(server.address());
            RemoteModel model = connection.model("m");
            model.close();
            model.close();
            refused("FAILED_PRECONDITION: the model is closed", () -> model.run(INPUTS));
            RemoteModel other = connection.model("m");
            connection.close();
            refused("FAILED_PRECONDITION: the connection is closed", () -> other.run(INPUTS));
        }
    }

    @Test
    void optionsThatAreNoneAreRefused() {
        var options = ConnectionOptions.DEFAULT;
        refused("INVALID_ARGUMENT: retries is 5, expected 0 to 4", () -> options.withRetries(5));
        refused(
                "INVALID_ARGUMENT: max_message is 0, expected bytes",
                () -> options.withMaxMessage(0));
        assertThrows(SteleException.class, () -> options.withDeadline(Duration.ZERO));
        assertEquals(
                Code.INVALID_ARGUMENT,
                assertThrows(
                                SteleException.class,
                                () ->
                                        Connection.open(
                                                "localhost:1", options.withTls(new byte[] {'x'})))
                        .code());
    }

    @Test
    void aProxyIsNamedAndNeverAskedForThisMachine() {
        ProxySelector before = ProxySelector.getDefault();
        ProxySelector.setDefault(ProxySelector.of(new java.net.InetSocketAddress("127.0.0.1", 1)));
        try (FakeServer server = predicting(always(inference().build()));
                RemoteModel model = connected(server)) {
            model.run(INPUTS);
            SteleException refused =
                    assertThrows(
                            SteleException.class,
                            () ->
                                    RemoteModel.connect(
                                            "203.0.113.1:8500",
                                            "m",
                                            ConnectionOptions.DEFAULT.withRetries(0)));
            assertTrue(
                    refused.toString()
                            .startsWith(
                                    "UNAVAILABLE: no answer from 203.0.113.1:8500 through the"
                                            + " proxy 127.0.0.1:1: "),
                    refused.toString());
        } finally {
            ProxySelector.setDefault(before);
        }
    }

    @Test
    void threadsShareAModel() throws Exception {
        try (FakeServer server = predicting(always(inference().build()));
                RemoteModel model = connected(server);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                calls.add(threads.submit(() -> model.run(INPUTS)));
            }
            for (Future<?> call : calls) {
                call.get();
            }
            assertEquals(400, server.asked(Methods.INFER).size());
        }
    }
}
