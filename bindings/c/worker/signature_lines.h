/* The lines that the verb describe writes. */
#ifndef STELE_WORKER_SIGNATURE_LINES_H
#define STELE_WORKER_SIGNATURE_LINES_H

#include "stele.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The line of an input or output; rank -1 and dimensions -1 are unknown. */
void signature_line(FILE *stream, const char *signature, const char *kind,
                    const char *name, const char *dtype, int32_t rank,
                    const int64_t *dims);

/* Writes the `size` bytes of such lines to `file`, sorted by their bytes;
 * `text` is written to in doing so, and is then as it was. */
bool signature_lines_write(const char *file, char *text, size_t size,
                           stele_error *error);

#endif
