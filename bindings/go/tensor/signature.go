package tensor

import (
	"slices"
	"strings"
)

// DefaultSignature is the name of the signature that a model is run with unless
// another one is asked for.
const DefaultSignature = "serving_default"

// A Signature is one way to call a model.
type Signature struct {
	Name string
	// Inputs and Outputs are sorted by name.
	Inputs, Outputs []Info
}

// Input returns the input of a name, and whether there is one.
func (s *Signature) Input(name string) (Info, bool) { return find(s.Inputs, name) }

// Output returns the output of a name, and whether there is one.
func (s *Signature) Output(name string) (Info, bool) { return find(s.Outputs, name) }

func find(infos []Info, name string) (Info, bool) {
	compare := func(info Info, name string) int { return strings.Compare(info.Name, name) }
	i, found := slices.BinarySearchFunc(infos, name, compare)
	if !found {
		return Info{}, false
	}
	return infos[i], true
}

// An Info is what a signature says of one input or output.
type Info struct {
	Name  string
	DType DType
	// Shape has -1 for a size that is not known, and is nil for an unknown rank.
	Shape Shape
	// Default stands for the input when it is not given; nil when it must be.
	Default *Tensor
}

// String returns name, dtype and shape: image FP32 [?,8,8,1].
func (i Info) String() string {
	return i.Name + " " + i.DType.String() + " " + i.Shape.String()
}
