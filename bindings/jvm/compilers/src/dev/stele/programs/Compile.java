package dev.stele.programs;

import dotty.tools.dotc.Main;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jetbrains.kotlin.cli.common.ExitCode;
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler;

/**
 * Compiles programs one by one, each into the folder that it is in: {@code Compile kotlin|scala
 * ARGUMENT… -- FILE…}. A compiler is slow to start and quick from then on.
 */
public final class Compile {
    public static void main(String[] arguments) {
        List<String> all = Arrays.asList(arguments);
        int files = all.indexOf("--") + 1;
        for (String file : all.subList(files, all.size())) {
            List<String> given = new ArrayList<>(all.subList(1, files - 1));
            String folder = Path.of(file).toAbsolutePath().getParent().toString();
            given.addAll(List.of("-d", folder, file));
            if (!compiled(all.getFirst(), given.toArray(String[]::new))) {
                System.exit(1);
            }
        }
    }

    private static boolean compiled(String language, String[] arguments) {
        return switch (language) {
            case "kotlin" -> new K2JVMCompiler().exec(System.err, arguments) == ExitCode.OK;
            case "scala" -> !Main.process(arguments).hasErrors();
            default ->
                    throw new IllegalArgumentException(language + " is neither kotlin nor scala");
        };
    }
}
