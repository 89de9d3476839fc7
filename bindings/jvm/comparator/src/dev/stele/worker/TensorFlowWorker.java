package dev.stele.worker;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.stele.Code;
import dev.stele.Options;
import dev.stele.Predictor;
import dev.stele.SteleException;
import java.util.Map;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TFFailedPreconditionException;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFOutOfRangeException;
import org.tensorflow.exceptions.TFPermissionDeniedException;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.exceptions.TFUnauthenticatedException;
import org.tensorflow.exceptions.TFUnimplementedException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;

/** The worker of TensorFlow for Java, as its documentation shows it. */
final class TensorFlowWorker extends JavaClient {
    /** The classes that it has for codes; the others are their common one. */
    private static final Map<Class<?>, Code> CODES =
            Map.of(
                    TFFailedPreconditionException.class, Code.FAILED_PRECONDITION,
                    TFInvalidArgumentException.class, Code.INVALID_ARGUMENT,
                    TFOutOfRangeException.class, Code.OUT_OF_RANGE,
                    TFPermissionDeniedException.class, Code.PERMISSION_DENIED,
                    TFResourceExhaustedException.class, Code.RESOURCE_EXHAUSTED,
                    TFUnauthenticatedException.class, Code.UNAUTHENTICATED,
                    TFUnimplementedException.class, Code.UNIMPLEMENTED);

    private TensorFlowWorker() {}

    /** With an argument it only says its TensorFlow's version, and has unpacked it then. */
    public static void main(String[] arguments) {
        if (arguments.length > 0) {
            System.out.println(TensorFlow.version());
            return;
        }
        Kit.serve("java-tensorflow", "Java " + Runtime.version(), new TensorFlowWorker());
    }

    @Override
    public Predictor load(String dir, Options options) {
        ConfigProto config =
                options.config()
                        .map(TensorFlowWorker::parsed)
                        .orElseGet(() -> profile(options.profile().orElseThrow()));
        try {
            return new TensorFlowModel(
                    SavedModelBundle.loader(dir)
                            .withTags(options.tags().split(","))
                            .withConfigProto(config)
                            .load());
        } catch (RuntimeException error) {
            throw asRefusal(error);
        }
    }

    private static ConfigProto parsed(byte[] serialized) {
        try {
            return ConfigProto.parseFrom(serialized);
        } catch (InvalidProtocolBufferException error) {
            throw new SteleException(Code.INVALID_ARGUMENT, error.getMessage());
        }
    }

    private static ConfigProto profile(String name) {
        ConfigProto.Builder config = ConfigProto.newBuilder().setAllowSoftPlacement(true);
        switch (name) {
            case "default" -> {}
            case "inline" -> config.setInterOpParallelismThreads(-1);
            case "single" ->
                    config.setExperimental(
                            ConfigProto.Experimental.newBuilder()
                                    .setExecutorType("SINGLE_THREADED_EXECUTOR"));
            case "python" ->
                    config.setGraphOptions(
                            GraphOptions.newBuilder()
                                    .setRewriteOptions(
                                            RewriterConfig.newBuilder()
                                                    .setDisableMetaOptimizer(true)));
            default ->
                    throw new SteleException(
                            Code.INVALID_ARGUMENT,
                            "no profile \""
                                    + name
                                    + "\"; there are \"default\", \"inline\", \"python\", \"single\"");
        }
        return config.build();
    }

    /** What it throws, by the code that its class has. */
    static SteleException asRefusal(RuntimeException error) {
        Code code =
                switch (error) {
                    case TensorFlowException known ->
                            CODES.getOrDefault(known.getClass(), Code.UNKNOWN);
                    case IllegalArgumentException argument -> Code.INVALID_ARGUMENT;
                    case IllegalStateException state -> Code.FAILED_PRECONDITION;
                    case SteleException own -> own.code();
                    default -> Code.INTERNAL;
                };
        return new SteleException(code, String.valueOf(error.getMessage()));
    }
}
