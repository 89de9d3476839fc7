// Package stele runs TensorFlow SavedModels: load a folder, ask for its
// signatures, give named tensors, get named tensors back.
//
//	model, err := stele.Load("saved_model")
//	if err != nil { … }
//	defer model.Close()
//	image, err := stele.NewTensor(pixels, 1, 8, 8, 1)
//	outputs, err := model.Run(ctx, stele.Tensors{"image": image})
//	probabilities, err := stele.Values[float32](outputs["probabilities"])
//
// Every input is checked against the signature before TensorFlow sees it, with
// an Error that names what is wrong. TensorFlow 2.21 itself ends the whole
// process on some wrong ranks, answers silently on some wrong dimensions, and
// loads a model without its variables when their index is missing.
//
// The package stands on the C library libstele, through cgo and pkg-config, and
// finds TensorFlow when the first model is loaded: WithLibTensorFlow, the
// environment variable STELE_LIBTENSORFLOW, the PyPI wheel in $VIRTUAL_ENV or
// $CONDA_PREFIX or of the python3 on $PATH, what the system's loader finds.
//
// Package stele.dev/stele/remote has models on a server, with the same surface
// and without C.
package stele

import "stele.dev/stele/tensor"

// Tensors are tensors by name: the inputs and the outputs of a model.
type Tensors = map[string]*Tensor

// What package tensor defines, for this package and for models on a server.
type (
	Tensor    = tensor.Tensor
	Element   = tensor.Element
	DType     = tensor.DType
	Shape     = tensor.Shape
	Float16   = tensor.Float16
	BFloat16  = tensor.BFloat16
	Signature = tensor.Signature
	Info      = tensor.Info
	Error     = tensor.Error
	Code      = tensor.Code
)

// The codes of an Error.
const (
	Cancelled          = tensor.Cancelled
	Unknown            = tensor.Unknown
	InvalidArgument    = tensor.InvalidArgument
	DeadlineExceeded   = tensor.DeadlineExceeded
	NotFound           = tensor.NotFound
	AlreadyExists      = tensor.AlreadyExists
	PermissionDenied   = tensor.PermissionDenied
	ResourceExhausted  = tensor.ResourceExhausted
	FailedPrecondition = tensor.FailedPrecondition
	Aborted            = tensor.Aborted
	OutOfRange         = tensor.OutOfRange
	Unimplemented      = tensor.Unimplemented
	Internal           = tensor.Internal
	Unavailable        = tensor.Unavailable
	DataLoss           = tensor.DataLoss
	Unauthenticated    = tensor.Unauthenticated
)

// DefaultSignature is the name of the signature that Run runs.
const DefaultSignature = tensor.DefaultSignature

// NewTensor makes a tensor of elements in row-major order, which are not copied.
// Without dimensions it is a scalar. See tensor.New.
func NewTensor[T Element](elements []T, dims ...int64) (*Tensor, error) {
	return tensor.New(elements, dims...)
}

// FromMemory makes a tensor of a dtype that is known only when the program runs,
// from its elements in this machine's memory. See tensor.FromMemory.
func FromMemory(dtype DType, memory []byte, dims ...int64) (*Tensor, error) {
	return tensor.FromMemory(dtype, memory, dims...)
}

// Values returns the elements of a tensor in row-major order, without a copy.
// See tensor.Values.
func Values[T Element](t *Tensor) ([]T, error) { return tensor.Values[T](t) }
