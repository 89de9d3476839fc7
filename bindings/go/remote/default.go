package remote

import (
	"cmp"
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

var errNoDefault = tensor.Errorf(tensor.InvalidArgument, "a default that cannot be read")

// ofDefault reads a serialized TensorProto; nil for one that cannot be read or
// does not fit its input, which is then required. The contract's defaults.tsv
// has rows.
func ofDefault(input tensor.Info, serialized []byte) *tensor.Tensor {
	var given pb.TensorProto
	if serialized == nil || proto.Unmarshal(serialized, &given) != nil {
		return nil
	}
	dtype, shape := tensor.DType(given.GetDtype()), given.GetTensorShape()
	if dtype != input.DType || shape.GetUnknownRank() {
		return nil
	}
	value, err := ofTensorProto(dtype, &given, ofShape(shape))
	if err != nil || !input.Shape.Accepts(value.Shape()) {
		return nil
	}
	return value
}

func ofTensorProto(dtype tensor.DType, given *pb.TensorProto, dims []int64) (*tensor.Tensor, error) {
	content := given.GetTensorContent()
	switch {
	case len(content) == 0:
		return ofValues(dtype, given, dims)
	case dtype == tensor.BYTES:
		return ofPacked(content, dims)
	default:
		return tensor.FromMemory(dtype, content, dims...)
	}
}

// ofPacked reads strings as TensorFlow packs them: all lengths as varints, then
// all bytes.
func ofPacked(content []byte, dims []int64) (*tensor.Tensor, error) {
	count, err := elements(dims, len(content))
	if err != nil {
		return nil, err
	}
	lengths := make([]uint64, count)
	for i := range lengths {
		length, size := binary.Uvarint(content)
		if size <= 0 {
			return nil, errNoDefault
		}
		lengths[i], content = length, content[size:]
	}
	strings := make([][]byte, count)
	for i, length := range lengths {
		if length > uint64(len(content)) {
			return nil, errNoDefault
		}
		strings[i], content = content[:length:length], content[length:]
	}
	if len(content) > 0 {
		return nil, errNoDefault
	}
	return tensor.New(strings, dims...)
}

// ofValues reads elements from the field of their dtype, where the last one
// stands for all that are missing, and none for zeros.
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
		return filledPairs(given.GetScomplexVal(), func(re, im float32) complex64 { return complex(re, im) }, dims)
	case tensor.C128:
		return filledPairs(given.GetDcomplexVal(), func(re, im float64) complex128 { return complex(re, im) }, dims)
	case tensor.BYTES:
		return filled(given.GetStringVal(), dims)
	default:
		return nil, errNoDefault
	}
}

const (
	// mostFilled is the most bytes that a few values may be repeated to fill: a
	// few bytes could ask for any number.
	mostFilled = 64 << 20
	// stringSize is what libstele counts for a string.
	stringSize = 16
)

// elements counts those of a shape, of which there may be so many.
func elements(dims []int64, most int) (int, error) {
	count := 1
	for _, dim := range dims {
		if dim == 0 {
			return 0, nil
		}
		if dim < 0 || int64(count) > int64(most)/dim {
			return 0, errNoDefault
		}
		count *= int(dim)
	}
	return count, nil
}

func filled[T tensor.Element](values []T, dims []int64) (*tensor.Tensor, error) {
	size := cmp.Or(tensor.DTypeOf[T]().Size(), stringSize)
	count, err := elements(dims, max(mostFilled/size, len(values)))
	if err != nil {
		return nil, err
	}
	var last T
	if len(values) > 0 {
		last = values[len(values)-1]
	}
	for len(values) < count {
		values = append(values, last)
	}
	return tensor.New(values, dims...)
}

// filledPairs makes complex numbers of their parts in turn.
func filledPairs[R any, C tensor.Element](
	parts []R, of func(re, im R) C, dims []int64,
) (*tensor.Tensor, error) {
	if len(parts)%2 != 0 {
		return nil, errNoDefault
	}
	values := make([]C, len(parts)/2)
	for i := range values {
		values[i] = of(parts[2*i], parts[2*i+1])
	}
	return filled(values, dims)
}

func cast[T int8 | int16 | uint8 | uint16 | tensor.Float16 | tensor.BFloat16](values []int32) []T {
	elements := make([]T, len(values))
	for i, value := range values {
		elements[i] = T(value)
	}
	return elements
}
