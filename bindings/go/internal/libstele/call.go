package libstele

import (
	"sync"

	"stele.dev/stele/tensor"
)

// A Call is one run: its inputs, and C's memory for it. A call that is over is
// used again, for what a run allocates costs more than all else that Go does.
type Call struct {
	// Take takes an input, for an iterator to call; false at the first that is
	// none. It is the method add, of which a call has one: each time that a
	// method is taken as a value, it is allocated.
	Take func(name string, value *tensor.Tensor) bool

	inputs []named
	err    error
	begun  bool
	frame  frame
}

type named struct {
	name   string
	tensor *tensor.Tensor
}

var calls = sync.Pool{New: func() any {
	c := new(Call)
	c.Take = c.add
	return c
}}

// NewCall begins a call, which Done ends.
func NewCall() *Call {
	c := calls.Get().(*Call)
	c.begun = true
	return c
}

// Done ends the call, which is not to be used any more.
func (c *Call) Done() {
	clear(c.inputs) // the tensors are the caller's
	c.inputs, c.err, c.begun = c.inputs[:0], nil, false
	c.frame.done()
	calls.Put(c)
}

func (c *Call) add(name string, value *tensor.Tensor) bool {
	if !c.begun {
		panic("stele: an iterator over inputs went on after it had ended")
	}
	if c.err == nil {
		c.err = tensor.CheckName(name)
	}
	if c.err == nil && value == nil {
		c.err = tensor.Errorf(tensor.InvalidArgument, "input %q is nil", name)
	}
	if c.err == nil {
		c.inputs = append(c.inputs, named{name, value})
	}
	return c.err == nil
}
