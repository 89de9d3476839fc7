package framing

import (
	"bytes"
	"slices"
	"testing"
)

func FuzzSplit(f *testing.F) {
	f.Add([]byte{5, 0, 0, 0, 's', 't', 'e', 'l', 'e', 0, 0, 0, 0})
	f.Add([]byte{1, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, framed []byte) {
		elements, err := Split(framed)
		if err != nil {
			return
		}
		again, err := Join(elements)
		if err != nil || !bytes.Equal(again, framed) {
			t.Errorf("%x became %x: %v", framed, again, err)
		}
	})
}

func TestWhatIsCutShortIsRefused(t *testing.T) {
	for _, framed := range [][]byte{{1}, {1, 0, 0, 0}, {1, 0, 0, 0, 7, 2, 0, 0, 0, 7}} {
		if elements, err := Split(framed); err == nil {
			t.Errorf("%x is %x", framed, elements)
		}
	}
	elements, err := Split([]byte{0, 0, 0, 0, 1, 0, 0, 0, 7})
	if err != nil || !slices.EqualFunc(elements, [][]byte{{}, {7}}, bytes.Equal) {
		t.Errorf("got %x: %v", elements, err)
	}
}
