/* Sizes and shapes, safe against overflow. */
#ifndef STELE_SRC_SHAPE_H
#define STELE_SRC_SHAPE_H

#include "stele.h"

/* TensorFlow ends the process above this. */
enum { MAX_RANK = 254 };

/* Room for the shapes that messages show; longer ones are cut. */
enum { SHAPE_TEXT_SIZE = 256 };

#endif
