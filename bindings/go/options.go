package stele

import (
	"strings"

	"stele.dev/stele/internal/libstele"
	"stele.dev/stele/tensor"
)

// An Option says how Load loads a model.
type Option func(*libstele.Options)

// checkNames refuses a NUL in what names something.
func checkNames(dir string, options *libstele.Options) error {
	for _, name := range []*string{&dir, options.Tags, options.Profile, &options.LibTensorFlow} {
		if name == nil {
			continue
		}
		if err := tensor.CheckName(*name); err != nil {
			return err
		}
	}
	return nil
}

// WithTags chooses the graph with exactly these tags, in any order; it is the
// one tagged "serve" unless this is given. Without tags it is the empty set.
func WithTags(tags ...string) Option {
	return func(o *libstele.Options) {
		joined := strings.Join(tags, ",")
		o.Tags = &joined
	}
}

// WithProfile configures the session by the name of a profile, of which one
// that is not there is INVALID_ARGUMENT:
//
//   - "default" is TensorFlow's own configuration
//   - "inline" runs every op in the calling thread: for small models, and for
//     programs with goroutines enough
//   - "single" is the single-threaded executor
//   - "python" leaves TensorFlow's graph optimizer off, for the bits of the
//     function in Python
func WithProfile(name string) Option {
	return func(o *libstele.Options) { o.Profile = &name }
}

// WithConfig configures the session by a serialized tensorflow.ConfigProto,
// instead of by a profile.
func WithConfig(serialized []byte) Option {
	return func(o *libstele.Options) { o.Config = serialized }
}

// WithLibTensorFlow says where TensorFlow is: the file libtensorflow_cc.so.2, or
// its folder. A process has one; asking for another is FAILED_PRECONDITION.
func WithLibTensorFlow(path string) Option {
	return func(o *libstele.Options) { o.LibTensorFlow = path }
}
