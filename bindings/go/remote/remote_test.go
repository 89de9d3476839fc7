package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"stele.dev/stele/internal/contract"
	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

var background = context.Background()

// refused expects an error with this text.
func refused(t *testing.T, err error, text string) {
	t.Helper()
	var failure *tensor.Error
	if !errors.As(err, &failure) || err.Error() != text {
		t.Errorf("got %v, expected %s", err, text)
	}
}

func TestAddressesAreTheContracts(t *testing.T) {
	for _, row := range contract.Rows(t, "addresses.tsv",
		"address", "tls", "connects_to", "code", "message") {
		address := row["address"]
		got, err := target(address, row["tls"] == "yes")
		if row["code"] != "OK" {
			refused(t, err, row["code"]+": "+strings.ReplaceAll(row["message"], "{address}", address))
		} else if err != nil || got != row["connects_to"] {
			t.Errorf("%q is %q: %v", address, got, err)
		}
	}
}

func TestAPredictionGoesRawAndComesBackByName(t *testing.T) {
	server := predicting(t, always(inference()))
	model := connected(t, server)
	var names []string
	for signature := range model.Signatures() {
		names = append(names, signature.Name)
	}
	if !slices.Equal(names, []string{"defaulted", "other", "serving_default", "sparse", "strange"}) {
		t.Errorf("signatures %q", names)
	}
	for _, signature := range []string{"serving_default", "other"} {
		outputs, err := model.RunSignature(background, signature, maps.All(inputs(t)))
		if err != nil {
			t.Fatal(err)
		}
		y, _ := tensor.Values[float32](outputs["y"])
		z, _ := tensor.Values[int8](outputs["z"])
		if len(outputs) != 2 || !slices.Equal(y, []float32{1, 2}) || !slices.Equal(z, []int8{7}) {
			t.Errorf("got %v", outputs)
		}
	}
	for i, chosen := range []string{"", "other"} {
		request := server.asked(modelInfer)[i].(*pb.ModelInferRequest)
		if request.ModelName != "m" || request.ModelVersion != "" ||
			request.Parameters[signatureName].GetStringParam() != chosen {
			t.Errorf("asked %v", request)
		}
		if sent := fmt.Sprint(request.Inputs[0].Name, request.Inputs[0].Datatype, request.Inputs[0].Shape,
			request.Inputs[1].Name, request.Inputs[1].Datatype); sent != "aFP32[2]bBYTES" {
			t.Errorf("sent %s", sent)
		}
		if !slices.EqualFunc(request.RawInputContents, [][]byte{
			{0, 0, 128, 63, 0, 0, 0, 64}, []byte("\x04\x00\x00\x00text"),
		}, bytes.Equal) {
			t.Errorf("sent %x", request.RawInputContents)
		}
	}
}

func TestADefaultIsSent(t *testing.T) {
	server := predicting(t, always(inference()))
	none := maps.All(Tensors{})
	if _, err := connected(t, server).RunSignature(background, "defaulted", none); err != nil {
		t.Fatal(err)
	}
	request := server.asked(modelInfer)[0].(*pb.ModelInferRequest)
	expected := []byte{0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 0, 64}
	if !bytes.Equal(request.RawInputContents[0], expected) {
		t.Errorf("sent %x", request.RawInputContents)
	}
}

func TestWhatDoesNotFitIsNotSent(t *testing.T) {
	server := predicting(t, always(inference()))
	model := connected(t, server)
	a, b := inputs(t)["a"], inputs(t)["b"]
	for _, row := range []struct {
		inputs Tensors
		text   string
	}{
		{Tensors{"a": a, "b": b, "c": b, "d": b}, `no input "c"; signature "serving_default" has "a", "b"`},
		{Tensors{"a": a}, `input "b" of signature "serving_default" is missing`},
		{Tensors{"a": b, "b": a}, `input "a" has dtype BYTES, expected FP32`},
		{Tensors{"a": made(t, []float32{1}), "b": b}, `input "a" has shape [], expected [?]`},
		{Tensors{"a": a, "b": nil}, `input "b" is nil`},
		{Tensors{"a": a, "b": new(tensor.Tensor)}, `tensor "b" has the unknown dtype 0`},
		{Tensors{"a\x00b": a}, `a name or path holds a NUL: "a\0b"`},
		{Tensors{"\xff": a}, `a name is not UTF-8: "\xff"`},
	} {
		_, err := model.Run(background, row.inputs)
		refused(t, err, "INVALID_ARGUMENT: "+row.text)
	}
	twice := func(yield func(string, *tensor.Tensor) bool) {
		for _, name := range []string{"x", "a", "x"} {
			if !yield(name, a) {
				return
			}
		}
	}
	_, err := model.RunSignature(background, "other", twice)
	refused(t, err, `INVALID_ARGUMENT: input "x" is given twice`)
	for _, row := range []struct{ signature, text string }{
		{"no", `NOT_FOUND: no signature "no"; this model has ` +
			`"defaulted", "other", "serving_default", "sparse", "strange"`},
		{"sparse", `UNIMPLEMENTED: input "sp" of signature "sparse" is sparse or composite`},
		{"strange", `UNIMPLEMENTED: output "x" of signature "strange" has dtype TF_20`},
	} {
		_, err := model.RunSignature(background, row.signature, maps.All(inputs(t)))
		refused(t, err, row.text)
	}
	if calls := server.asked(modelInfer); len(calls) != 0 {
		t.Errorf("%d were sent", len(calls))
	}
}

func foreign(t *testing.T, refusal codes.Code, metadata *pb.ModelMetadataResponse) *server {
	return serve(t, map[string]answer{
		getModelMetadata: refusing(refusal, "not here"),
		modelMetadata:    always(metadata),
		modelInfer:       always(inference()),
	})
}

func metadataOf(name, datatype string, dims ...int64) *pb.ModelMetadataResponse_TensorMetadata {
	return &pb.ModelMetadataResponse_TensorMetadata{Name: name, Datatype: datatype, Shape: dims}
}

func TestAnotherServersModelHasOneSignature(t *testing.T) {
	metadata := &pb.ModelMetadataResponse{
		Inputs: []*pb.ModelMetadataResponse_TensorMetadata{
			metadataOf("b", "BYTES"), metadataOf("a", "FP32", -1)},
		Outputs: []*pb.ModelMetadataResponse_TensorMetadata{
			metadataOf("z", "INT8", 1), metadataOf("y", "FP32", -1)},
	}
	for _, version := range []string{"3", "blue"} {
		for _, refusal := range []codes.Code{codes.Unimplemented, codes.NotFound} {
			server := foreign(t, refusal, metadata)
			connection, err := Open(server.address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			model, err := connection.ModelVersion(background, "m", version)
			if err != nil {
				t.Fatal(err)
			}
			signature, found := model.Signature(tensor.DefaultSignature)
			if got := fmt.Sprint(signature.Inputs); !found || got != "[a FP32 [?] b BYTES []]" {
				t.Errorf("inputs %s", got)
			}
			if _, err := model.Run(background, inputs(t)); err != nil {
				t.Error(err)
			}
			request := server.asked(modelInfer)[0].(*pb.ModelInferRequest)
			if request.ModelVersion != version {
				t.Errorf("asked for version %q", request.ModelVersion)
			}
			// A version that is no number is none of TensorFlow Serving's.
			if asked := len(server.asked(getModelMetadata)); (asked == 1) != (version == "3") {
				t.Errorf("version %s was asked for %d times", version, asked)
			}
		}
	}
}

func TestAModelOfWhichNothingIsSaidRunsUnchecked(t *testing.T) {
	model := connected(t, foreign(t, codes.Unimplemented, &pb.ModelMetadataResponse{}))
	for signature := range model.Signatures() {
		t.Errorf("a signature %v", signature)
	}
	x := Tensors{"x": made(t, []bool{true})}
	outputs, err := model.RunSignature(background, "anything", maps.All(x))
	if err != nil || len(outputs) != 3 {
		t.Errorf("got %v: %v", outputs, err)
	}
}

func TestAnUnknownDTypeIsUnimplemented(t *testing.T) {
	model := connected(t, foreign(t, codes.Unimplemented, &pb.ModelMetadataResponse{
		Inputs: []*pb.ModelMetadataResponse_TensorMetadata{metadataOf("x", "FP8")},
	}))
	_, err := model.Run(background, Tensors{})
	refused(t, err, `UNIMPLEMENTED: input "x" of signature "serving_default" has dtype FP8`)
}

func TestAServersCodesAndWordsAreKept(t *testing.T) {
	for code := codes.Code(1); code <= 16; code++ {
		if code == codes.Unavailable {
			continue
		}
		server := predicting(t, refusing(code, `naïve "x"`))
		_, err := connected(t, server).Run(background, inputs(t))
		refused(t, err, tensor.Code(code).String()+`: naïve "x"`)
		if calls := len(server.asked(modelInfer)); calls != 1 {
			t.Errorf("%v: %d calls", code, calls)
		}
	}
}

func TestACallIsMadeAgainWhileTheServerIsUnavailable(t *testing.T) {
	down := refusing(codes.Unavailable, "warming up")
	server := predicting(t, func(number int, request proto.Message) (proto.Message, error) {
		if number < 2 {
			return down(number, request)
		}
		return inference(), nil
	})
	// More than gRPC would keep by itself.
	many := inputs(t)
	many["a"] = made(t, make([]float32, 1<<18), 1<<18)
	if _, err := connected(t, server).Run(background, many); err != nil {
		t.Error(err)
	}
	if calls := len(server.asked(modelInfer)); calls != 3 {
		t.Errorf("%d calls", calls)
	}
	for retries := range 2 {
		server := predicting(t, down)
		_, err := connected(t, server, WithRetries(retries)).Run(background, inputs(t))
		refused(t, err, "UNAVAILABLE: no answer from "+server.address+": warming up")
		if calls := len(server.asked(modelInfer)); calls != retries+1 {
			t.Errorf("%d calls", calls)
		}
	}
}

func TestNobodyThereIsUnavailable(t *testing.T) {
	// Nobody listens on a port that the system kept for nobody.
	_, err := Connect(background, "127.0.0.1:1", "m", WithRetries(1))
	var failure *tensor.Error
	if !errors.As(err, &failure) || failure.Code != tensor.Unavailable ||
		!strings.HasPrefix(failure.Message, "no answer from 127.0.0.1:1: ") {
		t.Errorf("got %v", err)
	}
}

func TestADeadlineEndsACallAndItsRetries(t *testing.T) {
	silence := func(int, proto.Message) (proto.Message, error) { return nil, nil }
	for _, infer := range []answer{silence, refusing(codes.Unavailable, "down")} {
		server := predicting(t, infer)
		model := connected(t, server)
		// Within which there are no two retries.
		ctx, cancel := context.WithTimeout(background, 100*time.Millisecond)
		_, err := model.Run(ctx, inputs(t))
		cancel()
		refused(t, err, "DEADLINE_EXCEEDED: no answer from "+server.address+" within 0.1 s")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error("is not the context's error")
		}
	}
}

func TestACancelledCallEnds(t *testing.T) {
	model := connected(t, predicting(t, func(int, proto.Message) (proto.Message, error) { return nil, nil }))
	ctx, cancel := context.WithCancel(background)
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := model.Run(ctx, inputs(t))
	var failure *tensor.Error
	if !errors.As(err, &failure) || failure.Code != tensor.Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestMessagesHaveTheLimitThatWasSet(t *testing.T) {
	large := inference()
	large.Id = strings.Repeat("x", 5<<20)
	server := predicting(t, always(large))
	if _, err := connected(t, server).Run(background, inputs(t)); err != nil {
		t.Error(err)
	}
	model := connected(t, server, WithMaxMessage(1<<20))
	_, err := model.Run(background, inputs(t))
	refused(t, err, fmt.Sprintf("RESOURCE_EXHAUSTED: an answer of %d bytes is beyond the limit of 1048576",
		proto.Size(large)))
	before := len(server.asked(modelInfer))
	many := inputs(t)
	many["a"] = made(t, make([]float32, 1<<18), 1<<18)
	_, err = model.Run(background, many)
	refused(t, err, "RESOURCE_EXHAUSTED: a request of 1048621 bytes is beyond the limit of 1048576")
	if len(server.asked(modelInfer)) != before {
		t.Error("was sent")
	}
}

func TestTheServersLimitsAreSaidInTheWordsOfAllClients(t *testing.T) {
	for said, text := range map[string]string{
		"SERVER: Received message larger than max (9 vs. 4)": "a request of 9 bytes is beyond the server's limit of 4",
		"SERVER: Sent message larger than max (9 vs. 4)":     "an answer of 9 bytes is beyond the server's limit of 4",
		"out of memory": "out of memory",
	} {
		server := predicting(t, refusing(codes.ResourceExhausted, said))
		_, err := connected(t, server).Run(background, inputs(t))
		refused(t, err, "RESOURCE_EXHAUSTED: "+text)
	}
}

// Go reads the environment once in a process: the test is one of its own.
func TestAProxyIsNamed(t *testing.T) {
	if os.Getenv("HTTPS_PROXY") != "http://127.0.0.1:1" {
		again := exec.Command(os.Args[0], "-test.run=^TestAProxyIsNamed$")
		again.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=", "no_proxy=")
		if output, err := again.CombinedOutput(); err != nil {
			t.Errorf("%s", output)
		}
		return
	}
	_, err := Connect(background, "203.0.113.1:8500", "m", WithRetries(0))
	if err == nil || !strings.HasPrefix(err.Error(),
		"UNAVAILABLE: no answer from 203.0.113.1:8500 through the proxy of HTTPS_PROXY: ") {
		t.Errorf("got %v", err)
	}
	// This machine is behind none.
	if _, err := connected(t, predicting(t, always(inference()))).Run(background, inputs(t)); err != nil {
		t.Error(err)
	}
}

// Never touched, hence never there: it is refused by its size alone.
func TestMoreThanGRPCCanSayIsRefused(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector would touch every page of it")
	}
	model := connected(t, predicting(t, always(inference())))
	many := inputs(t)
	many["a"] = made(t, make([]float32, 1<<29), 1<<29)
	_, err := model.Run(background, many)
	refused(t, err, "RESOURCE_EXHAUSTED: a request of 2147483697 bytes is beyond the limit of 2147483647")
}

func TestAnAnswerThatDoesNotAddUpIsInternal(t *testing.T) {
	short, mute := inference(), inference()
	short.RawOutputContents[0] = nil
	mute.RawOutputContents = mute.RawOutputContents[:1]
	cut := inference()
	cut.RawOutputContents[2] = []byte{9, 0, 0, 0}
	strange := inference()
	strange.Outputs[0].Datatype = "FP8"
	wide := inference()
	wide.RawOutputContents = nil
	wide.Outputs = wide.Outputs[:1]
	wide.Outputs[0].Contents = &pb.InferTensorContents{IntContents: []int32{128}}
	for _, row := range []struct {
		response *pb.ModelInferResponse
		text     string
	}{
		{&pb.ModelInferResponse{}, `no tensor "y"`},
		{short, `tensor "z": INT8 [1] has 1 bytes, 0 given`},
		{mute, "1 raw contents for 3 tensors"},
		{cut, `tensor "w": BYTES element 0 is cut short`},
		{strange, `tensor "z": the unknown dtype "FP8"`},
		{wide, `tensor "z": a value that INT8 cannot hold`},
	} {
		server := predicting(t, always(row.response))
		_, err := connected(t, server).Run(background, inputs(t))
		refused(t, err, "INTERNAL: the answer of "+server.address+" does not add up: "+row.text)
	}
	damaged := serve(t, map[string]answer{getModelMetadata: always(&pb.GetModelMetadataResponse{
		Metadata: map[string]*pb.Any{signatureDef: {Value: []byte{0xff}}},
	})})
	_, err := Connect(background, damaged.address, "m")
	var failure *tensor.Error
	if !errors.As(err, &failure) || failure.Code != tensor.Internal {
		t.Errorf("got %v", err)
	}
}

// Other servers answer in the typed form.
func TestTypedContentsAreWhatRawOnesAre(t *testing.T) {
	ints := &pb.InferTensorContents{IntContents: []int32{-2, 1}}
	uints := &pb.InferTensorContents{UintContents: []uint32{254, 1}}
	for _, row := range []struct {
		dtype    tensor.DType
		contents *pb.InferTensorContents
		memory   []byte
	}{
		{tensor.BOOL, &pb.InferTensorContents{BoolContents: []bool{true, false}}, []byte{1, 0}},
		{tensor.INT8, ints, []byte{254, 1}},
		{tensor.INT16, ints, []byte{254, 255, 1, 0}},
		{tensor.INT32, ints, []byte{254, 255, 255, 255, 1, 0, 0, 0}},
		{tensor.UINT8, uints, []byte{254, 1}},
		{tensor.UINT16, uints, []byte{254, 0, 1, 0}},
		{tensor.UINT32, uints, []byte{254, 0, 0, 0, 1, 0, 0, 0}},
		{tensor.FP32, &pb.InferTensorContents{Fp32Contents: []float32{1, 2}}, []byte{0, 0, 128, 63, 0, 0, 0, 64}},
	} {
		value, err := ofTyped(row.dtype, row.contents, []int64{2})
		if err != nil || !bytes.Equal(value.Memory(), row.memory) {
			t.Errorf("%v is %v: %v", row.dtype, value, err)
		}
	}
	if _, err := ofTyped(tensor.FP16, nil, []int64{2}); err == nil {
		t.Error("FP16 has no typed form")
	}
}

func TestLoadsAndUnloadsAreAskedFor(t *testing.T) {
	server := serve(t, map[string]answer{
		modelLoad:   always(&pb.RepositoryModelLoadResponse{}),
		modelUnload: refusing(codes.NotFound, "no such model"),
	})
	connection, err := Open(server.address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	for _, row := range []struct {
		options      []LoadOption
		tags, config string
	}{
		{nil, "serve", "default"},
		{[]LoadOption{WithTags(), WithProfile("inline")}, "", "inline"},
		{[]LoadOption{WithTags("serve", "gpu"), WithConfig([]byte{0x28, 0xff})}, "serve,gpu", "hex:28ff"},
	} {
		if err := connection.Load(background, "m", "/m", row.options...); err != nil {
			t.Fatal(err)
		}
		calls := server.asked(modelLoad)
		parameters := calls[len(calls)-1].(*pb.RepositoryModelLoadRequest).Parameters
		for key, value := range map[string]string{"path": "/m", "tags": row.tags, "config": row.config} {
			if got := parameters[key].GetStringParam(); got != value {
				t.Errorf("%s is %q, expected %q", key, got, value)
			}
		}
	}
	refused(t, connection.Load(background, "m", "a\x00b"),
		`INVALID_ARGUMENT: a name or path holds a NUL: "a\0b"`)
	refused(t, connection.Unload(background, "m"), "NOT_FOUND: no such model")
}

func TestWhatIsClosedRefuses(t *testing.T) {
	model := connected(t, predicting(t, always(inference())))
	for range 2 {
		if err := model.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := model.Run(background, inputs(t))
	refused(t, err, "FAILED_PRECONDITION: the model is closed")
	_, err = model.connection.Model(background, "m")
	refused(t, err, "FAILED_PRECONDITION: the connection is closed")
}

func TestOptionsThatAreNoneAreRefused(t *testing.T) {
	_, err := Open("localhost:1", WithRetries(5))
	refused(t, err, "INVALID_ARGUMENT: retries is 5, expected 0 to 4")
	_, err = Open("localhost:1", WithMaxMessage(0))
	refused(t, err, "INVALID_ARGUMENT: max_message is 0, expected bytes")
	_, err = Open("http://localhost:1", WithTLS(nil))
	refused(t, err, `INVALID_ARGUMENT: address "http://localhost:1" is of a server without TLS, `+
		`which takes no certificates`)
}

func TestGoroutinesShareAModel(t *testing.T) {
	server := predicting(t, always(inference()))
	model := connected(t, server)
	given := inputs(t)
	var running sync.WaitGroup
	for range 8 {
		running.Add(1)
		go func() {
			defer running.Done()
			for range 50 {
				if _, err := model.Run(background, given); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	running.Wait()
	if calls := len(server.asked(modelInfer)); calls != 400 {
		t.Errorf("%d calls", calls)
	}
}

// Whatever a server answers is taken or refused.
func FuzzAnswer(f *testing.F) {
	whole, err := proto.Marshal(inference())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(_ *testing.T, bytes []byte) {
		var response pb.ModelInferResponse
		if proto.Unmarshal(bytes, &response) == nil {
			_, _ = take(&response)
		}
	})
}
