package dev.stele;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The shared library libstele: of these the first that is there.
 *
 * <ol>
 *   <li>the file in the environment variable STELE_LIBSTELE, or the one in that folder
 *   <li>the one inside this jar
 *   <li>what the system's loader finds
 * </ol>
 */
final class Library {
    private static final int ABI = 1;
    private static final String SONAME = "libstele.so." + ABI;

    private static SymbolLookup loaded;

    private Library() {}

    /**
     * Returns the library, once loaded for ever.
     *
     * @throws SteleException NOT_FOUND: there is none; FAILED_PRECONDITION: it is another ABI's
     */
    static synchronized SymbolLookup require() {
        if (loaded == null) {
            SymbolLookup found = find();
            requireAbi(found.find("stele_abi").orElseThrow());
            loaded = found;
        }
        return loaded;
    }

    private static void requireAbi(MemorySegment function) {
        int abi;
        try {
            abi =
                    (int)
                            Linker.nativeLinker()
                                    .downcallHandle(function, FunctionDescriptor.of(JAVA_INT))
                                    .invokeExact();
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
        if (abi != ABI) {
            throw new SteleException(
                    Code.FAILED_PRECONDITION,
                    "libstele has ABI " + abi + ", and " + ABI + " is needed");
        }
    }

    private static SymbolLookup find() {
        String given = System.getenv("STELE_LIBSTELE");
        if (given != null && !given.isEmpty()) {
            Path path = Path.of(given);
            return load(Files.isDirectory(path) ? path.resolve(SONAME) : path);
        }
        try (InputStream inside = Library.class.getResourceAsStream(resource())) {
            return inside == null ? load(Path.of(SONAME)) : unpack(inside);
        } catch (IOException error) {
            throw new SteleException(Code.UNKNOWN, "cannot unpack libstele: " + error);
        }
    }

    private static String resource() {
        String system = System.getProperty("os.name");
        return "/dev/stele/native/" + system + "-" + System.getProperty("os.arch") + "/" + SONAME;
    }

    private static SymbolLookup unpack(InputStream library) throws IOException {
        Path file = Files.createTempFile("libstele", ".so");
        try {
            Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
            return load(file);
        } finally {
            Files.delete(file); // the loader has it open
        }
    }

    private static SymbolLookup load(Path file) {
        try {
            return SymbolLookup.libraryLookup(file.toString(), Arena.global());
        } catch (IllegalArgumentException error) {
            throw new SteleException(
                    Code.NOT_FOUND,
                    "no libstele: "
                            + error.getMessage()
                            + "; set STELE_LIBSTELE to the file or its folder");
        }
    }
}
