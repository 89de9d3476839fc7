package libstele

// #include "run.h"
import "C"

import (
	"unsafe"

	"stele.dev/stele/tensor"
)

// Run runs a signature, whose name may hold no NUL, on the inputs that the call
// has taken.
func (c *Call) Run(m *Model, signature string) (map[string]*tensor.Tensor, error) {
	if c.err != nil {
		return nil, c.err
	}
	if err := c.frame.reserve(frameSize(signature, c.inputs)); err != nil {
		return nil, err
	}
	failure := c.frame.piece(C.sizeof_stele_error)
	name := c.frame.text(signature)
	tensors := structs[cTensor](&c.frame, len(c.inputs))
	var direct [C.STELE_GO_DIRECT]*C.char
	for i, input := range c.inputs {
		tensors[i] = c.frame.describe(input)
		switch elements := input.tensor.Memory(); {
		case input.tensor.DType() == tensor.BYTES:
			tensors[i].data = c.frame.strings(input.tensor)
		case i < len(direct):
			direct[i] = (*C.char)(unsafe.Pointer(unsafe.SliceData(elements)))
		default:
			tensors[i].data = address(c.frame.bytes(elements))
		}
	}
	outputs := C.stele_go_run(C.uintptr_t(uintptr(unsafe.Pointer(m.c))),
		C.uintptr_t(address(name)), C.uintptr_t(address(tensors)), C.uint64_t(len(tensors)),
		C.uintptr_t(address(failure)),
		direct[0], direct[1], direct[2], direct[3], direct[4], direct[5], direct[6], direct[7])
	if outputs == nil {
		return nil, asError((*C.stele_error)(unsafe.Pointer(unsafe.SliceData(failure))))
	}
	return take(outputs, m.Signatures[signature])
}

// describe makes everything of C's tensor but its data.
func (f *frame) describe(input named) cTensor {
	shape, dtype := input.tensor.Shape(), input.tensor.DType()
	dims := structs[int64](f, len(shape))
	copy(dims, shape)
	size := len(input.tensor.Memory())
	if dtype == tensor.BYTES {
		size = input.tensor.Len() * C.sizeof_stele_bytes
	}
	return cTensor{
		name:  address(f.text(input.name)),
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
func frameSize(signature string, inputs []named) int {
	size := pieceSize(C.sizeof_stele_error) + pieceSize(len(signature)+1)
	size += len(inputs) * C.sizeof_stele_tensor
	for i, input := range inputs {
		size += pieceSize(len(input.name)+1) + pieceSize(8*len(input.tensor.Shape()))
		switch {
		case input.tensor.DType() == tensor.BYTES:
			elements, _ := tensor.Values[[]byte](input.tensor)
			size += len(elements) * C.sizeof_stele_bytes
			for _, element := range elements {
				size += pieceSize(len(element))
			}
		case i >= C.STELE_GO_DIRECT:
			size += pieceSize(len(input.tensor.Memory()))
		}
	}
	return size
}
