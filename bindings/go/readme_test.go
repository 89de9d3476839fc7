package stele

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README's first screen, typed as it stands into a folder of its own.
func TestReadmeProgramRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		found := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(text)
		if found == nil {
			t.Fatalf("the README has no %s", language)
		}
		return string(found[1])
	}
	var commands, expected []string
	for line := range strings.Lines(block("console")) {
		if command, isCommand := strings.CutPrefix(line, "$ "); isCommand {
			commands = append(commands, command)
		} else {
			expected = append(expected, line)
		}
	}
	// All but the last prepare it.
	last := len(commands) - 1
	script := "{ " + strings.Join(commands[:last], "") + "} >&2\n" + commands[last]
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "$STELE/build/models/digits/saved_model", savedModel(t, "digits"))

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(block("go")), 0o600); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("bash", "-euc", script)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "STELE="+checkout, "PKG_CONFIG_PATH=")
	var output, log strings.Builder
	shell.Stdout, shell.Stderr = &output, &log
	if err := shell.Run(); err != nil {
		t.Fatalf("%v: %s", err, log.String())
	}
	if output.String() != strings.Join(expected, "") {
		t.Errorf("printed %s", output.String())
	}
}

func TestInspectPrintsEverySignature(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	printed, err := exec.Command("go", "run", "./examples/inspect", savedModel(t, "digits")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"signature serving_default\n", "input image FP32 [?,8,8,1]\n", "output probabilities FP32 [?,10]\n",
	} {
		if !strings.Contains(string(printed), line) {
			t.Errorf("there is no %q in %s", line, printed)
		}
	}
}
