package remote

import (
	"context"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

// A server answers as a test wants it to, and remembers what it was asked.
type server struct {
	address string
	answers map[string]answer
	mutex   sync.Mutex
	calls   map[string][]proto.Message
}

// An answer gets the number of the call of this method.
type answer func(number int, request proto.Message) (proto.Message, error)

func always(response proto.Message) answer {
	return func(int, proto.Message) (proto.Message, error) { return response, nil }
}

func refusing(code codes.Code, message string) answer {
	return func(int, proto.Message) (proto.Message, error) { return nil, status.Error(code, message) }
}

var requests = map[string]proto.Message{
	modelInfer:       &pb.ModelInferRequest{},
	modelMetadata:    &pb.ModelMetadataRequest{},
	modelLoad:        &pb.RepositoryModelLoadRequest{},
	modelUnload:      &pb.RepositoryModelUnloadRequest{},
	getModelMetadata: &pb.GetModelMetadataRequest{},
}

// serve starts a server, which ends with the test.
func serve(t *testing.T, answers map[string]answer, options ...grpc.ServerOption) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{
		address: listener.Addr().String(), answers: answers, calls: map[string][]proto.Message{},
	}
	options = append(options, grpc.UnknownServiceHandler(s.handle), grpc.MaxRecvMsgSize(largestMessage))
	g := grpc.NewServer(options...)
	go g.Serve(listener) //nolint:errcheck // ends when it is stopped
	t.Cleanup(g.Stop)
	return s
}

func (s *server) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	request := proto.Clone(requests[method])
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	s.mutex.Lock()
	number := len(s.calls[method])
	s.calls[method] = append(s.calls[method], request)
	s.mutex.Unlock()
	reply, known := s.answers[method]
	if !known {
		return status.Error(codes.Unimplemented, "no such method")
	}
	if headers, _ := metadata.FromIncomingContext(stream.Context()); len(headers["user-agent"]) == 0 {
		return status.Error(codes.Internal, "who is that")
	}
	response, err := reply(number, request)
	if err != nil {
		return err
	}
	if response == nil { // silence
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	return stream.SendMsg(response)
}

// asked returns what a method was asked.
func (s *server) asked(method string) []proto.Message {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.calls[method]
}

func info(name string, dtype tensor.DType, dims ...int64) *pb.TensorInfo {
	shape := &pb.TensorShape{}
	for _, size := range dims {
		shape.Dim = append(shape.Dim, &pb.TensorShape_Dim{Size: size})
	}
	return &pb.TensorInfo{Name: name, Dtype: int32(dtype), TensorShape: shape}
}

// told is what a server says of a model with two inputs and two outputs.
func told(t *testing.T) answer {
	t.Helper()
	common := &pb.SignatureDef{
		Inputs: map[string]*pb.TensorInfo{
			"a": info("a:0", tensor.FP32, -1),
			// A reference to its dtype, as old graphs have it.
			"b": info("b:0", tensor.BYTES+100),
		},
		Outputs: map[string]*pb.TensorInfo{
			"y": info("y:0", tensor.FP32, -1), "z": info("z:0", tensor.INT8, 1),
		},
	}
	half, err := proto.Marshal(&pb.TensorProto{
		Dtype: int32(tensor.FP32), TensorShape: info("", 0, 3).TensorShape, FloatVal: []float32{1, 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	defs := &pb.SignatureDefMap{SignatureDef: map[string]*pb.SignatureDef{
		"serving_default": common,
		"other":           common,
		"defaulted": {
			Inputs:   map[string]*pb.TensorInfo{"a": info("a:0", tensor.FP32, -1)},
			Outputs:  common.Outputs,
			Defaults: map[string][]byte{"a": half},
		},
		"sparse":                {Inputs: map[string]*pb.TensorInfo{"sp": {}}},
		"strange":               {Outputs: map[string]*pb.TensorInfo{"x": info("x:0", 20)}},
		"__saved_model_init_op": {},
	}}
	value, err := proto.Marshal(defs)
	if err != nil {
		t.Fatal(err)
	}
	return always(&pb.GetModelMetadataResponse{
		Metadata: map[string]*pb.Any{signatureDef: {Value: value}},
	})
}

// inference is an answer of that model, with one output that it does not name.
func inference() *pb.ModelInferResponse {
	output := func(name, datatype string, dims ...int64) *pb.ModelInferResponse_InferOutputTensor {
		return &pb.ModelInferResponse_InferOutputTensor{Name: name, Datatype: datatype, Shape: dims}
	}
	return &pb.ModelInferResponse{
		Outputs: []*pb.ModelInferResponse_InferOutputTensor{
			output("z", "INT8", 1), output("y", "FP32", 2), output("w", "BYTES", 1),
		},
		RawOutputContents: [][]byte{{7}, {0, 0, 128, 63, 0, 0, 0, 64}, {1, 0, 0, 0, 'w'}},
	}
}

// predicting serves that model.
func predicting(t *testing.T, infer answer) *server {
	return serve(t, map[string]answer{getModelMetadata: told(t), modelInfer: infer})
}

func connected(t *testing.T, s *server, options ...Option) *Model {
	t.Helper()
	model, err := Connect(context.Background(), s.address, "m", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

func made[T tensor.Element](t *testing.T, elements []T, dims ...int64) *tensor.Tensor {
	t.Helper()
	value, err := tensor.New(elements, dims...)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func inputs(t *testing.T) Tensors {
	return Tensors{"a": made(t, []float32{1, 2}, 2), "b": made(t, [][]byte{[]byte("text")})}
}
