// Prints every signature of a SavedModel.
//
//	go run ./examples/inspect path/to/saved_model [TAG,TAG...]
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"stele.dev/stele"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 || len(os.Args) > 3 {
		log.Fatal("usage: inspect SAVED_MODEL [TAG,TAG...]")
	}
	var options []stele.Option
	if len(os.Args) == 3 {
		options = append(options, stele.WithTags(strings.Split(os.Args[2], ",")...))
	}
	model, err := stele.Load(os.Args[1], options...)
	if err != nil {
		log.Fatalf("inspect: %v", err)
	}
	defer model.Close()
	for signature := range model.Signatures() {
		fmt.Println("signature", signature.Name)
		for _, input := range signature.Inputs {
			fmt.Println("input", input)
		}
		for _, output := range signature.Outputs {
			fmt.Println("output", output)
		}
	}
}
