/* What crosses the border between Octave and C, in both MEXs: texts, as rows of
 * uint8 that are UTF-8, and shapes, as rows of doubles. */
#ifndef STELE_BORDER_H
#define STELE_BORDER_H

#include <mex.h>

#include <stdint.h>
#include <string.h>

static mxArray *bytes_of(const void *data, size_t size) {
  mxArray *bytes = mxCreateNumericMatrix(1, size, mxUINT8_CLASS, mxREAL);
  if (size > 0)
    memcpy(mxGetData(bytes), data, size);
  return bytes;
}

/* Empty for NULL. */
static mxArray *text_bytes(const char *utf8) {
  return bytes_of(utf8, utf8 == NULL ? 0 : strlen(utf8));
}

/* A copy that ends with NUL. */
static char *text(const mxArray *bytes) {
  const size_t size = mxGetNumberOfElements(bytes);
  char *copy = mxCalloc(size + 1, 1);
  if (size > 0)
    memcpy(copy, mxGetData(bytes), size);
  return copy;
}

/* A text of the host's, in ASCII. mxArrayToString would do, but in Octave what
 * it gives is never freed. */
static char *ascii(const mxArray *chars) {
  const size_t size = mxGetNumberOfElements(chars) + 1;
  char *copy = mxCalloc(size, 1);
  mxGetString(chars, copy, size);
  return copy;
}

/* A dimension that is not known is NaN there, and -1 here; an unknown rank is
 * empty. */
static mxArray *shape_of(int32_t rank, const int64_t *dims) {
  mxArray *shape = mxCreateDoubleMatrix(1, rank > 0 ? (mwSize)rank : 0, mxREAL);
  for (int32_t i = 0; i < rank; i++)
    mxGetPr(shape)[i] = dims[i] < 0 ? mxGetNaN() : (double)dims[i];
  return shape;
}

/* The number of dimensions, and these in `dims`. */
static int32_t dims_of(const mxArray *shape, int64_t **dims) {
  const size_t rank = mxGetNumberOfElements(shape);
  *dims = mxCalloc(rank + 1, sizeof **dims);
  for (size_t i = 0; i < rank; i++)
    (*dims)[i] = mxIsNaN(mxGetPr(shape)[i]) ? -1 : (int64_t)mxGetPr(shape)[i];
  return (int32_t)rank;
}

#endif
