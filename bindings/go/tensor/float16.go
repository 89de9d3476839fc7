package tensor

import "math"

// A Float16 is an IEEE 754 binary16, in its bits. Go has no such type to
// calculate with: convert to float32 and back.
type Float16 uint16

// A BFloat16 is the upper half of a float32, in its bits.
type BFloat16 uint16

// Float32 returns the same value; every one has one. The payload of a NaN is
// kept.
func (b BFloat16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// ToBFloat16 returns the nearest BFloat16, of two equally near the even one; a
// NaN stays one.
func ToBFloat16(value float32) BFloat16 {
	bits := math.Float32bits(value)
	if value != value {
		const quiet = 1 << 6
		return BFloat16(bits>>16 | quiet)
	}
	return BFloat16(roundToEven(bits, 16))
}

// The parts of a binary16 and of a binary32, and what lies between them.
const (
	sign16     = 1 << 15
	infinity16 = 0x1f << 10
	quiet16    = 1 << 9

	mantissa32 = 23
	cut        = mantissa32 - 10 // bits of a mantissa that a binary16 lacks
	bias       = 127 - 15        // between the exponents of equal numbers
)

// Float32 returns the same value; every one has one. The payload of a NaN is
// kept.
func (f Float16) Float32() float32 {
	sign := uint32(f&sign16) << 16
	magnitude := uint32(f &^ sign16)
	switch {
	case magnitude >= infinity16:
		return math.Float32frombits(sign | 0xff<<mantissa32 | magnitude<<cut)
	case magnitude >= 1<<10:
		return math.Float32frombits(sign | (magnitude<<cut + bias<<mantissa32))
	default: // subnormal: so many times the smallest one, exactly
		value := float32(magnitude) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(value))
	}
}

// ToFloat16 returns the nearest Float16, of two equally near the even one, and
// an infinity beyond 65504; a NaN stays one.
func ToFloat16(value float32) Float16 {
	bits := math.Float32bits(value)
	sign := Float16(bits>>16) & sign16
	magnitude := bits &^ (1 << 31)
	exponent := int(magnitude>>mantissa32) - bias
	switch {
	case value != value:
		return sign | infinity16 | quiet16 | Float16(magnitude>>cut&(1<<10-1))
	case exponent >= 0x1f:
		return sign | infinity16
	case exponent > 0:
		// A carry out of the mantissa goes into the exponent, where it belongs.
		return sign | Float16(roundToEven(magnitude-bias<<mantissa32, cut))
	case exponent < -10: // below half of the smallest
		return sign
	default: // subnormal: the hidden bit shows
		mantissa := magnitude&(1<<mantissa32-1) | 1<<mantissa32
		return sign | Float16(roundToEven(mantissa, cut+1-exponent))
	}
}

// roundToEven drops the lowest bits of a number.
func roundToEven(number uint32, bits int) uint32 {
	half := uint32(1) << (bits - 1)
	odd := number >> bits & 1
	return (number + half - 1 + odd) >> bits
}
