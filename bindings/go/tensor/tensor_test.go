package tensor

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"unsafe"
)

// refused expects an error with this text.
func refused(t *testing.T, err error, text string) {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || err.Error() != text {
		t.Errorf("got %v, expected %s", err, text)
	}
}

func TestWhatIsNoTensorIsRefused(t *testing.T) {
	three := []float32{1, 2, 3}
	rows := []struct {
		dims []int64
		text string
	}{
		{nil, "shape [] has 1 elements, 3 given"},
		{[]int64{2}, "shape [2] has 2 elements, 3 given"},
		{[]int64{3, 0}, "shape [3,0] has 0 elements, 3 given"},
		{[]int64{-3}, "shape has the negative dimension -3"},
		{[]int64{1 << 40, 1 << 40}, "shape [1099511627776,1099511627776] is beyond 2^63-1 bytes"},
		{[]int64{math.MaxInt64}, "shape [9223372036854775807] is beyond 2^63-1 bytes"},
		{[]int64{1 << 62, 0}, "shape [4611686018427387904,0] is beyond 2^63-1 bytes"},
		{slices.Repeat([]int64{1}, 255), "rank 255 is beyond 254"},
	}
	for _, row := range rows {
		_, err := New(three, row.dims...)
		refused(t, err, "INVALID_ARGUMENT: "+row.text)
	}
}

func TestWhatIsNoMemoryOfATensorIsRefused(t *testing.T) {
	rows := []struct {
		dtype  DType
		memory []byte
		text   string
	}{
		{FP32, make([]byte, 7), "FP32 [2] has 8 bytes, 7 given"},
		{BOOL, []byte{1, 2}, "a BOOL byte is neither 0 nor 1"},
		{BYTES, nil, "elements of dtype BYTES have no fixed size"},
		{DType(20), nil, "elements of dtype TF_20 have no fixed size"},
	}
	for _, row := range rows {
		_, err := FromMemory(row.dtype, row.memory, 2)
		refused(t, err, "INVALID_ARGUMENT: "+row.text)
	}
}

func TestElementsAreReadAsWhatTheyAre(t *testing.T) {
	made := must(New([]float32{1}))(t)
	_, err := Values[int32](made)
	refused(t, err, "INVALID_ARGUMENT: tensor has dtype FP32, read as INT32")
	_, err = Values[[]byte](made)
	refused(t, err, "INVALID_ARGUMENT: tensor has dtype FP32, read as BYTES")
	_, err = Values[float32](nil)
	refused(t, err, "INVALID_ARGUMENT: there is no tensor to read as FP32")
	_, err = Values[float32](new(Tensor))
	refused(t, err, "INVALID_ARGUMENT: tensor has dtype TF_0, read as FP32")
}

func TestElementsAreNotCopied(t *testing.T) {
	elements := []float64{1, 2}
	read := must(Values[float64](must(New(elements, 2))(t)))(t)
	if unsafe.SliceData(read) != unsafe.SliceData(elements) {
		t.Error("copied")
	}
	memory := aligned(17)
	whole := must(FromMemory(FP64, memory[:16], 2))(t)
	if unsafe.SliceData(whole.Memory()) != unsafe.SliceData(memory) {
		t.Error("copied memory that is aligned")
	}
	odd := must(FromMemory(FP64, memory[1:], 2))(t)
	if !isAligned(odd.Memory(), 8) {
		t.Error("did not copy memory that is not aligned")
	}
	bytes := must(FromMemory(UINT8, memory[1:], 16))(t)
	if unsafe.SliceData(bytes.Memory()) != unsafe.SliceData(memory[1:]) {
		t.Error("copied memory that is aligned for its elements")
	}
}

func TestShapesAreTheTensorsOwn(t *testing.T) {
	dims := []int64{2, 1}
	made := must(New([]int8{1, 2}, dims...))(t)
	dims[0] = 7
	if made.String() != "INT8 [2,1]" {
		t.Errorf("got %v", made)
	}
	scalar := must(New([]int8{1}))(t)
	if scalar.String() != "INT8 []" || scalar.Len() != 1 {
		t.Errorf("got %v", scalar)
	}
}

func TestShapesSayWhatTheyAccept(t *testing.T) {
	for _, row := range []struct {
		declared Shape
		given    Shape
		accepts  bool
	}{
		{nil, Shape{1, 2}, true},
		{Shape{}, Shape{}, true},
		{Shape{}, Shape{1}, false},
		{Shape{-1, 2}, Shape{0, 2}, true},
		{Shape{-1, 2}, Shape{1, 3}, false},
	} {
		if row.declared.Accepts(row.given) != row.accepts {
			t.Errorf("%v and %v: expected %v", row.declared, row.given, row.accepts)
		}
	}
}

func TestDTypesWithoutANameHaveTheirNumber(t *testing.T) {
	dtype, found := ParseDType("TF_20")
	if !found || dtype != 20 || dtype.Known() || dtype.String() != "TF_20" {
		t.Errorf("got %v", dtype)
	}
	for _, name := range []string{"", "FLOAT32", "fp32", "TF_", "TF_x"} {
		if dtype, found := ParseDType(name); found {
			t.Errorf("%q is %v", name, dtype)
		}
	}
}

func TestNamesHoldNoNUL(t *testing.T) {
	refused(t, CheckName("image\x00y"), `INVALID_ARGUMENT: a name or path holds a NUL: "image\0y"`)
	if err := CheckName("naïve \xff"); err != nil {
		t.Error(err)
	}
}

func TestContextsAreLookedAt(t *testing.T) {
	if err := CheckContext(context.Background()); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	err := CheckContext(ended)
	refused(t, err, "CANCELLED: not begun: context canceled")
	if !errors.Is(err, context.Canceled) {
		t.Error("does not unwrap to the context's error")
	}
	late, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	refused(t, CheckContext(late), "DEADLINE_EXCEEDED: not begun: context deadline exceeded")
}

func TestInfosAreFoundByName(t *testing.T) {
	signature := Signature{Inputs: []Info{{Name: "a"}, {Name: "b", DType: FP32, Shape: Shape{-1}}}}
	info, found := signature.Input("b")
	if !found || info.String() != "b FP32 [?]" {
		t.Errorf("got %v", info)
	}
	if _, found := signature.Output("b"); found {
		t.Error("there is no output b")
	}
}

func TestACopyIsOnItsOwn(t *testing.T) {
	for _, count := range []int{0, 1, 8, 9, 1000} {
		memory := aligned(8*count + 1)[1:]
		for i := range memory {
			memory[i] = byte(i)
		}
		expected := slices.Clone(memory)
		made := must(Copied(FP64, memory, int64(count)))(t)
		clear(memory)
		if !slices.Equal(made.Memory(), expected) || !isAligned(made.Memory(), 8) {
			t.Errorf("%d elements: %v", count, made.Memory())
		}
	}
	_, err := Copied(BYTES, nil)
	refused(t, err, "INVALID_ARGUMENT: elements of dtype BYTES have no fixed size")
}
