package remote

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync/atomic"

	"stele.dev/stele/internal/order"
	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

// signatureName is the parameter of a request that chooses a signature.
const signatureName = "signature_name"

// A Model is one on a server. Any number of goroutines may use it at once.
type Model struct {
	connection     *Connection
	name, version  string
	signatures     signatures // nil if the server does not say
	ownsConnection bool
	closed         atomic.Bool
}

// Connect connects to a server at host:port and asks for the signatures of a
// model. As Open and Connection.Model, which is for several models of a server.
func Connect(ctx context.Context, address, name string, given ...Option) (*Model, error) {
	connection, err := Open(address, given...)
	if err != nil {
		return nil, err
	}
	model, err := connection.Model(ctx, name)
	if err != nil {
		_ = connection.Close()
		return nil, err
	}
	model.ownsConnection = true
	return model, nil
}

// Close lets go of the model, and of the connection if Connect made it. The
// server keeps the model. Calls that begin afterwards are refused with
// FAILED_PRECONDITION. Its error is always nil.
func (m *Model) Close() error {
	m.closed.Store(true)
	if m.ownsConnection {
		return m.connection.Close()
	}
	return nil
}

// Name returns the model's name on the server.
func (m *Model) Name() string { return m.name }

// Signatures returns the ways to call the model, in the order of their names;
// none if the server does not say what its model takes.
func (m *Model) Signatures() iter.Seq[*tensor.Signature] {
	return func(yield func(*tensor.Signature) bool) {
		for _, name := range slices.Sorted(maps.Keys(m.signatures)) {
			if !yield(m.signatures[name].public) {
				return
			}
		}
	}
}

// Signature returns the signature of a name, and whether there is one.
func (m *Model) Signature(name string) (*tensor.Signature, bool) {
	found, ok := m.signatures[name]
	if !ok {
		return nil, false
	}
	return found.public, true
}

// Run runs the signature tensor.DefaultSignature on inputs by name: all that it
// has but those with a default. It returns every output by name.
// RunSignature has the errors.
func (m *Model) Run(ctx context.Context, inputs Tensors) (Tensors, error) {
	return m.RunSignature(ctx, tensor.DefaultSignature, order.ByName(inputs))
}

// RunSignature runs the signature of a name, on inputs in any order:
//
//	outputs, err := model.RunSignature(ctx, "encode", maps.All(inputs))
//
// Checked before anything is sent:
//
//   - CANCELLED, DEADLINE_EXCEEDED: the context is done
//   - FAILED_PRECONDITION: the model or its connection is closed
//   - NOT_FOUND: no such signature
//   - UNIMPLEMENTED: it has a sparse, composite or unnamed-dtype tensor
//   - INVALID_ARGUMENT: an input twice, unknown or missing; then, for each input
//     by name, wrong dtype, rank, or size of a known dimension
//   - RESOURCE_EXHAUSTED: the request is beyond the limit of messages
//
// then whatever the server answers, and as Connection.Model.
func (m *Model) RunSignature(
	ctx context.Context, signature string, inputs iter.Seq2[string, *tensor.Tensor],
) (Tensors, error) {
	if err := tensor.CheckContext(ctx); err != nil {
		return nil, err
	}
	if m.closed.Load() {
		return nil, tensor.Errorf(tensor.FailedPrecondition, "the model is closed")
	}
	given, err := collect(signature, inputs)
	if err != nil {
		return nil, err
	}
	known, given, err := m.signatures.check(signature, given)
	if err != nil {
		return nil, err
	}
	request := &pb.ModelInferRequest{ModelName: m.name, ModelVersion: m.version}
	// Other servers ignore the parameter; only a choice is worth its bytes.
	if signature != tensor.DefaultSignature {
		choice := &pb.InferParameter_StringParam{StringParam: signature}
		request.Parameters = map[string]*pb.InferParameter{signatureName: {ParameterChoice: choice}}
	}
	for _, input := range given {
		if err := put(request, input); err != nil {
			return nil, err
		}
	}
	response := &pb.ModelInferResponse{}
	if err := m.connection.call(ctx, modelInfer, request, response); err != nil {
		return nil, err
	}
	return m.outputs(response, known)
}

// outputs takes those of the signature, or all if nothing is known of it.
func (m *Model) outputs(response *pb.ModelInferResponse, known *tensor.Signature) (Tensors, error) {
	all, err := take(response)
	if err != nil {
		return nil, m.connection.broken("%w", err)
	}
	if known == nil {
		return all, nil
	}
	outputs := make(Tensors, len(known.Outputs))
	for _, output := range known.Outputs {
		value, found := all[output.Name]
		if !found {
			return nil, m.connection.broken(`no tensor "%s"`, output.Name)
		}
		outputs[output.Name] = value
	}
	return outputs, nil
}
