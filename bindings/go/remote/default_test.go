package remote

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stele.dev/stele/internal/contract"
	"stele.dev/stele/tensor"
)

// shapeOf reads "2,-1"; nothing is a scalar, and "?" an unknown rank.
func shapeOf(t *testing.T, text string) tensor.Shape {
	t.Helper()
	if text == "?" {
		return nil
	}
	shape := tensor.Shape{}
	for size := range strings.SplitSeq(text, ",") {
		if text == "" {
			break
		}
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

// bundled is what a bundle has of a tensor: strings behind their lengths.
func bundled(value *tensor.Tensor) []byte {
	strings, err := tensor.Values[[]byte](value)
	if err != nil {
		return value.Memory()
	}
	var content []byte
	for _, s := range strings {
		content = append(binary.LittleEndian.AppendUint32(content, uint32(len(s))), s...)
	}
	return content
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
			if !slices.Equal(value.Shape(), shapeOf(t, row["value_shape"])) ||
				!bytes.Equal(bundled(value), unhexed(t, row["value"])) {
				t.Errorf("read as %v: %x", value, bundled(value))
			}
		})
	}
}
