package tensor

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stele.dev/stele/internal/contract"
)

func TestCodesAreTheContracts(t *testing.T) {
	rows := contract.Rows(t, "codes.tsv", "number", "name")
	if len(rows) != len(codeNames) {
		t.Errorf("%d codes, expected %d", len(codeNames), len(rows))
	}
	for _, row := range rows {
		number, err := strconv.Atoi(row["number"])
		if err != nil {
			t.Fatal(err)
		}
		if got := Code(number).String(); got != row["name"] {
			t.Errorf("code %d is %s, expected %s", number, got, row["name"])
		}
	}
	for _, number := range []Code{-1, 17} {
		if number.String() != "UNKNOWN" {
			t.Errorf("%d is %v", number, number)
		}
	}
}

func TestDTypesAreTheContracts(t *testing.T) {
	rows := contract.Rows(t, "dtypes.tsv", "name", "number", "size", "kind")
	known := 0
	for number := range DType(100) {
		if number.Known() {
			known++
		}
	}
	if known != len(rows) {
		t.Errorf("%d dtypes, expected %d", known, len(rows))
	}
	for _, row := range rows {
		dtype, found := ParseDType(row["name"])
		got := fmt.Sprint(found, int(dtype), dtype.Size(), dtype)
		if want := fmt.Sprint(true, " ", row["number"], " ", row["size"], " ", row["name"]); got != want {
			t.Errorf("%s is %s, expected %s", row["name"], got, want)
		}
	}
}

// The functions of a dtype: literals become a tensor through New, whose memory
// is compared, and bytes become literals' values through Values.
var valueTests = map[string]func(*testing.T, []string, []byte, []int64){
	"BOOL":   fixedValues(strconv.ParseBool),
	"INT8":   fixedValues(signed[int8]),
	"INT16":  fixedValues(signed[int16]),
	"INT32":  fixedValues(signed[int32]),
	"INT64":  fixedValues(signed[int64]),
	"UINT8":  fixedValues(unsigned[uint8]),
	"UINT16": fixedValues(unsigned[uint16]),
	"UINT32": fixedValues(unsigned[uint32]),
	"UINT64": fixedValues(unsigned[uint64]),
	"FP16":   fixedValues(parseFloat16),
	"BF16":   fixedValues(parseBFloat16),
	"FP32":   fixedValues(parseFloat32),
	"FP64":   fixedValues(parseFloat64),
	"C64":    fixedValues(parseComplex64),
	"C128":   fixedValues(parseComplex128),
	"BYTES":  stringValues,
}

func TestValuesAreTheContracts(t *testing.T) {
	rows := contract.Rows(t, "values.tsv", "dtype", "shape", "literals", "bytes")
	if len(rows) != len(valueTests) {
		t.Errorf("%d dtypes are tested, expected %d", len(valueTests), len(rows))
	}
	for _, row := range rows {
		t.Run(row["dtype"], func(t *testing.T) {
			var dims []int64
			for dim := range strings.SplitSeq(row["shape"], ",") {
				dims = append(dims, must(strconv.ParseInt(dim, 10, 64))(t))
			}
			memory := must(hex.DecodeString(row["bytes"]))(t)
			valueTests[row["dtype"]](t, strings.Split(row["literals"], ","), memory, dims)
		})
	}
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func fixedValues[T Element](parse func(string) (T, error)) func(*testing.T, []string, []byte, []int64) {
	return func(t *testing.T, literals []string, memory []byte, dims []int64) {
		var values []T
		for _, literal := range literals {
			values = append(values, must(parse(literal))(t))
		}
		made := must(New(values, dims...))(t)
		if !bytes.Equal(made.Memory(), memory) {
			t.Errorf("made %x, expected %x", made.Memory(), memory)
		}
		given := must(FromMemory(DTypeOf[T](), memory, dims...))(t)
		read := must(Values[T](given))(t)
		// By their bits: a NaN is equal to nothing.
		if !bytes.Equal(bytesOf(read), bytesOf(values)) {
			t.Errorf("read %v, expected %v", read, values)
		}
		if given.Len() != 6 || given.Shape().String() != "[2,3]" {
			t.Errorf("read %v of %d elements", given, given.Len())
		}
	}
}

func stringValues(t *testing.T, literals []string, memory []byte, dims []int64) {
	var values [][]byte
	var framed []byte
	for _, literal := range literals {
		digits, isHex := strings.CutPrefix(literal, "hex:")
		if !isHex {
			t.Fatalf("%q is not hex:", literal)
		}
		value := must(hex.DecodeString(digits))(t)
		values = append(values, value)
		framed = append(binary.LittleEndian.AppendUint32(framed, uint32(len(value))), value...)
	}
	if !bytes.Equal(framed, memory) {
		t.Errorf("literals are %x, expected %x", framed, memory)
	}
	read := must(Values[[]byte](must(New(values, dims...))(t)))(t)
	if !slices.EqualFunc(read, values, bytes.Equal) {
		t.Errorf("read %q, expected %q", read, values)
	}
}

func signed[T int8 | int16 | int32 | int64](literal string) (T, error) {
	value, err := strconv.ParseInt(literal, 10, 64)
	return T(value), err
}

func unsigned[T uint8 | uint16 | uint32 | uint64](literal string) (T, error) {
	value, err := strconv.ParseUint(literal, 10, 64)
	return T(value), err
}

// parseFloat reads a decimal, or the bits of a NaN.
func parseFloat(literal string, size int, fromBits func(uint64) float64) (float64, error) {
	if digits, isNaN := strings.CutPrefix(literal, "nan:"); isNaN {
		bits, err := strconv.ParseUint(digits, 16, size)
		return fromBits(bits), err
	}
	return strconv.ParseFloat(literal, 64)
}

func parseFloat64(literal string) (float64, error) {
	return parseFloat(literal, 64, math.Float64frombits)
}

func parseFloat32(literal string) (float32, error) {
	value, err := parseFloat(literal, 32, func(bits uint64) float64 {
		return float64(math.Float32frombits(uint32(bits)))
	})
	return float32(value), err
}

func parseFloat16(literal string) (Float16, error) {
	value, err := parseFloat(literal, 16, func(bits uint64) float64 {
		return float64(Float16(bits).Float32())
	})
	return ToFloat16(float32(value)), err
}

func parseBFloat16(literal string) (BFloat16, error) {
	value, err := parseFloat(literal, 16, func(bits uint64) float64 {
		return float64(BFloat16(bits).Float32())
	})
	return ToBFloat16(float32(value)), err
}

func parseComplex64(literal string) (complex64, error) {
	re, im, _ := strings.Cut(literal, ";")
	r, err := parseFloat32(re)
	if err != nil {
		return 0, err
	}
	i, err := parseFloat32(im)
	return complex(r, i), err
}

func parseComplex128(literal string) (complex128, error) {
	re, im, _ := strings.Cut(literal, ";")
	r, err := parseFloat64(re)
	if err != nil {
		return 0, err
	}
	i, err := parseFloat64(im)
	return complex(r, i), err
}
