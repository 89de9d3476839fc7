/* Sizes and shapes, safe against overflow. */
#ifndef STELE_SRC_SHAPE_H
#define STELE_SRC_SHAPE_H

#include "stele.h"

/* TensorFlow ends the process above this. */
enum { MAX_RANK = 254 };

/* Room for the shapes that messages show; longer ones are cut. */
enum { SHAPE_TEXT_SIZE = 256 };

/* The number of elements of a shape that stele_tensor_size accepts. */
size_t element_count(int rank, const int64_t *dims);

#endif
