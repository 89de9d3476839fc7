/* What happens to a process that TensorFlow works in: forks, and its end. */
#ifndef STELE_SRC_PROCESS_H
#define STELE_SRC_PROCESS_H

#include "stele.h"

#include <stdbool.h>

/* From here on, a fork makes a child in which TensorFlow cannot run, and the
 * end of the process waits for calls. TensorFlow is loaded. */
void process_watch(void);

/* Ends of the process destroy first what was made last, and ops make things
 * when they first run: to be called again after the first run of a graph. */
void process_watch_end(void);

/* A call that needs TensorFlow begins, until process_leave.
 * FAILED_PRECONDITION in the child of a process that was watched; CANCELLED at
 * the end of the process. */
stele_code process_enter(stele_error *error);

/* The same for a call that only releases: false is that it must not. */
bool process_enter_release(void);

/* To be called once for each call that could begin. */
void process_leave(void);

#endif
