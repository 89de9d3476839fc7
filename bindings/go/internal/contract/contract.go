// Package contract reads what all languages are held to, for tests.
package contract

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A Row is the fields of a line of a table by their columns.
type Row map[string]string

// Rows reads a table of bindings/contract, which must have these columns and no
// other.
func Rows(t *testing.T, table string, columns ...string) []Row {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	file := filepath.Join(filepath.Dir(here), "../../../contract", table)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	header, lines, _ := strings.Cut(strings.TrimSuffix(string(text), "\n"), "\n")
	if there := strings.Split(header, "\t"); !slices.Equal(there, columns) {
		t.Fatalf("%s has the columns %q, expected %q", table, there, columns)
	}
	var rows []Row
	for line := range strings.SplitSeq(lines, "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != len(columns) {
			t.Fatalf("%s: %q has %d fields, expected %d", table, line, len(fields), len(columns))
		}
		row := Row{}
		for i, column := range columns {
			row[column] = fields[i]
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatalf("%s is empty", table)
	}
	return rows
}
