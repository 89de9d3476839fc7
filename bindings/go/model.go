package stele

import (
	"context"
	"iter"
	"runtime"
	"slices"

	"stele.dev/stele/internal/libstele"
	"stele.dev/stele/internal/order"
	"stele.dev/stele/tensor"
)

// A Model is a loaded SavedModel. Any number of goroutines may use it at once;
// each call of Run occupies one thread of the operating system.
type Model struct {
	users *users
}

// Load loads the SavedModel in a folder and restores its variables, which takes
// from milliseconds to minutes, as the model does. Close releases it; so does
// the garbage collector, some time after the last use.
//
//   - NOT_FOUND: no such folder, no saved_model.pb in it, no graph with these
//     tags, a file of the variables is missing; or no TensorFlow was found
//   - DATA_LOSS: saved_model.pb or the variables are cut, corrupt, or no regular
//     files
//   - INVALID_ARGUMENT: an unknown profile, an unparseable ConfigProto, or both
//     given; a name with a NUL
//   - FAILED_PRECONDITION: another TensorFlow is loaded, or it cannot be
//   - UNIMPLEMENTED: the SavedModel is in text form
//   - PERMISSION_DENIED: a file cannot be read
//   - RESOURCE_EXHAUSTED: out of memory
//
// and whatever TensorFlow itself reports, with its code and message.
func Load(dir string, options ...Option) (*Model, error) {
	var how libstele.Options
	for _, option := range options {
		option(&how)
	}
	if err := checkNames(dir, &how); err != nil {
		return nil, err
	}
	loaded, err := libstele.Load(dir, how)
	if err != nil {
		return nil, err
	}
	model := &Model{users: newUsers(loaded)}
	runtime.AddCleanup(model, (*users).close, model.users)
	return model, nil
}

// Close releases the model. Calls that are running end as they would have, and
// the last of them frees the memory; calls that begin afterwards are refused
// with FAILED_PRECONDITION. Its error is always nil.
func (m *Model) Close() error {
	m.users.close()
	return nil
}

// Signatures returns the ways to call the model, in the order of their names.
// They stay when the model is closed.
func (m *Model) Signatures() iter.Seq[*Signature] {
	return slices.Values(m.users.model.Ordered)
}

// Signature returns the signature of a name, and whether there is one.
func (m *Model) Signature(name string) (*Signature, bool) {
	signature, found := m.users.model.Signatures[name]
	return signature, found
}

// Run runs the signature DefaultSignature on inputs by name: all that it has but
// those with a default. It returns every output by name, in memory of the
// caller's own. RunSignature has the errors.
func (m *Model) Run(ctx context.Context, inputs Tensors) (Tensors, error) {
	return m.RunSignature(ctx, DefaultSignature, order.ByName(inputs))
}

// RunSignature runs the signature of a name, on inputs in any order:
//
//	outputs, err := model.RunSignature(ctx, "encode", maps.All(inputs))
//
// A run cannot be ended before its time: the context is looked at once, before
// it begins. Checked in this order, before TensorFlow is called:
//
//   - CANCELLED, DEADLINE_EXCEEDED: the context is done
//   - FAILED_PRECONDITION: the model is closed
//   - INVALID_ARGUMENT: a tensor is nil or was not made by this module; a name
//     holds a NUL
//   - NOT_FOUND: no such signature
//   - UNIMPLEMENTED: it has a sparse, composite or unnamed-dtype tensor
//   - INVALID_ARGUMENT: an input twice, unknown or missing; then, for each input
//     by name, wrong dtype, rank, or size of a known dimension
//
// then RESOURCE_EXHAUSTED when out of memory, and whatever TensorFlow itself
// reports, with its code and message.
func (m *Model) RunSignature(
	ctx context.Context, signature string, inputs iter.Seq2[string, *Tensor],
) (Tensors, error) {
	if err := tensor.CheckContext(ctx); err != nil {
		return nil, err
	}
	model, err := m.users.enter()
	if err != nil {
		return nil, err
	}
	defer m.users.leave()
	if err := tensor.CheckName(signature); err != nil {
		return nil, err
	}
	call := libstele.NewCall()
	defer call.Done()
	inputs(call.Take)
	return call.Run(model, signature)
}
