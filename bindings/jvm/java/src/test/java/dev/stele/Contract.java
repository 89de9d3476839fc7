package dev.stele;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What all languages are held to, for the tests of those that stand on this one, too. */
public final class Contract {
    private static final Path FOLDER = Path.of(System.getProperty("stele.contract"));

    private Contract() {}

    /** The rows of a table, which must have these columns and no other. */
    public static List<String[]> table(String name, String... columns) {
        List<String[]> rows =
                lines(name).stream()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.split("\t", -1))
                        .toList();
        if (!Arrays.equals(rows.getFirst(), columns)) {
            throw new AssertionError(name + " has the columns " + Arrays.toString(rows.getFirst()));
        }
        for (String[] row : rows) {
            if (row.length != columns.length) {
                throw new AssertionError(name + " has the row " + Arrays.toString(row));
            }
        }
        return rows.subList(1, rows.size());
    }

    private static List<String> lines(String name) {
        try {
            return Files.readAllLines(FOLDER.resolve(name));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
