package remote

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"stele.dev/stele/tensor"
)

// MostRetries is how often a call that finds the server UNAVAILABLE is made
// again unless WithRetries says otherwise: as often as gRPC allows.
const MostRetries = 4

// largestMessage is the most that gRPC and protobuf can say the size of.
const largestMessage = math.MaxInt32

// An Option says how to connect to a server.
type Option func(*options)

type options struct {
	retries    int
	maxMessage int
	tls        bool
	roots      *x509.CertPool
}

// WithRetries says how often a call that finds the server UNAVAILABLE is made
// again, after 0.1 s, 0.2 s, 0.4 s and 0.8 s, give or take a fifth: 0 to
// MostRetries. A prediction changes nothing on a server, and may be made twice.
func WithRetries(retries int) Option { return func(o *options) { o.retries = retries } }

// WithMaxMessage limits the bytes of a message in either direction; by default
// it is gRPC's own limit, 2 GiB.
func WithMaxMessage(bytes int) Option { return func(o *options) { o.maxMessage = bytes } }

// WithTLS speaks TLS to servers whose certificates these roots vouch for; nil is
// for the operating system's.
func WithTLS(roots *x509.CertPool) Option {
	return func(o *options) { o.tls, o.roots = true, roots }
}

// A LoadOption says how a server loads a model: WithTags, WithProfile and
// WithConfig of package stele.
type LoadOption func(loading)

// loading is the parameters of a load.
type loading map[string]string

// WithTags chooses the graph with exactly these tags, in any order; it is the
// one tagged "serve" unless this is given. Without tags it is the empty set.
func WithTags(tags ...string) LoadOption {
	return func(l loading) { l["tags"] = strings.Join(tags, ",") }
}

// WithProfile configures the session by the name of a profile: "default",
// "inline", "single", "python".
func WithProfile(name string) LoadOption { return func(l loading) { l["config"] = name } }

// WithConfig configures the session by a serialized tensorflow.ConfigProto,
// instead of by a profile.
func WithConfig(serialized []byte) LoadOption {
	return func(l loading) { l["config"] = "hex:" + hex.EncodeToString(serialized) }
}

func newOptions(given []Option) (options, error) {
	o := options{retries: MostRetries, maxMessage: largestMessage}
	for _, option := range given {
		option(&o)
	}
	if o.retries < 0 || o.retries > MostRetries {
		return o, tensor.Errorf(tensor.InvalidArgument,
			"retries is %d, expected 0 to %d", o.retries, MostRetries)
	}
	if o.maxMessage < 1 {
		return o, tensor.Errorf(tensor.InvalidArgument,
			"max_message is %d, expected bytes", o.maxMessage)
	}
	o.maxMessage = min(o.maxMessage, largestMessage)
	return o, nil
}

// A server that does not even accept a connection is not waited for longer; and
// one that broke is made again before the retries of a call are over.
var connecting = grpc.ConnectParams{
	Backoff: backoff.Config{
		BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: time.Second,
	},
	MinConnectTimeout: 20 * time.Second,
}

func (o options) dial() []grpc.DialOption {
	transport := insecure.NewCredentials()
	if o.tls {
		transport = credentials.NewClientTLSFromCert(o.roots, "")
	}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("tf-stele"),
		grpc.WithConnectParams(connecting),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(o.serviceConfig()),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(o.maxMessage),
			grpc.MaxCallSendMsgSize(o.maxMessage),
			// What is larger than gRPC's buffer, by default 256 KiB, it would never
			// send again.
			grpc.MaxRetryRPCBufferSize(largestMessage),
		),
	}
}

// serviceConfig is gRPC's, by which calls may be made again.
func (o options) serviceConfig() string {
	method := map[string]any{"name": []any{map[string]any{}}}
	if o.retries > 0 {
		method["retryPolicy"] = map[string]any{
			"maxAttempts":          o.retries + 1,
			"initialBackoff":       "0.1s",
			"maxBackoff":           "1s",
			"backoffMultiplier":    2,
			"retryableStatusCodes": []string{"UNAVAILABLE"},
		}
	}
	text, err := json.Marshal(map[string]any{"methodConfig": []any{method}})
	if err != nil {
		panic(err) // of what is written above
	}
	return string(text)
}
