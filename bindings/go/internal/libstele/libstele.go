// Package libstele is all that the module knows of C: the library's functions
// with Go's types. A variant without cgo would replace this package alone.
package libstele

/*
#cgo pkg-config: stele
#cgo noescape stele_go_run
#cgo nocallback stele_go_run
#cgo nocallback stele_free
#cgo nocallback stele_go_outputs_free
#include "run.h"
*/
import "C"

import (
	"unsafe"

	"stele.dev/stele/tensor"
)

// Options say how to load a model. Nil and zero values are the library's
// defaults.
type Options struct {
	Tags          *string
	Profile       *string
	Config        []byte
	LibTensorFlow string
}

// A Model is a loaded one. Its methods do not know when it was freed.
type Model struct {
	c *C.stele_model
	// By name, and in the order of names.
	Signatures map[string]*tensor.Signature
	Ordered    []*tensor.Signature
}

// Load loads a SavedModel. No string may hold a NUL.
func Load(dir string, options Options) (*Model, error) {
	if compiled, loaded := uint32(C.STELE_ABI), uint32(C.stele_abi()); compiled != loaded {
		return nil, tensor.Errorf(tensor.FailedPrecondition,
			"libstele has ABI %d, and this program was compiled for %d", loaded, compiled)
	}
	var texts cTexts
	defer texts.free()
	given := C.stele_options{struct_size: C.sizeof_stele_options}
	if options.Tags != nil {
		given.tags = texts.add(*options.Tags)
	}
	if options.Profile != nil {
		given.profile = texts.add(*options.Profile)
	}
	if options.LibTensorFlow != "" {
		given.libtensorflow = texts.add(options.LibTensorFlow)
	}
	if options.Config != nil {
		given.config = unsafe.Pointer(texts.add(string(options.Config)))
		given.config_size = C.uint64_t(len(options.Config))
	}
	var failure C.stele_error
	model := C.stele_load(texts.add(dir), &given, &failure)
	if model == nil {
		return nil, asError(&failure)
	}
	loaded := &Model{c: model}
	loaded.readSignatures()
	return loaded, nil
}

// Free takes the only user of the model away. Nothing may begin to use it
// afterwards.
func (m *Model) Free() { C.stele_free(m.c) }

// Version returns the version of TensorFlow, which is loaded if it was not yet.
func Version() (string, error) {
	var failure C.stele_error
	version := C.stele_tensorflow_version(&failure)
	if version == nil {
		return "", asError(&failure)
	}
	return C.GoString(version), nil
}

func asError(failure *C.stele_error) error {
	return &tensor.Error{
		Code:    tensor.Code(failure.code),
		Message: C.GoString(&failure.message[0]),
	}
}

// cTexts are C's copies of Go's strings.
type cTexts []unsafe.Pointer

func (t *cTexts) add(text string) *C.char {
	copied := C.CString(text)
	*t = append(*t, unsafe.Pointer(copied))
	return copied
}

func (t *cTexts) free() {
	for _, text := range *t {
		C.free(text)
	}
}
