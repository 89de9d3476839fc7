package tensor

import "unsafe"

// An Element is a Go type that a tensor can be made of, one for each DType.
type Element interface {
	bool |
		int8 | int16 | int32 | int64 |
		uint8 | uint16 | uint32 | uint64 |
		Float16 | BFloat16 | float32 | float64 |
		complex64 | complex128 |
		[]byte
}

// DTypeOf returns the dtype of a Go type: FP32 for float32.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case bool:
		return BOOL
	case int8:
		return INT8
	case int16:
		return INT16
	case int32:
		return INT32
	case int64:
		return INT64
	case uint8:
		return UINT8
	case uint16:
		return UINT16
	case uint32:
		return UINT32
	case uint64:
		return UINT64
	case Float16:
		return FP16
	case BFloat16:
		return BF16
	case float32:
		return FP32
	case float64:
		return FP64
	case complex64:
		return C64
	case complex128:
		return C128
	default:
		return BYTES
	}
}

// bytesOf returns the memory of elements of a fixed size.
func bytesOf[T Element](elements []T) []byte {
	size := len(elements) * int(unsafe.Sizeof(*new(T)))
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(elements))), size)
}

// elementsOf returns memory, which is aligned for them, as elements of a fixed
// size.
func elementsOf[T Element](memory []byte) []T {
	count := len(memory) / int(unsafe.Sizeof(*new(T)))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(memory))), count)
}

// maxAlignment is that of the elements that need most: complex128's.
const maxAlignment = 8

// aligned returns memory of so many bytes that any elements can lie in.
func aligned(size int) []byte {
	return bytesOf(make([]uint64, (size+maxAlignment-1)/maxAlignment))[:size]
}

// isAligned reports whether elements of a fixed size can lie in memory.
func isAligned(memory []byte, elementSize int) bool {
	address := uintptr(unsafe.Pointer(unsafe.SliceData(memory)))
	return address%uintptr(min(elementSize, maxAlignment)) == 0
}
