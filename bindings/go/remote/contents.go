package remote

import (
	"fmt"
	"math"

	"stele.dev/stele/internal/framing"
	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

// put adds an input to a request, in the raw form, which is exact. But for BYTES
// it is the tensor's own memory.
func put(request *pb.ModelInferRequest, input named) error {
	contents := input.value.Memory()
	if input.value.DType() == tensor.BYTES {
		elements, err := tensor.Values[[]byte](input.value)
		if err != nil {
			return err
		}
		if contents, err = framing.Join(elements); err != nil {
			return tensor.Errorf(tensor.InvalidArgument, `input "%s": %w`, input.name, err)
		}
	}
	request.RawInputContents = append(request.RawInputContents, contents)
	request.Inputs = append(request.Inputs, &pb.ModelInferRequest_InferInputTensor{
		Name:     input.name,
		Datatype: input.value.DType().String(),
		Shape:    input.value.Shape(),
	})
	return nil
}

// take returns the outputs of a response, in either form.
func take(response *pb.ModelInferResponse) (Tensors, error) {
	outputs, raw := response.GetOutputs(), response.GetRawOutputContents()
	if len(raw) > 0 && len(raw) != len(outputs) {
		return nil, fmt.Errorf("%d raw contents for %d tensors", len(raw), len(outputs))
	}
	tensors := make(Tensors, len(outputs))
	for i, output := range outputs {
		dtype, _ := tensor.ParseDType(output.GetDatatype())
		var value *tensor.Tensor
		var err error
		switch {
		case !dtype.Known():
			err = fmt.Errorf(`the unknown dtype "%s"`, output.GetDatatype())
		case len(raw) > 0:
			value, err = ofRaw(dtype, raw[i], output.GetShape())
		default:
			value, err = ofTyped(dtype, output.GetContents(), output.GetShape())
		}
		if err != nil {
			return nil, fmt.Errorf(`tensor "%s": %w`, output.GetName(), bare(err))
		}
		tensors[output.GetName()] = value
	}
	return tensors, nil
}

// bare leaves the code of an error out, which would blame the caller.
func bare(err error) error {
	if failure, ok := err.(*tensor.Error); ok {
		return fmt.Errorf("%s", failure.Message)
	}
	return err
}

func ofRaw(dtype tensor.DType, contents []byte, dims []int64) (*tensor.Tensor, error) {
	if dtype != tensor.BYTES {
		return tensor.FromMemory(dtype, contents, dims...)
	}
	elements, err := framing.Split(contents)
	if err != nil {
		return nil, err
	}
	return tensor.New(elements, dims...)
}

// ofTyped reads elements from the field of their dtype.
func ofTyped(dtype tensor.DType, c *pb.InferTensorContents, dims []int64) (*tensor.Tensor, error) {
	switch dtype {
	case tensor.BOOL:
		return tensor.New(c.GetBoolContents(), dims...)
	case tensor.INT8:
		return narrow[int8](c.GetIntContents(), math.MinInt8, math.MaxInt8, dims)
	case tensor.INT16:
		return narrow[int16](c.GetIntContents(), math.MinInt16, math.MaxInt16, dims)
	case tensor.INT32:
		return tensor.New(c.GetIntContents(), dims...)
	case tensor.INT64:
		return tensor.New(c.GetInt64Contents(), dims...)
	case tensor.UINT8:
		return narrow[uint8](c.GetUintContents(), 0, math.MaxUint8, dims)
	case tensor.UINT16:
		return narrow[uint16](c.GetUintContents(), 0, math.MaxUint16, dims)
	case tensor.UINT32:
		return tensor.New(c.GetUintContents(), dims...)
	case tensor.UINT64:
		return tensor.New(c.GetUint64Contents(), dims...)
	case tensor.FP32:
		return tensor.New(c.GetFp32Contents(), dims...)
	case tensor.FP64:
		return tensor.New(c.GetFp64Contents(), dims...)
	case tensor.BYTES:
		return tensor.New(c.GetBytesContents(), dims...)
	default:
		// None of the others has a field; there is one without elements all the same.
		return tensor.FromMemory(dtype, nil, dims...)
	}
}

// narrow makes elements of a smaller type, which must hold them.
func narrow[T int8 | int16 | uint8 | uint16, W int32 | uint32](
	values []W, least, most W, dims []int64,
) (*tensor.Tensor, error) {
	elements := make([]T, len(values))
	for i, value := range values {
		if value < least || value > most {
			return nil, fmt.Errorf("a value that %v cannot hold", tensor.DTypeOf[T]())
		}
		elements[i] = T(value)
	}
	return tensor.New(elements, dims...)
}
