package libstele

// #include "run.h"
import "C"

import (
	"runtime"
	"unsafe"

	"stele.dev/stele/tensor"
)

// A frame is C's memory for what a call passes but for the elements of most
// tensors: the error, descriptions, dimensions, names, strings. C may keep no
// pointer to Go's memory in it, and has none: stele_go_run takes the elements
// of the first inputs as arguments, and the others' are copied here.
//
// It is used for call after call, so that one does not allocate.
type frame struct {
	memory []byte
	used   int
	free   runtime.Cleanup
}

const (
	smallestFrame = 8 << 10
	// What is larger is not kept for the next call.
	largestKeptFrame = 1 << 20
	// Every piece of a frame begins at a multiple of this.
	pieceAlignment = 8
)

// reserve empties the frame, and sees that it has at least so many bytes;
// RESOURCE_EXHAUSTED when C has not as many.
func (f *frame) reserve(size int) error {
	f.used = 0
	if len(f.memory) >= size {
		return nil
	}
	f.release()
	size = max(size, smallestFrame)
	pointer := C.stele_go_allocate(C.size_t(size))
	if pointer == nil {
		return tensor.Errorf(tensor.ResourceExhausted, "out of memory")
	}
	f.memory = unsafe.Slice((*byte)(pointer), size)
	// For those that the pool forgets.
	f.free = runtime.AddCleanup(f, func(pointer unsafe.Pointer) { C.free(pointer) }, pointer)
	return nil
}

// done lets go of what is too large to be kept.
func (f *frame) done() {
	if len(f.memory) > largestKeptFrame {
		f.release()
	}
}

func (f *frame) release() {
	if f.memory != nil {
		f.free.Stop()
		C.free(unsafe.Pointer(unsafe.SliceData(f.memory)))
		f.memory = nil
	}
}

// pieceSize is what a piece takes of a frame.
func pieceSize(size int) int { return (size + pieceAlignment - 1) &^ (pieceAlignment - 1) }

// piece takes the next bytes of a frame that is large enough.
func (f *frame) piece(size int) []byte {
	start := f.used
	f.used += pieceSize(size)
	return f.memory[start : start+size : start+size]
}

// structs takes memory for so many structures.
func structs[T any](f *frame, count int) []T {
	memory := f.piece(count * int(unsafe.Sizeof(*new(T))))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(memory))), count)
}

// text copies a string, and ends it as C does.
func (f *frame) text(text string) []byte {
	memory := f.piece(len(text) + 1)
	memory[copy(memory, text)] = 0
	return memory
}

// bytes copies elements.
func (f *frame) bytes(bytes []byte) []byte {
	memory := f.piece(len(bytes))
	copy(memory, bytes)
	return memory
}

// Go must not write pointers into this memory, not even C's: the garbage
// collector may look at what a pointer replaces, and what lies here is left from
// malloc or from a call before. Hence C's structures with numbers in their
// place.
type (
	cTensor struct {
		name       uintptr
		dtype      tensor.DType
		rank       int32
		dims, data uintptr
		size       uint64
	}
	cBytes struct {
		data uintptr
		size uint64
	}
)

// The compiler holds them against C's.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(cTensor{})-C.sizeof_stele_tensor]
	_ = [1]struct{}{}[unsafe.Offsetof(cTensor{}.data)-24]
	_ = [1]struct{}{}[unsafe.Sizeof(cBytes{})-C.sizeof_stele_bytes]
)

// address is where in C's memory something lies.
func address[T any](memory []T) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(memory)))
}
