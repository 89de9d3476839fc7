package stele

import (
	"sync/atomic"

	"stele.dev/stele/internal/libstele"
	"stele.dev/stele/tensor"
)

// users counts who uses a model, so that it can be closed while calls run: the
// Model is one user until it is closed, and each call is one. The last frees it.
type users struct {
	model  *libstele.Model
	count  atomic.Int64
	closed atomic.Bool
}

func newUsers(model *libstele.Model) *users {
	u := &users{model: model}
	u.count.Store(1)
	return u
}

// enter adds a user, unless the model is closed.
func (u *users) enter() (*libstele.Model, error) {
	for !u.closed.Load() {
		count := u.count.Load()
		if count == 0 {
			break // closed just now, and freed
		}
		if u.count.CompareAndSwap(count, count+1) {
			return u.model, nil
		}
	}
	return nil, tensor.Errorf(FailedPrecondition, "the model is closed")
}

func (u *users) leave() {
	if u.count.Add(-1) == 0 {
		u.model.Free()
	}
}

// close takes the Model's own user away, once.
func (u *users) close() {
	if u.closed.CompareAndSwap(false, true) {
		u.leave()
	}
}
