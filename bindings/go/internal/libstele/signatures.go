package libstele

// #include <stele.h>
import "C"

import (
	"unsafe"

	"stele.dev/stele/tensor"
)

// readSignatures copies what the library says of the model.
func (m *Model) readSignatures() {
	count := C.stele_signature_count(m.c)
	m.Signatures = make(map[string]*tensor.Signature, count)
	for i := range count {
		c := C.stele_signature_at(m.c, i)
		signature := &tensor.Signature{
			Name:    C.GoString(c.name),
			Inputs:  infos(c.inputs, c.n_inputs),
			Outputs: infos(c.outputs, c.n_outputs),
		}
		m.Signatures[signature.Name] = signature
		m.Ordered = append(m.Ordered, signature)
	}
}

func infos(first *C.stele_tensor_info, count C.uint64_t) []tensor.Info {
	list := make([]tensor.Info, count)
	for i, c := range unsafe.Slice(first, count) {
		// The number of a dtype without a name is in its name alone.
		dtype, _ := tensor.ParseDType(C.GoString(c.dtype_name))
		list[i] = tensor.Info{
			Name:  C.GoString(c.name),
			DType: dtype,
			Shape: shape(c.rank, c.dims),
		}
		if c.default_value != nil {
			// One that cannot be copied is no less the library's to use.
			list[i].Default, _ = copied(c.default_value)
		}
	}
	return list
}

func shape(rank C.int32_t, dims *C.int64_t) tensor.Shape {
	if rank < 0 {
		return nil
	}
	return append(tensor.Shape{}, unsafe.Slice((*int64)(dims), rank)...)
}
