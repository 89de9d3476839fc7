/* TensorFlow's threads do not survive fork(): what its child must not do. */
#ifndef STELE_SRC_FORK_H
#define STELE_SRC_FORK_H

#include "stele.h"

#include <stdbool.h>

/* From here on, a fork makes a child in which TensorFlow cannot run. */
void fork_guard_start(void);

/* Whether this process is such a child. */
bool fork_is_child(void);

/* FAILED_PRECONDITION, and what to do. */
stele_code fork_fail(stele_error *error);

#endif
