package tensor

import (
	"math"
	"strconv"
)

// A Shape is the sizes of the dimensions of a tensor, none for a scalar. In a
// signature -1 stands for a size that is not known, and a nil Shape for a rank
// that is not known.
type Shape []int64

// maxRank is the highest one that TensorFlow does not end the process on.
const maxRank = 254

// String returns the shape as messages show it: [?,8,8,1], [] for a scalar, ?
// for an unknown rank.
func (s Shape) String() string {
	if s == nil {
		return "?"
	}
	text := []byte{'['}
	for i, size := range s {
		if i > 0 {
			text = append(text, ',')
		}
		if size < 0 {
			text = append(text, '?')
		} else {
			text = strconv.AppendInt(text, size, 10)
		}
	}
	return string(append(text, ']'))
}

// Accepts reports whether a tensor of this shape is what a signature with
// shape s declares.
func (s Shape) Accepts(shape Shape) bool {
	if s == nil {
		return true
	}
	if len(s) != len(shape) {
		return false
	}
	for i, size := range s {
		if size >= 0 && size != shape[i] {
			return false
		}
	}
	return true
}

// count returns the number of elements. Dimensions of 0 are left out of what
// must not exceed 2^63-1 bytes: TensorFlow multiplies from left to right and
// ends the process when a partial product overflows.
func (s Shape) count(elementSize int) (int, error) {
	if len(s) > maxRank {
		return 0, Errorf(InvalidArgument, "rank %d is beyond %d", len(s), maxRank)
	}
	bytes, count := int64(max(elementSize, 1)), int64(1)
	for _, size := range s {
		if size < 0 {
			return 0, Errorf(InvalidArgument, "shape has the negative dimension %d", size)
		}
		count *= size
		if size > 0 {
			if bytes > math.MaxInt64/size {
				return 0, Errorf(InvalidArgument, "shape %v is beyond 2^63-1 bytes", s)
			}
			bytes *= size
		}
	}
	return int(count), nil
}
