package stele

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// savedModel returns the folder of a model of the zoo.
func savedModel(tb testing.TB, name string) string {
	tb.Helper()
	build := os.Getenv("STELE_BUILD")
	if build == "" {
		build = "../../build"
	}
	dir := filepath.Join(build, "models", name, "saved_model")
	if _, err := os.Stat(dir); err != nil {
		tb.Fatalf("%v: run 'make models' in the repository", err)
	}
	return dir
}

// loaded returns a model that is closed at the end of the test.
func loaded(tb testing.TB, name string, options ...Option) *Model {
	tb.Helper()
	model, err := Load(savedModel(tb, name), options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { model.Close() })
	return model
}

func made[T Element](tb testing.TB, elements []T, dims ...int64) *Tensor {
	tb.Helper()
	value, err := NewTensor(elements, dims...)
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// digit returns inputs of the model digits.
func digit(tb testing.TB) Tensors {
	pixels := make([]float32, 64)
	for i := range pixels {
		pixels[i] = float32(i % 17)
	}
	return Tensors{"image": made(tb, pixels, 1, 8, 8, 1)}
}

// answer runs digits and returns the probabilities.
func answer(tb testing.TB, model *Model, inputs Tensors) []float32 {
	tb.Helper()
	outputs, err := model.Run(context.Background(), inputs)
	if err != nil {
		tb.Fatal(err)
	}
	probabilities, err := Values[float32](outputs["probabilities"])
	if err != nil {
		tb.Fatal(err)
	}
	return probabilities
}

// refused expects an error with this text.
func refused(t *testing.T, err error, text string) {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || err.Error() != text {
		t.Errorf("got %v, expected %s", err, text)
	}
}
