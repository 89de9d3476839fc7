#include "fork.h"

#include "error.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_bool is_child;

static void in_child(void) {
  atomic_store_explicit(&is_child, true, memory_order_relaxed);
}

static void register_handler(void) {
  pthread_atfork(NULL, NULL, in_child);
}

void fork_guard_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_handler);
}

bool fork_is_child(void) {
  return atomic_load_explicit(&is_child, memory_order_relaxed);
}

stele_code fork_fail(stele_error *error) {
  return fail(error, STELE_FAILED_PRECONDITION,
              "TensorFlow was started before this process was forked and "
              "cannot run in the child; load models after the fork, or start "
              "the process with spawn");
}
