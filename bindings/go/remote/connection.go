package remote

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

// The methods of the two services that a client needs.
const (
	openInference = "/inference.GRPCInferenceService/"
	modelInfer    = openInference + "ModelInfer"
	modelMetadata = openInference + "ModelMetadata"
	modelLoad     = openInference + "RepositoryModelLoad"
	modelUnload   = openInference + "RepositoryModelUnload"

	getModelMetadata = "/tensorflow.serving.PredictionService/GetModelMetadata"
)

// A Connection is one to a server, which models share; any number of goroutines
// may use it at once.
type Connection struct {
	address    string
	channel    *grpc.ClientConn
	maxMessage int
	closed     atomic.Bool
}

// Open prepares a connection to host:port, alone or as a URL of http or https.
// It is made when the first call needs it, and again when it breaks.
//
// INVALID_ARGUMENT: an address or option that is none.
func Open(address string, given ...Option) (*Connection, error) {
	o, err := newOptions(given)
	if err != nil {
		return nil, err
	}
	hostPort, err := target(address, o.tls)
	if err != nil {
		return nil, err
	}
	channel, err := grpc.NewClient("dns:///"+hostPort, o.dial()...)
	if err != nil {
		return nil, tensor.Errorf(tensor.InvalidArgument, `address "%s": %w`, address, err)
	}
	return &Connection{address: hostPort, channel: channel, maxMessage: o.maxMessage}, nil
}

// Address returns the server's host:port.
func (c *Connection) Address() string { return c.address }

// Close closes the connection; calls that are running are CANCELLED.
func (c *Connection) Close() error {
	c.closed.Store(true)
	_ = c.channel.Close() // of one that is closed already
	return nil
}

// Model asks for the signatures of a model, in the version that the server has
// for newest at each call.
//
//   - NOT_FOUND: there is no such model
//   - UNAVAILABLE: no server answers
//   - CANCELLED, DEADLINE_EXCEEDED: the context was done before
//   - FAILED_PRECONDITION: the connection is closed
//   - INTERNAL: the answer does not add up
//
// or whatever the server answers.
func (c *Connection) Model(ctx context.Context, name string) (*Model, error) {
	return c.ModelVersion(ctx, name, "")
}

// ModelVersion is Model of a certain version, such as "3"; "" is the newest.
func (c *Connection) ModelVersion(ctx context.Context, name, version string) (*Model, error) {
	if err := checkNames(name, version); err != nil {
		return nil, err
	}
	signatures, err := c.signatures(ctx, name, version)
	if err != nil {
		return nil, err
	}
	return &Model{connection: c, name: name, version: version, signatures: signatures}, nil
}

// Load has the server load a SavedModel folder of its own machine, and call it
// by a name. A model of this name is replaced, and stays if the new one cannot
// be loaded.
//
// FAILED_PRECONDITION unless the server was started with --model-control
// explicit; those of a load; as Model.
func (c *Connection) Load(ctx context.Context, name, dir string, given ...LoadOption) error {
	how := loading{"path": dir, "tags": "serve", "config": "default"}
	for _, option := range given {
		option(how)
	}
	if err := checkNames(name, how["path"], how["tags"], how["config"]); err != nil {
		return err
	}
	request := &pb.RepositoryModelLoadRequest{
		ModelName:  name,
		Parameters: map[string]*pb.ModelRepositoryParameter{},
	}
	for key, value := range how {
		choice := &pb.ModelRepositoryParameter_StringParam{StringParam: value}
		request.Parameters[key] = &pb.ModelRepositoryParameter{ParameterChoice: choice}
	}
	return c.call(ctx, modelLoad, request, &pb.RepositoryModelLoadResponse{})
}

// Unload has the server forget a model. NOT_FOUND if there is none; as Load.
func (c *Connection) Unload(ctx context.Context, name string) error {
	if err := checkNames(name); err != nil {
		return err
	}
	request := &pb.RepositoryModelUnloadRequest{ModelName: name}
	return c.call(ctx, modelUnload, request, &pb.RepositoryModelUnloadResponse{})
}

// checkNames refuses what has no form in a message, or means something else on
// the server.
func checkNames(names ...string) error {
	for _, name := range names {
		if err := tensor.CheckName(name); err != nil {
			return err
		}
		if !utf8.ValidString(name) {
			return tensor.Errorf(tensor.InvalidArgument, "a name is not UTF-8: %q", name)
		}
	}
	return nil
}

// call sends a request and waits for the response.
func (c *Connection) call(ctx context.Context, method string, request, response proto.Message) error {
	if err := tensor.CheckContext(ctx); err != nil {
		return err
	}
	if c.closed.Load() {
		return tensor.Errorf(tensor.FailedPrecondition, "the connection is closed")
	}
	if size := proto.Size(request); size > c.maxMessage {
		return tensor.Errorf(tensor.ResourceExhausted,
			"a request of %d bytes is beyond the limit of %d", size, c.maxMessage)
	}
	begun := time.Now()
	if err := c.channel.Invoke(ctx, method, request, response); err != nil {
		return c.asError(ctx, begun, err)
	}
	return nil
}

// asError keeps a server's code and words, and says in ours that there was no
// answer.
func (c *Connection) asError(ctx context.Context, begun time.Time, err error) error {
	told := status.Convert(err)
	failure := &tensor.Error{Code: tensor.Code(told.Code()), Message: told.Message()}
	switch failure.Code {
	case tensor.Unavailable:
		through := ""
		if variable := proxy(c.address); variable != "" {
			through = " through the proxy of " + variable
		}
		failure.Message = "no answer from " + c.address + through + ": " + failure.Message
	case tensor.ResourceExhausted:
		failure.Message = sizes(failure.Message)
	case tensor.DeadlineExceeded:
		if deadline, has := ctx.Deadline(); has {
			// Go looks at the clock a little later than the caller did.
			seconds := deadline.Sub(begun).Round(time.Millisecond).Seconds()
			failure.Message = fmt.Sprintf("no answer from %s within %g s", c.address, seconds)
			failure.Cause = context.DeadlineExceeded
		}
	case tensor.Cancelled:
		if c.closed.Load() {
			failure.Message = "the connection was closed"
		} else if errors.Is(ctx.Err(), context.Canceled) {
			failure.Cause = context.Canceled
		}
	}
	return failure
}

// tooLarge is how gRPC says that a message is beyond a limit: whether it is the
// server's, and both sizes.
var tooLarge = regexp.MustCompile(
	`(?:(SERVER): )?(?i:(received|sent)) message(?: after decompression)? larger than max \((\d+) vs\. (\d+)\)`)

// sizes says in the words of all clients that a message is too large, if that is
// what gRPC says.
func sizes(message string) string {
	found := tooLarge.FindStringSubmatch(message)
	if found == nil {
		return message
	}
	what, whose := "an answer", "the limit"
	if found[1] != "" {
		whose = "the server's limit"
		if strings.EqualFold(found[2], "received") {
			what = "a request"
		}
	}
	return fmt.Sprintf("%s of %s bytes is beyond %s of %s", what, found[3], whose, found[4])
}

// broken is an answer that cannot be one, which is not the caller's fault.
func (c *Connection) broken(format string, arguments ...any) error {
	failure := tensor.Errorf(tensor.Internal, format, arguments...)
	failure.Message = "the answer of " + c.address + " does not add up: " + failure.Message
	return failure
}
