/* Sizes and shapes, safe against overflow. */
#ifndef STELE_SRC_SHAPE_H
#define STELE_SRC_SHAPE_H

#include "stele.h"

#include <stdbool.h>

/* TensorFlow ends the process above this. */
enum { MAX_RANK = 254 };

/* Whether a tensor has the rank and the known dimensions that a signature
 * declares. */
bool shape_fits(const stele_tensor *tensor, const stele_tensor_info *info);

/* Room for the shapes that messages show; longer ones are cut. */
enum { SHAPE_TEXT_SIZE = 256 };

#endif
