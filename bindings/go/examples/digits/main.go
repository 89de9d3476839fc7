// Which digit is this? Loads a SavedModel, looks at its signature, runs it on
// one image of a handwritten digit, and prints what it sees.
//
//	go run ./examples/digits path/to/saved_model
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"stele.dev/stele"
)

var image = []float32{
	0, 0, 5, 13, 12, 3, 0, 0,
	0, 2, 15, 11, 12, 14, 1, 0,
	0, 5, 14, 1, 1, 14, 6, 0,
	0, 7, 12, 0, 0, 10, 8, 0,
	0, 7, 11, 0, 0, 10, 8, 0,
	0, 5, 13, 0, 1, 13, 6, 0,
	0, 1, 14, 10, 12, 14, 1, 0,
	0, 0, 5, 14, 12, 3, 0, 0,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: digits SAVED_MODEL")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatalf("digits: %v", err)
	}
}

func run(ctx context.Context, dir string) error {
	model, err := stele.Load(dir)
	if err != nil {
		return err
	}
	defer model.Close()

	signature, found := model.Signature("serving_default")
	if !found || len(signature.Inputs) == 0 || len(signature.Outputs) == 0 {
		return errors.New("not the digits model")
	}
	input, output := signature.Inputs[0], signature.Outputs[0]
	fmt.Printf("signature %s\ninput %v\noutput %v\n", signature.Name, input, output)

	pixels, err := stele.NewTensor(image, 1, 8, 8, 1)
	if err != nil {
		return err
	}
	outputs, err := model.Run(ctx, stele.Tensors{input.Name: pixels})
	if err != nil {
		return err
	}
	probabilities, err := stele.Values[float32](outputs[output.Name])
	if err != nil {
		return err
	}
	fmt.Println("digit", largest(probabilities))
	fmt.Print("probabilities")
	for _, probability := range probabilities {
		fmt.Printf(" %.6f", probability)
	}
	fmt.Println()

	// Without the batch: refused before TensorFlow sees it.
	one, err := stele.NewTensor(image, 8, 8, 1)
	if err != nil {
		return err
	}
	_, err = model.Run(ctx, stele.Tensors{input.Name: one})
	fmt.Println("refused", err)
	return nil
}

func largest(values []float32) int {
	best := 0
	for i, value := range values {
		if value > values[best] {
			best = i
		}
	}
	return best
}
