package remote

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

const (
	signatureDef = "signature_def"
	// Names that begin so are TensorFlow's own and not for users.
	private = "__saved_model_"
	// Dtypes beyond this one are of references to others.
	references = 100
)

// signatures asks for those of a model; nil if the server does not say what its
// model takes, as the Open Inference Protocol allows.
//
// TensorFlow Serving's API tells them all, as the SavedModel has them. Where a
// server has no such API, or no model of this name in it, the Open Inference
// Protocol tells one.
func (c *Connection) signatures(ctx context.Context, name, version string) (signatures, error) {
	// TensorFlow Serving's versions are numbers.
	number, err := strconv.ParseInt(version, 10, 64)
	if version == "" || (err == nil && number >= 0) {
		found, err := c.ofTensorFlowServing(ctx, name, version, number)
		var failure *tensor.Error
		if !errors.As(err, &failure) ||
			(failure.Code != tensor.Unimplemented && failure.Code != tensor.NotFound) {
			return found, err
		}
	}
	return c.ofOpenInference(ctx, name, version)
}

func (c *Connection) ofTensorFlowServing(
	ctx context.Context, name, version string, number int64,
) (signatures, error) {
	spec := &pb.ModelSpec{Name: name}
	if version != "" {
		spec.VersionChoice = &pb.ModelSpec_Version{Version: &pb.Int64Value{Value: number}}
	}
	request := &pb.GetModelMetadataRequest{ModelSpec: spec, MetadataField: []string{signatureDef}}
	response := &pb.GetModelMetadataResponse{}
	if err := c.call(ctx, getModelMetadata, request, response); err != nil {
		return nil, err
	}
	var defs pb.SignatureDefMap
	if err := proto.Unmarshal(response.GetMetadata()[signatureDef].GetValue(), &defs); err != nil {
		return nil, c.broken(`the signatures of "%s": %w`, name, err)
	}
	found := signatures{}
	for name, def := range defs.GetSignatureDef() {
		if !strings.HasPrefix(name, private) {
			found[name] = ofDef(name, def)
		}
	}
	return found, nil
}

func ofDef(name string, def *pb.SignatureDef) entry {
	inputs, inputsRefusal := ofInfos(name, "input", def.GetInputs(), def.GetDefaults())
	outputs, outputsRefusal := ofInfos(name, "output", def.GetOutputs(), nil)
	return entry{
		public:  &tensor.Signature{Name: name, Inputs: inputs, Outputs: outputs},
		refusal: cmp.Or(inputsRefusal, outputsRefusal),
	}
}

// ofInfos reads inputs or outputs, and why the first of them by name that cannot
// be sent cannot be.
func ofInfos(
	signature, kind string, given map[string]*pb.TensorInfo, defaults map[string][]byte,
) ([]tensor.Info, *tensor.Error) {
	infos := make([]tensor.Info, 0, len(given))
	for name, info := range given {
		dtype := tensor.DType(info.GetDtype())
		if dtype > references {
			dtype -= references
		}
		known := tensor.Info{Name: name, DType: dtype, Shape: ofShape(info.GetTensorShape())}
		known.Default = ofDefault(known, defaults[name])
		infos = append(infos, known)
	}
	sortByName(infos)
	for _, info := range infos {
		if given[info.Name].GetName() == "" {
			return infos, tensor.Errorf(tensor.Unimplemented,
				`%s "%s" of signature "%s" is sparse or composite`, kind, info.Name, signature)
		}
		if !info.DType.Known() {
			return infos, tensor.Errorf(tensor.Unimplemented,
				`%s "%s" of signature "%s" has dtype %v`, kind, info.Name, signature, info.DType)
		}
	}
	return infos, nil
}

func sortByName(infos []tensor.Info) {
	slices.SortFunc(infos, func(a, b tensor.Info) int { return strings.Compare(a.Name, b.Name) })
}

// ofShape is nil, an unknown rank, too where there is no shape: the graph, which
// may know it, is the server's.
func ofShape(shape *pb.TensorShape) tensor.Shape {
	if shape == nil || shape.GetUnknownRank() {
		return nil
	}
	dims := tensor.Shape{}
	for _, dim := range shape.GetDim() {
		dims = append(dims, max(dim.GetSize(), -1))
	}
	return dims
}

func (c *Connection) ofOpenInference(ctx context.Context, name, version string) (signatures, error) {
	request := &pb.ModelMetadataRequest{Name: name, Version: version}
	response := &pb.ModelMetadataResponse{}
	if err := c.call(ctx, modelMetadata, request, response); err != nil {
		return nil, err
	}
	if len(response.GetInputs()) == 0 && len(response.GetOutputs()) == 0 {
		return nil, nil
	}
	inputs, inputsRefusal := ofMetadata("input", response.GetInputs())
	outputs, outputsRefusal := ofMetadata("output", response.GetOutputs())
	only := &tensor.Signature{Name: tensor.DefaultSignature, Inputs: inputs, Outputs: outputs}
	return signatures{only.Name: {only, cmp.Or(inputsRefusal, outputsRefusal)}}, nil
}

func ofMetadata(
	kind string, given []*pb.ModelMetadataResponse_TensorMetadata,
) ([]tensor.Info, *tensor.Error) {
	infos := make([]tensor.Info, 0, len(given))
	var refusal *tensor.Error
	for _, metadata := range given {
		dtype, _ := tensor.ParseDType(metadata.GetDatatype())
		if !dtype.Known() && refusal == nil {
			refusal = tensor.Errorf(tensor.Unimplemented, `%s "%s" of signature "%s" has dtype %s`,
				kind, metadata.GetName(), tensor.DefaultSignature, metadata.GetDatatype())
		}
		shape := tensor.Shape{}
		for _, size := range metadata.GetShape() {
			shape = append(shape, max(size, -1))
		}
		infos = append(infos, tensor.Info{Name: metadata.GetName(), DType: dtype, Shape: shape})
	}
	sortByName(infos)
	return infos, refusal
}
