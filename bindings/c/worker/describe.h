/* The verb describe. */
#ifndef STELE_WORKER_DESCRIBE_H
#define STELE_WORKER_DESCRIBE_H

#include "stele.h"

#include <stdbool.h>

/* Writes the model's signatures to `file`, a line for each input and output,
 * sorted by its bytes. */
bool describe(const stele_model *model, const char *file, stele_error *error);

#endif
