/*
 * stele_hosts: for languages that keep arrays column by column, or have no
 * floating-point number but the double: R, MATLAB and Octave, Julia, Fortran.
 *
 * Axes. libstele's tensors are row-major. A column-major host keeps the
 * signature's order of indices for its users, x[batch, row, column], and copies
 * elements on the way in and out: stele_to_columns, stele_to_rows.
 *
 * Numbers. A float that is cast to double and back may come back as another
 * NaN. stele_widen and stele_narrow go by integer arithmetic: every value of
 * FP16, BF16 and FP32 survives both, with the sign of a zero and the bits of a
 * NaN.
 *
 * Everything is in this header; nothing allocates or fails but stele_narrow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STELE_HOSTS_H
#define STELE_HOSTS_H

#include "stele.h"

#include <string.h>

/* ---- Axes ------------------------------------------------------------------
 */

/* `count` elements of `size` bytes, each a step of bytes from the one before.
 */
static inline void stele_copy_strided(char *to, uint64_t to_step,
                                      const char *from, uint64_t from_step,
                                      uint64_t count, uint64_t size) {
  for (; count > 0; count--, to += to_step, from += from_step) {
    switch (size) { /* sizes that a compiler makes one instruction of */
    case 1:
      *to = *from;
      break;
    case 4:
      memcpy(to, from, 4);
      break;
    case 8:
      memcpy(to, from, 8);
      break;
    default:
      memcpy(to, from, size);
    }
  }
}

/* Copies between the two orders: one of `rows` and `columns` is `to`. */
static inline void stele_copy_axes(char *to, const char *from, int to_columns,
                                   int32_t rank, const int64_t *dims,
                                   uint64_t size) {
  enum { MOST_AXES = 254 };
  uint64_t index[MOST_AXES] = {0}, step[MOST_AXES];
  uint64_t rows = size, column = 0;
  for (int32_t axis = 0; axis < rank; axis++) {
    step[axis] = rows; /* between neighbours of this axis, column-major */
    rows *= (uint64_t)dims[axis];
  }
  if (rank < 2 || rows == 0) {
    if (rows != 0)
      memcpy(to, from, rows);
    return;
  }
  const int32_t last = rank - 1;
  const uint64_t count = (uint64_t)dims[last], run = count * size;
  for (uint64_t row = 0; row < rows; row += run) {
    if (to_columns)
      stele_copy_strided(to + column, step[last], from + row, size, count,
                         size);
    else
      stele_copy_strided(to + row, size, from + column, step[last], count,
                         size);
    for (int32_t axis = last - 1; axis >= 0; axis--) {
      column += step[axis];
      if (++index[axis] < (uint64_t)dims[axis])
        break;
      column -= index[axis] * step[axis];
      index[axis] = 0;
    }
  }
}

/* Row-major elements of `size` bytes into a column-major array with the same
 * `rank` (0 to 254) dimensions `dims`. The two do not overlap. */
static inline void stele_to_columns(void *to, const void *from, int32_t rank,
                                    const int64_t *dims, uint64_t size) {
  stele_copy_axes((char *)to, (const char *)from, 1, rank, dims, size);
}

/* The other way. */
static inline void stele_to_rows(void *to, const void *from, int32_t rank,
                                 const int64_t *dims, uint64_t size) {
  stele_copy_axes((char *)to, (const char *)from, 0, rank, dims, size);
}

/* ---- Numbers ---------------------------------------------------------------
 */

/* Bits of the fraction of FP16, BF16 or FP32, and of their exponent. */
static inline int stele_fraction_bits(stele_dtype dtype) {
  return dtype == STELE_FP16 ? 10 : dtype == STELE_BF16 ? 7 : 23;
}

static inline int stele_exponent_bits(stele_dtype dtype) {
  return dtype == STELE_FP16 ? 5 : 8;
}

/* The bits of the double that has the value, or is the NaN, of an FP16, BF16 or
 * FP32 with these `bits`. */
static inline uint64_t stele_widen(stele_dtype dtype, uint32_t bits) {
  const int fraction_bits = stele_fraction_bits(dtype);
  const int exponent_bits = stele_exponent_bits(dtype);
  const int highest = (1 << exponent_bits) - 1;
  const uint64_t one = UINT64_C(1) << fraction_bits;
  const uint64_t sign = (uint64_t)(bits >> (fraction_bits + exponent_bits))
                        << 63;
  int exponent = (int)(bits >> fraction_bits) & highest;
  uint64_t fraction = bits & (one - 1);
  if (exponent == 0 && fraction == 0)
    return sign;
  if (exponent == highest)
    exponent = 0x7ff;
  else {
    if (exponent == 0)
      for (exponent = 1; fraction < one; fraction <<= 1)
        exponent--;
    exponent += 0x3ff - highest / 2;
  }
  return sign | (uint64_t)exponent << 52 |
         (fraction & (one - 1)) << (52 - fraction_bits);
}

/* The bits of the FP16, BF16 or FP32 that is nearest to a double with these
 * bits, ties to even, into `*bits`: 1. Or 0: it is finite and beyond the
 * greatest. A NaN keeps its upper bits, and remains a NaN. */
static inline int stele_narrow(stele_dtype dtype, uint64_t wide,
                               uint32_t *bits) {
  const int fraction_bits = stele_fraction_bits(dtype);
  const int exponent_bits = stele_exponent_bits(dtype);
  const int highest = (1 << exponent_bits) - 1;
  const uint64_t sign = wide >> 63 << (fraction_bits + exponent_bits);
  const uint64_t infinity = (uint64_t)highest << fraction_bits;
  const uint64_t fraction = wide & ((UINT64_C(1) << 52) - 1);
  const int wide_exponent = (int)(wide >> 52) & 0x7ff;
  int exponent = wide_exponent - 0x3ff + highest / 2;
  int shift = 52 - fraction_bits;
  uint64_t narrow = fraction >> shift;
  if (wide_exponent == 0x7ff) {
    if (fraction != 0 && narrow == 0)
      narrow = UINT64_C(1) << (fraction_bits - 1);
    *bits = (uint32_t)(sign | infinity | narrow);
    return 1;
  }
  if (exponent < 1) { /* below the least with a full fraction */
    shift += 1 - exponent;
    exponent = 1;
  }
  narrow = 0;
  if (shift < 64 && wide_exponent != 0) {
    const uint64_t whole = fraction | UINT64_C(1) << 52;
    const uint64_t rest = whole & ((UINT64_C(1) << shift) - 1);
    const uint64_t half = UINT64_C(1) << (shift - 1);
    narrow = whole >> shift;
    narrow += rest > half || (rest == half && narrow % 2 == 1);
  }
  /* A fraction that is full counts one up in the exponent. */
  narrow += (uint64_t)(exponent - 1) << fraction_bits;
  *bits = (uint32_t)(sign | narrow);
  return narrow < infinity;
}

#endif /* STELE_HOSTS_H */
