// Package worker is the module behind the worker protocol, by the kit of
// bindings/c/kit, which leaves to the language what only that can do: make
// tensors, load, run, and read tensors.
package worker

// #cgo pkg-config: stele-worker
// #include <stdlib.h>
// #include <stele_worker.h>
import "C"

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"unsafe"

	"stele.dev/stele/tensor"
)

// A Model is what a request is about.
type Model interface {
	Signatures() iter.Seq[*tensor.Signature]
	RunSignature(context.Context, string, iter.Seq2[string, *tensor.Tensor]) (map[string]*tensor.Tensor, error)
	Close() error
}

// A Request says what to load.
type Request struct {
	Dir  string
	Tags []string
	// One of the two: a profile's name, or a serialized ConfigProto.
	Profile string
	Config  []byte
}

// Serve answers requests for a binding until there are no more.
func Serve(binding string, load func(Request) (Model, error)) {
	id, language := C.CString(binding), C.CString("Go "+strings.TrimPrefix(runtime.Version(), "go"))
	defer C.free(unsafe.Pointer(id))
	defer C.free(unsafe.Pointer(language))
	w := &worker{c: C.stele_worker_new(id, language, nil), load: load}
	defer C.stele_worker_free(w.c)
	for request := C.stele_worker_next(w.c); request != nil; request = C.stele_worker_next(w.c) {
		w.reply(w.answer(request))
	}
	_ = w.unload() // nobody is there to be told
}

type worker struct {
	c     *C.stele_worker
	load  func(Request) (Model, error)
	model Model
}

func (w *worker) answer(request *C.stele_worker_request) error {
	switch request.verb {
	case C.STELE_WORKER_LOAD:
		return w.replace(request)
	case C.STELE_WORKER_RUN:
		return w.run(request)
	case C.STELE_WORKER_UNLOAD:
		return w.unload()
	default:
		return tensor.Errorf(tensor.Unimplemented, "verb %d of the kit", request.verb)
	}
}

func (w *worker) reply(err error) {
	if err == nil {
		C.stele_worker_ok(w.c)
		return
	}
	code, message := tensor.Unknown, err.Error()
	var failure *tensor.Error
	if errors.As(err, &failure) {
		code, message = failure.Code, failure.Message
	}
	text := C.CString(message)
	defer C.free(unsafe.Pointer(text))
	C.stele_worker_error(w.c, C.stele_code(code), text)
}

// replace loads a model, and lets go of the one before only then.
func (w *worker) replace(request *C.stele_worker_request) error {
	how := Request{Dir: C.GoString(request.dir), Tags: tags(C.GoString(request.tags))}
	if request.profile != nil {
		how.Profile = C.GoString(request.profile)
	} else {
		how.Config = C.GoBytes(request.config, C.int(request.config_size))
	}
	loaded, err := w.load(how)
	if err != nil {
		return err
	}
	if err := w.unload(); err != nil {
		return err
	}
	w.model = loaded
	for signature := range loaded.Signatures() {
		w.describe(signature.Name, 0, signature.Inputs)
		w.describe(signature.Name, 1, signature.Outputs)
	}
	return nil
}

// tags splits what has commas in between; of nothing it is nothing.
func tags(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ",")
}

func (w *worker) describe(signature string, isOutput C.int32_t, infos []tensor.Info) {
	of := C.CString(signature)
	defer C.free(unsafe.Pointer(of))
	for _, info := range infos {
		name, dtype := C.CString(info.Name), C.CString(info.DType.String())
		rank, dims := dimensions(info.Shape)
		C.stele_worker_describe(w.c, of, isOutput, name, dtype, rank, dims)
		C.free(unsafe.Pointer(name))
		C.free(unsafe.Pointer(dtype))
	}
}

func dimensions(shape tensor.Shape) (rank C.int32_t, dims *C.int64_t) {
	if shape == nil {
		return -1, nil
	}
	return C.int32_t(len(shape)), (*C.int64_t)(unsafe.SliceData(shape))
}

func (w *worker) unload() error {
	model := w.model
	w.model = nil
	if model == nil {
		return nil
	}
	return model.Close()
}

func (w *worker) run(request *C.stele_worker_request) error {
	signature := C.GoString(request.signature)
	inputs := make([]named, 0, request.n_inputs)
	for _, given := range unsafe.Slice(request.inputs, request.n_inputs) {
		input, err := read(&given)
		if err != nil {
			return err
		}
		inputs = append(inputs, input)
	}
	given := func(yield func(string, *tensor.Tensor) bool) {
		for _, input := range inputs {
			if !yield(input.name, input.tensor) {
				return
			}
		}
	}
	var outputs map[string]*tensor.Tensor
	for C.stele_worker_again(w.c) != 0 {
		var err error
		outputs, err = w.model.RunSignature(context.Background(), signature, given)
		if err != nil {
			return err
		}
	}
	for name, output := range outputs {
		if err := w.write(name, output); err != nil {
			return err
		}
	}
	return nil
}
