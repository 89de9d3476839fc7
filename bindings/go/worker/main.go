// The worker of the binding "go".
package main

import (
	"stele.dev/stele"
	"stele.dev/stele/internal/worker"
)

func main() {
	worker.Serve("go", func(request worker.Request) (worker.Model, error) {
		options := []stele.Option{stele.WithTags(request.Tags...)}
		if request.Config != nil {
			options = append(options, stele.WithConfig(request.Config))
		} else {
			options = append(options, stele.WithProfile(request.Profile))
		}
		return stele.Load(request.Dir, options...)
	})
}
