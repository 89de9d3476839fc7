// Package remote runs models on a server, with the surface of package stele and
// without C:
//
//	model, err := remote.Connect(ctx, "127.0.0.1:8500", "digits")
//	if err != nil { … }
//	defer model.Close()
//	image, err := tensor.New(pixels, 1, 8, 8, 1)
//	outputs, err := model.Run(ctx, remote.Tensors{"image": image})
//	probabilities, err := tensor.Values[float32](outputs["probabilities"])
//
// The server is `stele serve`, or any other that speaks the Open Inference
// Protocol over gRPC: Triton, MLServer, KServe. Inputs are checked here first,
// with the checks and the words of a model in this process; the server checks
// again. Every error is a *tensor.Error, which package stele calls stele.Error.
//
// A context ends a call and its retries: CANCELLED, or DEADLINE_EXCEEDED.
package remote

import "stele.dev/stele/tensor"

// Tensors are tensors by name: the inputs and the outputs of a model.
type Tensors = map[string]*tensor.Tensor
