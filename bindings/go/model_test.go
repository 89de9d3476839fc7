package stele

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRunAnswers(t *testing.T) {
	probabilities := answer(t, loaded(t, "digits"), digit(t))
	var sum float64
	for _, probability := range probabilities {
		sum += float64(probability)
	}
	if len(probabilities) != 10 || math.Abs(sum-1) > 1e-5 {
		t.Errorf("got %v", probabilities)
	}
}

func TestSignaturesAreTheModels(t *testing.T) {
	model := loaded(t, "digits")
	var names []string
	for signature := range model.Signatures() {
		names = append(names, signature.Name)
	}
	if !slices.Equal(names, []string{"serve", DefaultSignature}) {
		t.Errorf("got %q", names)
	}
	for range model.Signatures() {
		break // an iterator that is left must not mind
	}
	signature, found := model.Signature(DefaultSignature)
	if !found {
		t.Fatal("the default signature is not found by its name")
	}
	input, _ := signature.Input("image")
	output, _ := signature.Output("probabilities")
	if input.String() != "image FP32 [?,8,8,1]" || output.String() != "probabilities FP32 [?,10]" {
		t.Errorf("got %v and %v", input, output)
	}
	if _, found := model.Signature("no"); found {
		t.Error("found a signature that is not there")
	}
}

// The model dtypes has a signature for each dtype, which returns its input x.
func TestEveryDTypeComesBack(t *testing.T) {
	model := loaded(t, "dtypes")
	tested := 0
	for signature := range model.Signatures() {
		input, found := signature.Input("x")
		if _, same := signature.Output("same"); !found || !same || len(signature.Inputs) != 1 {
			continue
		}
		tested++
		given := made(t, [][]byte{{}, {0, 0xff}, []byte("naïve")}, 3)
		if size := input.DType.Size(); size > 0 {
			// Bits of everything that these types have, but for a BOOL's.
			memory := bytes.Repeat([]byte{1, 0, 1}, size)
			if input.DType != 10 {
				memory = bytes.Repeat([]byte{0x05, 0xf0, 0x7f, 0x80}, 4*size)[:3*size]
			}
			var err error
			if given, err = FromMemory(input.DType, memory, 3); err != nil {
				t.Fatal(err)
			}
		}
		outputs, err := model.RunSignature(context.Background(), signature.Name,
			maps.All(Tensors{"x": given}))
		if err != nil {
			t.Errorf("%s: %v", signature.Name, err)
			continue
		}
		same := outputs["same"]
		if !bytes.Equal(same.Memory(), given.Memory()) || same.String() != given.String() {
			t.Errorf("%s: %v came back as %v", signature.Name, given, same)
		}
		if input.DType.Size() == 0 {
			strings, _ := Values[[]byte](same)
			expected, _ := Values[[]byte](given)
			if !slices.EqualFunc(strings, expected, bytes.Equal) {
				t.Errorf("%q came back as %q", expected, strings)
			}
		}
	}
	if tested != 16 {
		t.Errorf("%d dtypes were tested, expected 16", tested)
	}
}

func TestWrongInputsAreRefused(t *testing.T) {
	model := loaded(t, "digits")
	pixels := make([]float32, 64)
	image := made(t, pixels, 1, 8, 8, 1)
	for _, row := range []struct {
		inputs Tensors
		text   string
	}{
		{nil, `input "image" of signature "serving_default" is missing`},
		{Tensors{"image": image, "b": image, "a": image},
			`no input "a"; signature "serving_default" has "image"`},
		{Tensors{"image": made(t, make([]int32, 64), 1, 8, 8, 1)},
			`input "image" has dtype INT32, expected FP32`},
		{Tensors{"image": made(t, pixels, 8, 8)},
			`input "image" has shape [8,8], expected [?,8,8,1]`},
		{Tensors{"image": made(t, [][]byte{{1}, nil}, 2)},
			`input "image" has dtype BYTES, expected FP32`},
		{Tensors{"image": nil}, `input "image" is nil`},
		{Tensors{"image": new(Tensor)}, `tensor "image" has the unknown dtype 0`},
		{Tensors{"image\x00y": image}, `a name or path holds a NUL: "image\0y"`},
	} {
		_, err := model.Run(context.Background(), row.inputs)
		refused(t, err, "INVALID_ARGUMENT: "+row.text)
	}
	twice := func(yield func(string, *Tensor) bool) {
		for range 2 {
			if !yield("image", image) {
				return
			}
		}
	}
	_, err := model.RunSignature(context.Background(), DefaultSignature, twice)
	refused(t, err, `INVALID_ARGUMENT: input "image" is given twice`)
	_, err = model.RunSignature(context.Background(), "predict", maps.All(Tensors{}))
	refused(t, err, `NOT_FOUND: no signature "predict"; this model has "serve", "serving_default"`)
	_, err = model.RunSignature(context.Background(), "a\x00", maps.All(Tensors{}))
	refused(t, err, `INVALID_ARGUMENT: a name or path holds a NUL: "a\0"`)
}

// More inputs than are passed as arguments of their own, and the first of them
// wrong only in name: the elements of all must have arrived for that answer.
func TestNothingIsLeftOfTheCallBefore(t *testing.T) {
	model, inputs := loaded(t, "digits"), digit(t)
	expected := answer(t, model, inputs)
	for _, wrong := range []Tensors{
		{"image": nil},
		{"image and more": inputs["image"]},
		{"image": made(t, make([]float32, 64), 1, 64)},
	} {
		if outputs, err := model.Run(context.Background(), wrong); err == nil {
			t.Fatalf("%v answered %v", wrong, outputs)
		}
		if got := answer(t, model, inputs); !slices.Equal(got, expected) {
			t.Errorf("after %v: %v, expected %v", wrong, got, expected)
		}
	}
}

func TestAnIteratorThatGoesOnIsStopped(t *testing.T) {
	model, inputs := loaded(t, "digits"), digit(t)
	var kept func(string, *Tensor) bool
	_, err := model.RunSignature(context.Background(), DefaultSignature,
		func(yield func(string, *Tensor) bool) {
			kept = yield
			yield("image", inputs["image"])
		})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("took an input of a call that was over")
		}
	}()
	kept("image", inputs["image"])
}

func TestManyInputsArePassed(t *testing.T) {
	model := loaded(t, "digits")
	inputs := Tensors{}
	for i := range 40 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		inputs[name] = made(t, [][]byte{[]byte(name)}, 1)
		if i%2 == 0 {
			inputs[name] = made(t, []bool{true}, 1)
		}
	}
	_, err := model.Run(context.Background(), inputs)
	refused(t, err, `INVALID_ARGUMENT: no input "aa"; signature "serving_default" has "image"`)
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model.keras")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	digits := savedModel(t, "digits")
	for _, row := range []struct {
		dir     string
		options []Option
		text    string
	}{
		{"no/such", nil, `NOT_FOUND: no SavedModel at "no/such": no such folder`},
		{file, nil, `NOT_FOUND: "` + file + `" is a Keras model file, not a SavedModel folder; ` +
			`export it in Python: keras.models.load_model("` + file + `").export("saved_model")`},
		{"a\x00b", nil, `INVALID_ARGUMENT: a name or path holds a NUL: "a\0b"`},
		{digits, []Option{WithTags("a\x00")}, `INVALID_ARGUMENT: a name or path holds a NUL: "a\0"`},
		{digits, []Option{WithProfile("fast")}, `INVALID_ARGUMENT: no profile "fast"; ` +
			`there are "default", "inline", "python", "single"`},
		{digits, []Option{WithProfile("")}, `INVALID_ARGUMENT: no profile ""; ` +
			`there are "default", "inline", "python", "single"`},
		{digits, []Option{WithProfile("x\x00")}, `INVALID_ARGUMENT: a name or path holds a NUL: "x\0"`},
		{digits, []Option{WithLibTensorFlow("x\x00")},
			`INVALID_ARGUMENT: a name or path holds a NUL: "x\0"`},
	} {
		_, err := Load(row.dir, row.options...)
		refused(t, err, row.text)
	}
	var failure *Error
	if _, err := Load(digits, WithTags()); !errors.As(err, &failure) || failure.Code != NotFound {
		t.Errorf("the empty set of tags: %v", err)
	}
	if _, err := Load(digits, WithConfig([]byte{0xff})); !errors.As(err, &failure) ||
		failure.Code != InvalidArgument {
		t.Errorf("no ConfigProto: %v", err)
	}
}

func TestProfilesGiveTheSameBits(t *testing.T) {
	inputs := digit(t)
	expected := answer(t, loaded(t, "digits"), inputs)
	inline := []byte{0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x38, 0x01}
	for _, option := range []Option{
		WithProfile("default"), WithProfile("inline"), WithProfile("single"), WithConfig(inline),
		WithTags("serve"),
	} {
		if got := answer(t, loaded(t, "digits", option), inputs); !slices.Equal(got, expected) {
			t.Errorf("got %v, expected %v", got, expected)
		}
	}
}

func TestAnEndedContextRunsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := loaded(t, "digits").Run(ctx, digit(t))
	refused(t, err, "CANCELLED: not begun: context canceled")
	if !errors.Is(err, context.Canceled) {
		t.Error("is not context.Canceled")
	}
}

// A size beyond 2^32 must not be cut on its way to C.
func TestLargeTensorsKeepTheirSize(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector would touch every page of it")
	}
	const size = 1<<32 + 64 // never touched, hence never there
	large := made(t, make([]uint8, size), size)
	_, err := loaded(t, "digits").Run(context.Background(), Tensors{"image": large})
	refused(t, err, `INVALID_ARGUMENT: input "image" has dtype UINT8, expected FP32`)
	elements := make([]float32, 1<<30+64)
	_, err = loaded(t, "digits").Run(context.Background(),
		Tensors{"image": made(t, elements, 1<<24+1, 8, 8)})
	refused(t, err, `INVALID_ARGUMENT: input "image" has shape [16777217,8,8], expected [?,8,8,1]`)
}

// A tensor of strings, each of them the same gigabyte: more than C can address.
func TestMoreThanMemoryIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector would touch every page of it")
	}
	elements := slices.Repeat([][]byte{make([]byte, 1<<30)}, 1<<18)
	_, err := loaded(t, "digits").Run(context.Background(),
		Tensors{"image": made(t, elements, int64(len(elements)))})
	refused(t, err, "RESOURCE_EXHAUSTED: out of memory")
}
