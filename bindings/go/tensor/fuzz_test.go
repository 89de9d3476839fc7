package tensor

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// Whatever memory, dtype and dimensions are given: a tensor with exactly that
// memory, or an error; never a panic, never a read beyond the memory.
func FuzzMemory(f *testing.F) {
	f.Add(int32(FP32), []byte{0, 0, 128, 63, 1, 2, 3, 4}, []byte{2, 0, 0, 0, 0, 0, 0, 0})
	f.Add(int32(BOOL), []byte{2}, []byte{})
	f.Add(int32(C128), []byte{}, []byte{0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, number int32, memory, encoded []byte) {
		var dims []int64
		for ; len(encoded) >= 8; encoded = encoded[8:] {
			dims = append(dims, int64(binary.LittleEndian.Uint64(encoded)))
		}
		made, err := FromMemory(DType(number), memory, dims...)
		if err != nil {
			return
		}
		if !bytes.Equal(made.Memory(), memory) || made.Len()*made.DType().Size() != len(memory) {
			t.Errorf("%v of %x has %d elements, in %x", made, memory, made.Len(), made.Memory())
		}
		same(t, made)
	})
}

// same expects that elements make the tensor that they come from.
func same(t *testing.T, made *Tensor) {
	switch made.DType() {
	case BOOL:
		remade[bool](t, made)
	case UINT8:
		remade[uint8](t, made)
	case INT16:
		remade[int16](t, made)
	case FP16:
		remade[Float16](t, made)
	case FP32:
		remade[float32](t, made)
	case FP64:
		remade[float64](t, made)
	case C64:
		remade[complex64](t, made)
	case C128:
		remade[complex128](t, made)
	}
}

func remade[T Element](t *testing.T, made *Tensor) {
	again := must(New(must(Values[T](made))(t), made.Shape()...))(t)
	if !bytes.Equal(again.Memory(), made.Memory()) || again.String() != made.String() {
		t.Errorf("%v in %x became %v in %x", made, made.Memory(), again, again.Memory())
	}
}

// A float32 becomes the nearest Float16: none of its neighbours is nearer.
func FuzzFloat16(f *testing.F) {
	for _, value := range []float32{0, 1, 65519, 65520, 5.9e-8, 6.1e-5, -0.1} {
		f.Add(math.Float32bits(value))
	}
	f.Fuzz(func(t *testing.T, bits uint32) {
		value := math.Float32frombits(bits)
		half := ToFloat16(value)
		if value != value {
			if got := half.Float32(); got == got {
				t.Errorf("the NaN %08x became %v", bits, got)
			}
			return
		}
		if math.Abs(float64(value)) > 65504 {
			return
		}
		far := func(half Float16) float64 { return math.Abs(float64(half.Float32()) - float64(value)) }
		for _, neighbour := range []Float16{half - 1, half + 1} {
			if far(neighbour) < far(half) {
				t.Errorf("%v became %04x, and %04x is nearer", value, half, neighbour)
			}
		}
	})
}
