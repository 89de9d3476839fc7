package remote

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stele.dev/stele/internal/contract"
	"stele.dev/stele/remote/internal/pb"
	"stele.dev/stele/tensor"
)

// shapeOf reads "2,-1"; nothing is a scalar, and "?" an unknown rank.
func shapeOf(t *testing.T, text string) tensor.Shape {
	t.Helper()
	if text == "?" {
		return nil
	}
	shape := tensor.Shape{}
	if text == "" {
		return shape
	}
	for size := range strings.SplitSeq(text, ",") {
		dim, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		shape = append(shape, dim)
	}
	return shape
}

func unhexed(t *testing.T, text string) []byte {
	t.Helper()
	content, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// sent is what a request has of a tensor, in the form that a bundle has it.
func sent(t *testing.T, value *tensor.Tensor) []byte {
	t.Helper()
	var request pb.ModelInferRequest
	if err := put(&request, named{name: "x", value: value}); err != nil {
		t.Fatal(err)
	}
	return request.GetRawInputContents()[0]
}

func TestDefaultsAreTheContracts(t *testing.T) {
	for _, row := range contract.Rows(t, "defaults.tsv",
		"case", "dtype", "shape", "default", "value_shape", "value") {
		t.Run(row["case"], func(t *testing.T) {
			dtype, _ := tensor.ParseDType(row["dtype"])
			input := tensor.Info{Name: "x", DType: dtype, Shape: shapeOf(t, row["shape"])}
			value := ofDefault(input, unhexed(t, row["default"]))
			if row["value"] == "-" {
				if value != nil {
					t.Errorf("read as %v", value)
				}
				return
			}
			if value == nil {
				t.Fatal("not read")
			}
			content := sent(t, value)
			if !slices.Equal(value.Shape(), shapeOf(t, row["value_shape"])) ||
				!bytes.Equal(content, unhexed(t, row["value"])) {
				t.Errorf("read as %v: %x", value, content)
			}
		})
	}
}
