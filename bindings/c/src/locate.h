/* Where libtensorflow is. TensorFlow's wheel is the C library: finding it takes
 * no import of TensorFlow, which costs seconds. */
#ifndef STELE_SRC_LOCATE_H
#define STELE_SRC_LOCATE_H

#include "text.h"

#include <stdbool.h>

/* File names in the order of preference: the wheel's, then the C library's. */
enum { LIBRARY_NAMES = 3 };
extern const char *const library_names[LIBRARY_NAMES];

/* The library at a path that is it or holds it, to be freed; NULL if there is
 * none. The file itself and no link to it: its neighbour,
 * libtensorflow_framework, is found from there. */
char *locate_in_place(const char *path);

/* Why locate_in_place has found nothing. */
const char *locate_absent(const char *path);

/* The first of: the environment variable, the active Python environments, the
 * Pythons on PATH. To be freed; NULL if there is none: `wrong` says whether the
 * variable is set and wrong, which is a mistake to report and not to work
 * around. Notes in `tried` what was looked at, a line each. */
char *locate_candidate(text_buffer *tried, bool *wrong);

#endif
