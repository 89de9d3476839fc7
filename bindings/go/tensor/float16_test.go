package tensor

import (
	"math"
	"testing"
)

func TestEveryFloat16ComesBack(t *testing.T) {
	for bits := range 1 << 16 {
		half := Float16(bits)
		value := half.Float32()
		if back := ToFloat16(value); back != half && back != half|quiet16 {
			t.Fatalf("%04x is %v, and that is %04x", half, value, back)
		}
	}
}

func TestEveryBFloat16ComesBack(t *testing.T) {
	for bits := range 1 << 16 {
		brain := BFloat16(bits)
		value := brain.Float32()
		if back := ToBFloat16(value); back != brain && back != brain|1<<6 {
			t.Fatalf("%04x is %v, and that is %04x", brain, value, back)
		}
	}
}

// What lies between two neighbours becomes the nearer, and the even one of two
// that are equally near.
func TestFloat16sAreTheNearest(t *testing.T) {
	for bits := range infinity16 - 1 {
		low, high := float64(Float16(bits).Float32()), float64(Float16(bits+1).Float32())
		middle := float32((low + high) / 2)
		even := Float16(bits + bits&1)
		for _, row := range []struct {
			value float32
			want  Float16
		}{
			{math.Nextafter32(middle, 0), Float16(bits)},
			{middle, even},
			{math.Nextafter32(middle, math.MaxFloat32), Float16(bits + 1)},
		} {
			if got := ToFloat16(row.value); got != row.want {
				t.Fatalf("%v is %04x, expected %04x", row.value, got, row.want)
			}
			if got := ToFloat16(-row.value); got != row.want|sign16 {
				t.Fatalf("%v is %04x, expected %04x", -row.value, got, row.want|sign16)
			}
		}
	}
	for _, value := range []float32{65520, 1e30, float32(math.Inf(1))} {
		if got := ToFloat16(value); got != infinity16 {
			t.Errorf("%v is %04x", value, got)
		}
	}
}

func TestBFloat16sAreTheNearest(t *testing.T) {
	const one = 0x3f800000
	for _, row := range []struct {
		bits uint32
		want BFloat16
	}{
		{one | 0x7fff, 0x3f80},
		{one | 0x8000, 0x3f80},
		{one | 0x8001, 0x3f81},
		{one | 0x18000, 0x3f82},
		{0x7f7fffff, 0x7f80},
		{0x7f800001, 0x7fc0},
	} {
		if got := ToBFloat16(math.Float32frombits(row.bits)); got != row.want {
			t.Errorf("%08x is %04x, expected %04x", row.bits, got, row.want)
		}
	}
}
