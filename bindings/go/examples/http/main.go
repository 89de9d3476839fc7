// Serves a SavedModel over HTTP: POST its inputs as JSON, each a shape and
// values in row-major order, and get its outputs likewise.
//
//	go run ./examples/http path/to/saved_model 8501
//	curl -d '{"image": {"shape": [1,8,8,1], "values": [0, 3, …]}}' localhost:8501
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"

	"stele.dev/stele"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: http SAVED_MODEL PORT")
	}
	// The server has goroutines enough.
	model, err := stele.Load(os.Args[1], stele.WithProfile("inline"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], handler{model}))
}

// A handler runs a model whose inputs and outputs are FP32. Requests share it.
type handler struct{ model *stele.Model }

// values is a tensor in JSON.
type values struct {
	Shape  []int64   `json:"shape"`
	Values []float32 `json:"values"`
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var given map[string]values
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := h.run(r, given)
	if err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Print(err)
	}
}

func (h handler) run(r *http.Request, given map[string]values) (map[string]values, error) {
	inputs := stele.Tensors{}
	for name, value := range given {
		input, err := stele.NewTensor(value.Values, value.Shape...)
		if err != nil {
			return nil, err
		}
		inputs[name] = input
	}
	// Whoever hung up meanwhile is not calculated for.
	outputs, err := h.model.Run(r.Context(), inputs)
	if err != nil {
		return nil, err
	}
	answer := map[string]values{}
	for name, output := range outputs {
		elements, err := stele.Values[float32](output)
		if err != nil {
			return nil, err
		}
		answer[name] = values{output.Shape(), elements}
	}
	return answer, nil
}

// status tells the caller's mistakes, whose words name them, from ours.
func status(err error) int {
	var failure *stele.Error
	if errors.As(err, &failure) && failure.Code == stele.InvalidArgument {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
