package tensor

import (
	"strconv"
	"strings"
)

// A DType is the type of a tensor's elements: the number that it has in
// tensorflow.DataType. Its String is the name that the Open Inference Protocol
// gives it.
type DType int32

// The dtypes that a Tensor can have. A signature may name others, which no
// model can be run with: their String is TF_20 for TensorFlow's number 20.
const (
	FP32   DType = 1  // float32
	FP64   DType = 2  // float64
	INT32  DType = 3  // int32
	UINT8  DType = 4  // uint8
	INT16  DType = 5  // int16
	INT8   DType = 6  // int8
	BYTES  DType = 7  // []byte: a string of any bytes
	C64    DType = 8  // complex64
	INT64  DType = 9  // int64
	BOOL   DType = 10 // bool
	BF16   DType = 14 // BFloat16
	UINT16 DType = 17 // uint16
	C128   DType = 18 // complex128
	FP16   DType = 19 // Float16
	UINT32 DType = 22 // uint32
	UINT64 DType = 23 // uint64
)

type dtypeInfo struct {
	name string
	size int
}

// In an array, where a look-up is not a hash.
var dtypes = [...]dtypeInfo{
	FP32:   {"FP32", 4},
	FP64:   {"FP64", 8},
	INT32:  {"INT32", 4},
	UINT8:  {"UINT8", 1},
	INT16:  {"INT16", 2},
	INT8:   {"INT8", 1},
	BYTES:  {"BYTES", 0},
	C64:    {"C64", 8},
	INT64:  {"INT64", 8},
	BOOL:   {"BOOL", 1},
	BF16:   {"BF16", 2},
	UINT16: {"UINT16", 2},
	C128:   {"C128", 16},
	FP16:   {"FP16", 2},
	UINT32: {"UINT32", 4},
	UINT64: {"UINT64", 8},
}

const unnamedPrefix = "TF_"

func (d DType) info() dtypeInfo {
	if d < 0 || int(d) >= len(dtypes) {
		return dtypeInfo{}
	}
	return dtypes[d]
}

// Known reports whether a Tensor can have this dtype.
func (d DType) Known() bool { return d.info().name != "" }

// Size returns the bytes of one element: 4 for FP32; 0 for BYTES, whose elements
// differ, and for a dtype that is not Known.
func (d DType) Size() int { return d.info().size }

// String returns the dtype's name: FP32, or TF_20 for a number without one.
func (d DType) String() string {
	if d.Known() {
		return d.info().name
	}
	return unnamedPrefix + strconv.Itoa(int(d))
}

// ParseDType returns the dtype of a name, and whether there is one: the inverse
// of String.
func ParseDType(name string) (DType, bool) {
	for number, info := range dtypes {
		if info.name == name && name != "" {
			return DType(number), true
		}
	}
	number, isUnnamed := strings.CutPrefix(name, unnamedPrefix)
	value, err := strconv.ParseInt(number, 10, 32)
	return DType(value), isUnnamed && err == nil
}
