// The worker of the binding "go-grpc". stele.remote.launch of the Python package
// starts it beside a server, and says what the two variables mean.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"stele.dev/stele/internal/worker"
	"stele.dev/stele/remote"
)

const (
	addressVariable = "STELE_REMOTE"
	modelVariable   = "STELE_REMOTE_MODEL"
)

func main() {
	log.SetFlags(0)
	connection, err := remote.Open(os.Getenv(addressVariable))
	if err != nil {
		log.Fatalf("%s: %v", addressVariable, err)
	}
	defer connection.Close()
	loads := 0
	worker.Serve("go-grpc", func(request worker.Request) (worker.Model, error) {
		ctx := context.Background()
		if served, isServed := os.LookupEnv(modelVariable); isServed {
			return connection.Model(ctx, served)
		}
		// A name for each load: one that fails leaves the model before it alone.
		name := fmt.Sprintf("worker-%d-%d", os.Getpid(), loads)
		loads++
		config := remote.WithProfile(request.Profile)
		if request.Config != nil {
			config = remote.WithConfig(request.Config)
		}
		tags := remote.WithTags(request.Tags...)
		if err := connection.Load(ctx, name, request.Dir, tags, config); err != nil {
			return nil, err
		}
		model, err := connection.Model(ctx, name)
		if err != nil {
			return nil, err
		}
		return loaded{model, connection}, nil
	})
}

// loaded is a model that the server has for this worker alone.
type loaded struct {
	*remote.Model
	connection *remote.Connection
}

func (l loaded) Close() error {
	_ = l.Model.Close()
	return l.connection.Unload(context.Background(), l.Name())
}
