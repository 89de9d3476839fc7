package libstele

// #include "run.h"
import "C"

import (
	"unsafe"

	"stele.dev/stele/tensor"
)

// A Named is a tensor with the name of an input.
type Named struct {
	Name   string
	Tensor *tensor.Tensor
}

// Run runs a signature on inputs in any order. No name may hold a NUL, and no
// tensor may be nil.
func (m *Model) Run(signature string, inputs []Named) (map[string]*tensor.Tensor, error) {
	f, err := newFrame(frameSize(signature, inputs))
	if err != nil {
		return nil, err
	}
	defer f.done()
	failure := (*C.stele_error)(unsafe.Pointer(unsafe.SliceData(f.piece(C.sizeof_stele_error))))
	name := (*C.char)(unsafe.Pointer(unsafe.SliceData(f.text(signature))))
	tensors := structs[cTensor](f, len(inputs))
	var direct [C.STELE_GO_DIRECT]*C.char
	for i, input := range inputs {
		tensors[i] = f.describe(input)
		switch elements := input.Tensor.Memory(); {
		case input.Tensor.DType() == tensor.BYTES:
			tensors[i].data = f.strings(input.Tensor)
		case i < len(direct):
			direct[i] = (*C.char)(unsafe.Pointer(unsafe.SliceData(elements)))
		default:
			tensors[i].data = address(f.bytes(elements))
		}
	}
	outputs := C.stele_go_run(m.c, name,
		(*C.stele_tensor)(unsafe.Pointer(unsafe.SliceData(tensors))), C.uint64_t(len(tensors)),
		failure,
		direct[0], direct[1], direct[2], direct[3], direct[4], direct[5], direct[6], direct[7])
	if outputs == nil {
		return nil, asError(failure)
	}
	return take(outputs, m.Signatures[signature])
}

// describe makes everything of C's tensor but its data.
func (f *frame) describe(input Named) cTensor {
	shape, dtype := input.Tensor.Shape(), input.Tensor.DType()
	dims := structs[int64](f, len(shape))
	copy(dims, shape)
	size := len(input.Tensor.Memory())
	if dtype == tensor.BYTES {
		size = input.Tensor.Len() * C.sizeof_stele_bytes
	}
	return cTensor{
		name:  address(f.text(input.Name)),
		dtype: dtype,
		rank:  int32(len(shape)),
		dims:  address(dims),
		size:  uint64(size),
	}
}

// strings copies the elements of a BYTES tensor, and returns where C's list of
// them lies.
func (f *frame) strings(t *tensor.Tensor) uintptr {
	elements, _ := tensor.Values[[]byte](t)
	list := structs[cBytes](f, len(elements))
	for i, element := range elements {
		list[i] = cBytes{data: address(f.bytes(element)), size: uint64(len(element))}
	}
	return address(list)
}

// frameSize is what Run takes of a frame.
func frameSize(signature string, inputs []Named) int {
	size := pieceSize(C.sizeof_stele_error) + pieceSize(len(signature)+1)
	size += len(inputs) * C.sizeof_stele_tensor
	for i, input := range inputs {
		size += pieceSize(len(input.Name)+1) + pieceSize(8*len(input.Tensor.Shape()))
		switch {
		case input.Tensor.DType() == tensor.BYTES:
			elements, _ := tensor.Values[[]byte](input.Tensor)
			size += len(elements) * C.sizeof_stele_bytes
			for _, element := range elements {
				size += pieceSize(len(element))
			}
		case i >= C.STELE_GO_DIRECT:
			size += pieceSize(len(input.Tensor.Memory()))
		}
	}
	return size
}
