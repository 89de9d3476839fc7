package worker

// #include <stdlib.h>
// #include <stele_worker.h>
import "C"

import (
	"os"
	"unsafe"

	"stele.dev/stele/internal/framing"
	"stele.dev/stele/tensor"
)

type named struct {
	name   string
	tensor *tensor.Tensor
}

// A form is how elements of one dtype become a tensor and come out of it, by
// the constructor and the accessor that users call.
type form struct {
	make func(bytes []byte, dims []int64) (*tensor.Tensor, error)
	read func(*tensor.Tensor) ([]byte, error)
}

var forms = map[tensor.DType]form{
	tensor.BOOL:   fixed[bool](),
	tensor.INT8:   fixed[int8](),
	tensor.INT16:  fixed[int16](),
	tensor.INT32:  fixed[int32](),
	tensor.INT64:  fixed[int64](),
	tensor.UINT8:  fixed[uint8](),
	tensor.UINT16: fixed[uint16](),
	tensor.UINT32: fixed[uint32](),
	tensor.UINT64: fixed[uint64](),
	tensor.FP16:   fixed[tensor.Float16](),
	tensor.BF16:   fixed[tensor.BFloat16](),
	tensor.FP32:   fixed[float32](),
	tensor.FP64:   fixed[float64](),
	tensor.C64:    fixed[complex64](),
	tensor.C128:   fixed[complex128](),
	tensor.BYTES:  {make: makeStrings, read: readStrings},
}

func fixed[T tensor.Element]() form {
	return form{
		make: func(bytes []byte, dims []int64) (*tensor.Tensor, error) {
			values := make([]T, len(bytes)/int(unsafe.Sizeof(*new(T))))
			copy(memory(values), bytes)
			return tensor.New(values, dims...)
		},
		read: func(t *tensor.Tensor) ([]byte, error) {
			values, err := tensor.Values[T](t)
			return memory(values), err
		},
	}
}

// memory is that of values. No value goes through a register of the processor,
// in which a signalling NaN could become a quiet one.
func memory[T tensor.Element](values []T) []byte {
	size := len(values) * int(unsafe.Sizeof(*new(T)))
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), size)
}

func makeStrings(bytes []byte, dims []int64) (*tensor.Tensor, error) {
	elements, err := framing.Split(bytes)
	if err != nil {
		return nil, err
	}
	return tensor.New(elements, dims...)
}

func readStrings(t *tensor.Tensor) ([]byte, error) {
	elements, err := tensor.Values[[]byte](t)
	if err != nil {
		return nil, err
	}
	return framing.Join(elements)
}

func read(input *C.stele_worker_input) (named, error) {
	name := C.GoString(input.name)
	bytes, err := os.ReadFile(C.GoString(input.path))
	if err != nil {
		return named{}, tensor.Errorf(tensor.Internal, "input %q: %w", name, err)
	}
	dims := unsafe.Slice((*int64)(input.dims), input.rank)
	value, err := forms[tensor.DType(input.dtype)].make(bytes, dims)
	return named{name: name, tensor: value}, err
}

// write writes an output where the kit wants it, which knows why if it does not.
func (w *worker) write(name string, output *tensor.Tensor) error {
	bytes, err := forms[output.DType()].read(output)
	if err != nil {
		return err
	}
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	rank, dims := dimensions(output.Shape())
	path := C.stele_worker_output(w.c, cName, C.stele_dtype(output.DType()), rank, dims,
		C.uint64_t(len(bytes)))
	if path == nil {
		return nil
	}
	if err := os.WriteFile(C.GoString(path), bytes, 0o644); err != nil {
		return tensor.Errorf(tensor.Internal, "output %q: %w", name, err)
	}
	return nil
}
