package dev.stele;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The functions of stele.h, and where its structures have their fields; of pointers the addresses,
 * with 0 for NULL. {@link Library#require} comes first.
 */
final class Libstele {
    // Offsets and sizes as stele.h says them for ABI 1.
    static final long ERROR_SIZE = 4100;
    static final long ERROR_MESSAGE = 4;
    static final long TENSOR_SIZE = 40;
    static final long TENSOR_DTYPE = 8;
    static final long TENSOR_RANK = 12;
    static final long TENSOR_DIMS = 16;
    static final long TENSOR_DATA = 24;
    static final long TENSOR_BYTES = 32;
    static final long OPTIONS_SIZE = 48;
    static final long OPTIONS_TAGS = 8;
    static final long OPTIONS_PROFILE = 16;
    static final long OPTIONS_CONFIG = 24;
    static final long OPTIONS_CONFIG_SIZE = 32;
    static final long OPTIONS_LIBTENSORFLOW = 40;
    static final long INFO_SIZE = 48;
    static final long INFO_RANK = 12;
    static final long INFO_DTYPE_NAME = 16;
    static final long INFO_DIMS = 24;
    static final long INFO_DEFAULT = 40;
    static final long SIGNATURE_N_INPUTS = 8;
    static final long SIGNATURE_INPUTS = 16;
    static final long SIGNATURE_N_OUTPUTS = 24;
    static final long SIGNATURE_OUTPUTS = 32;
    static final long OUTPUTS_TENSORS = 8;

    // A pointer as a number: the machines that TensorFlow runs on pass both alike.
    private static final MemoryLayout ADDRESS = JAVA_LONG;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY = Library.require();

    private static final MethodHandle VERSION = function("stele_version", ADDRESS);
    private static final MethodHandle TENSORFLOW =
            function("stele_tensorflow_version", ADDRESS, ADDRESS);
    private static final MethodHandle LOAD =
            function("stele_load", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle FREE = procedure("stele_free", ADDRESS);
    private static final MethodHandle COUNT = function("stele_signature_count", JAVA_LONG, ADDRESS);
    private static final MethodHandle AT =
            function("stele_signature_at", ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle RUN =
            function("stele_run", ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    private static final MethodHandle OUTPUTS_FREE = procedure("stele_outputs_free", ADDRESS);

    private Libstele() {}

    static long version() {
        try {
            return (long) VERSION.invokeExact();
        } catch (Throwable error) {
            throw unexpected(error);
        }
    }

    static long tensorflowVersion(long error) {
        try {
            return (long) TENSORFLOW.invokeExact(error);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    static long load(long dir, long options, long error) {
        try {
            return (long) LOAD.invokeExact(dir, options, error);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    static void free(long model) {
        try {
            FREE.invokeExact(model);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    static long signatureCount(long model) {
        try {
            return (long) COUNT.invokeExact(model);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    static long signatureAt(long model, long index) {
        try {
            return (long) AT.invokeExact(model, index);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    static long run(long model, long signature, long inputs, long count, long error) {
        try {
            return (long) RUN.invokeExact(model, signature, inputs, count, error);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    static void freeOutputs(long outputs) {
        try {
            OUTPUTS_FREE.invokeExact(outputs);
        } catch (Throwable problem) {
            throw unexpected(problem);
        }
    }

    private static MethodHandle function(
            String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LIBRARY.find(name).orElseThrow(), FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle procedure(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LIBRARY.find(name).orElseThrow(), FunctionDescriptor.ofVoid(arguments));
    }

    // What a downcall throws is a fault of the arguments' types, or an Error of the machine.
    private static RuntimeException unexpected(Throwable error) {
        return switch (error) {
            case Error fatal -> throw fatal;
            case RuntimeException own -> own;
            default -> new IllegalStateException(error);
        };
    }
}
