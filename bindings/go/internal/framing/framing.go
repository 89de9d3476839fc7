// Package framing has the form in which the elements of a BYTES tensor lie in
// files and messages: each a length as a little-endian uint32, then its bytes.
package framing

import (
	"encoding/binary"
	"fmt"
	"math"
)

const lengthSize = 4

// Join frames elements; an error for one that is longer than a length can say.
func Join(elements [][]byte) ([]byte, error) {
	size := 0
	for i, element := range elements {
		if len(element) > math.MaxUint32 {
			return nil, fmt.Errorf("element %d has %d bytes, which BYTES cannot frame", i, len(element))
		}
		size += lengthSize + len(element)
	}
	framed := make([]byte, 0, size)
	for _, element := range elements {
		framed = binary.LittleEndian.AppendUint32(framed, uint32(len(element)))
		framed = append(framed, element...)
	}
	return framed, nil
}

// Split returns the elements, views of what they are framed in; an error where
// the lengths do not add up.
func Split(framed []byte) ([][]byte, error) {
	elements := [][]byte{}
	for len(framed) > 0 {
		if len(framed) < lengthSize {
			return nil, fmt.Errorf("BYTES element %d is cut short", len(elements))
		}
		length := int(binary.LittleEndian.Uint32(framed))
		framed = framed[lengthSize:]
		if length > len(framed) {
			return nil, fmt.Errorf("BYTES element %d is cut short", len(elements))
		}
		elements = append(elements, framed[:length:length])
		framed = framed[length:]
	}
	return elements, nil
}
