// Package order walks through inputs in one order.
package order

import (
	"iter"
	"maps"
	"slices"

	"stele.dev/stele/tensor"
)

// ByName makes the first error of several the same one in every run.
func ByName(inputs map[string]*tensor.Tensor) iter.Seq2[string, *tensor.Tensor] {
	if len(inputs) < 2 {
		return maps.All(inputs)
	}
	return func(yield func(string, *tensor.Tensor) bool) {
		for _, name := range slices.Sorted(maps.Keys(inputs)) {
			if !yield(name, inputs[name]) {
				return
			}
		}
	}
}
