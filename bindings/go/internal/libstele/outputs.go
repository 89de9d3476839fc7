package libstele

// #include "run.h"
import "C"

import (
	"unsafe"

	"stele.dev/stele/tensor"
)

// take copies outputs, which are in the order of the signature, and releases
// them.
func take(outputs *C.stele_outputs, signature *tensor.Signature) (map[string]*tensor.Tensor, error) {
	defer C.stele_go_outputs_free(C.uintptr_t(uintptr(unsafe.Pointer(outputs))))
	tensors := make(map[string]*tensor.Tensor, len(signature.Outputs))
	views := unsafe.Slice(outputs.tensors, outputs.n_tensors)
	for i := range views {
		value, err := copied(&views[i])
		if err != nil {
			return nil, err
		}
		tensors[signature.Outputs[i].Name] = value
	}
	return tensors, nil
}

// copied makes a tensor in Go's memory.
func copied(view *C.stele_tensor) (*tensor.Tensor, error) {
	dims := unsafe.Slice((*int64)(view.dims), view.rank)
	if view.dtype == C.STELE_BYTES {
		return tensor.New(copiedStrings(view), dims...)
	}
	memory := unsafe.Slice((*byte)(view.data), view.size)
	return tensor.Copied(tensor.DType(view.dtype), memory, dims...)
}

// copiedStrings puts all bytes into one allocation.
func copiedStrings(view *C.stele_tensor) [][]byte {
	elements := unsafe.Slice((*C.stele_bytes)(view.data), view.size/C.sizeof_stele_bytes)
	total := 0
	for i := range elements {
		total += int(elements[i].size)
	}
	all, strings := make([]byte, 0, total), make([][]byte, len(elements))
	for i := range elements {
		start := len(all)
		element := unsafe.Slice((*byte)(unsafe.Pointer(elements[i].data)), elements[i].size)
		all = append(all, element...)
		// With its capacity, so that an append to one does not write into the next.
		strings[i] = all[start:len(all):len(all)]
	}
	return strings
}
