// Package tensor has what models in this process and models on a server share:
// tensors, and the signatures and errors that speak of them. It is plain Go.
// Package stele gives all of it the names that most programs use.
package tensor

import (
	"bytes"
	"slices"
	"unsafe"
)

// A Tensor is a dtype, a shape, and elements in row-major order: the last index
// moves fastest. It is a view of the elements that it was made of, and any
// number of goroutines may use it as long as nobody changes those.
type Tensor struct {
	dtype DType
	shape Shape
	// Where the shape lies, if it is short: what is allocated each time costs a call.
	few [4]int64
	// The elements: of BYTES the second, of all others the first.
	memory  []byte
	strings [][]byte
}

// New makes a tensor of elements, which are not copied. Without dimensions it
// is a scalar.
//
//	pixels, err := tensor.New(make([]float32, 64), 1, 8, 8, 1)
//	words, err := tensor.New([][]byte{[]byte("naïve"), {0xff, 0}}, 2)
//
// INVALID_ARGUMENT: the dimensions need another number of elements, one is
// negative, there are more than 254, or they need more than 2^63-1 bytes.
func New[T Element](elements []T, dims ...int64) (*Tensor, error) {
	t := new(Tensor)
	t.shaped(DTypeOf[T](), dims)
	count, err := t.shape.count(t.dtype.Size())
	if err != nil {
		return nil, err
	}
	if count != len(elements) {
		return nil, Errorf(InvalidArgument, "shape %v has %d elements, %d given",
			t.shape, count, len(elements))
	}
	if strings, ok := any(elements).([][]byte); ok {
		t.strings = strings
	} else {
		t.memory = bytesOf(elements)
	}
	return t, nil
}

// FromMemory makes a tensor of a dtype that is known only when the program
// runs, from the elements as they lie in this machine's memory. They are copied
// only where they are not aligned.
//
// INVALID_ARGUMENT: as New; a dtype that is BYTES or has no elements here; more
// or fewer bytes than dtype and dimensions need; a BOOL that is neither 0 nor 1.
func FromMemory(dtype DType, memory []byte, dims ...int64) (*Tensor, error) {
	if size := dtype.Size(); size > 0 && !isAligned(memory, size) {
		memory = append(aligned(len(memory))[:0], memory...)
	}
	return new(Tensor).of(dtype, memory, dims)
}

// small is a tensor with its elements beside it: what is allocated on its own
// costs a small call more than to copy it.
type small struct {
	Tensor
	words [8]uint64
}

// Copied is FromMemory of a copy, which need not be aligned: the memory may be
// anybody's, and may change.
func Copied(dtype DType, memory []byte, dims ...int64) (*Tensor, error) {
	if len(memory) > int(unsafe.Sizeof(small{}.words)) {
		return FromMemory(dtype, bytes.Clone(memory), dims...)
	}
	t := new(small)
	own := bytesOf(t.words[:])[:len(memory):len(memory)]
	copy(own, memory)
	return t.of(dtype, own, dims)
}

// of makes the tensor one of elements that are aligned.
func (t *Tensor) of(dtype DType, memory []byte, dims []int64) (*Tensor, error) {
	if dtype.Size() == 0 {
		return nil, Errorf(InvalidArgument, "elements of dtype %v have no fixed size", dtype)
	}
	t.shaped(dtype, dims)
	count, err := t.shape.count(dtype.Size())
	if err != nil {
		return nil, err
	}
	if needed := count * dtype.Size(); needed != len(memory) {
		return nil, Errorf(InvalidArgument, "%v %v has %d bytes, %d given",
			dtype, t.shape, needed, len(memory))
	}
	if dtype == BOOL && slices.ContainsFunc(memory, func(b byte) bool { return b > 1 }) {
		return nil, Errorf(InvalidArgument, "a BOOL byte is neither 0 nor 1")
	}
	t.memory = memory
	return t, nil
}

// shaped copies the dimensions, which are the caller's to change. The shape is
// never the nil of an unknown rank.
func (t *Tensor) shaped(dtype DType, dims []int64) {
	t.dtype = dtype
	// No capacity beyond it, so that an append to it writes elsewhere.
	if n := len(dims); n <= len(t.few) {
		t.shape = t.few[:n:n]
	} else {
		t.shape = make(Shape, n)
	}
	copy(t.shape, dims)
}

// Values returns the elements in row-major order, without a copy: []float32 of
// an FP32 tensor, [][]byte of a BYTES tensor.
//
// INVALID_ARGUMENT: the elements are of another type.
func Values[T Element](t *Tensor) ([]T, error) {
	if t == nil {
		return nil, Errorf(InvalidArgument, "there is no tensor to read as %v", DTypeOf[T]())
	}
	if dtype := DTypeOf[T](); t.dtype != dtype {
		return nil, Errorf(InvalidArgument, "tensor has dtype %v, read as %v", t.dtype, dtype)
	}
	if strings, ok := any(t.strings).([]T); ok {
		return strings, nil
	}
	return elementsOf[T](t.memory), nil
}

// DType returns the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the sizes of the dimensions, none for a scalar. They are not to
// be changed.
func (t *Tensor) Shape() Shape { return t.shape }

// Len returns the number of elements.
func (t *Tensor) Len() int {
	if t.dtype == BYTES {
		return len(t.strings)
	}
	return len(t.memory) / max(t.dtype.Size(), 1)
}

// Memory returns the elements as they lie in this machine's memory, without a
// copy: what FromMemory takes. It is empty for BYTES, whose elements Values
// returns.
func (t *Tensor) Memory() []byte { return t.memory }

// String returns dtype and shape: FP32 [1,8,8,1].
func (t *Tensor) String() string { return t.dtype.String() + " " + t.shape.String() }
