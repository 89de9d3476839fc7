package remote

import (
	"google.golang.org/protobuf/proto"

	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

// ofDefault reads a serialized TensorProto; nil for one that cannot be read,
// whose input is then required.
func ofDefault(serialized []byte) *tensor.Tensor {
	var given pb.TensorProto
	if serialized == nil || proto.Unmarshal(serialized, &given) != nil {
		return nil
	}
	dtype, dims := tensor.DType(given.GetDtype()), ofShape(given.GetTensorShape())
	var value *tensor.Tensor
	var err error
	if content := given.GetTensorContent(); len(content) > 0 && dtype != tensor.BYTES {
		value, err = tensor.FromMemory(dtype, content, dims...)
	} else {
		value, err = ofValues(dtype, &given, dims)
	}
	if err != nil {
		return nil
	}
	return value
}

// ofValues reads elements from the field of their dtype, where the last one
// stands for all that are missing.
func ofValues(dtype tensor.DType, given *pb.TensorProto, dims []int64) (*tensor.Tensor, error) {
	switch dtype {
	case tensor.BOOL:
		return filled(given.GetBoolVal(), dims)
	case tensor.INT8:
		return filled(cast[int8](given.GetIntVal()), dims)
	case tensor.INT16:
		return filled(cast[int16](given.GetIntVal()), dims)
	case tensor.INT32:
		return filled(given.GetIntVal(), dims)
	case tensor.INT64:
		return filled(given.GetInt64Val(), dims)
	case tensor.UINT8:
		return filled(cast[uint8](given.GetIntVal()), dims)
	case tensor.UINT16:
		return filled(cast[uint16](given.GetIntVal()), dims)
	case tensor.UINT32:
		return filled(given.GetUint32Val(), dims)
	case tensor.UINT64:
		return filled(given.GetUint64Val(), dims)
	case tensor.FP16:
		return filled(cast[tensor.Float16](given.GetHalfVal()), dims)
	case tensor.BF16:
		return filled(cast[tensor.BFloat16](given.GetHalfVal()), dims)
	case tensor.FP32:
		return filled(given.GetFloatVal(), dims)
	case tensor.FP64:
		return filled(given.GetDoubleVal(), dims)
	case tensor.C64:
		return filled(pairs(given.GetScomplexVal(), func(re, im float32) complex64 { return complex(re, im) }), dims)
	case tensor.C128:
		return filled(pairs(given.GetDcomplexVal(), func(re, im float64) complex128 { return complex(re, im) }), dims)
	default:
		return filled(given.GetStringVal(), dims)
	}
}

// mostDefaults is more elements than a default that is no mistake has: a few
// bytes could ask for any number.
const mostDefaults = 1 << 20

func filled[T tensor.Element](values []T, dims []int64) (*tensor.Tensor, error) {
	count := int64(1)
	for _, dim := range dims {
		if dim < 0 || (dim > 0 && count > mostDefaults/dim) {
			return nil, tensor.Errorf(tensor.InvalidArgument, "a default of that shape is none")
		}
		count *= dim
	}
	var last T
	if len(values) > 0 {
		last = values[len(values)-1]
	}
	for int64(len(values)) < count {
		values = append(values, last)
	}
	return tensor.New(values, dims...)
}

func cast[T int8 | int16 | uint8 | uint16 | tensor.Float16 | tensor.BFloat16](values []int32) []T {
	elements := make([]T, len(values))
	for i, value := range values {
		elements[i] = T(value)
	}
	return elements
}

func pairs[R, C any](values []R, of func(re, im R) C) []C {
	elements := make([]C, len(values)/2)
	for i := range elements {
		elements[i] = of(values[2*i], values[2*i+1])
	}
	return elements
}
