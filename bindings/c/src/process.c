#include "process.h"

#include "error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
  PATIENCE = 10 * 1000, /* ms that the end of a process waits for calls */
  PAUSE = 2,            /* ms until it looks again whether they are done */
  SETTLING = 50 /* ms for TensorFlow's own threads, which put away what a
                   call left them after they have told the caller */
};

/* In a forked child, TensorFlow's threads are gone: a call would wait for them
 * for ever. */
static atomic_bool is_child;

/* No further call begins. */
static atomic_bool is_ending;

/* Calls of TensorFlow's under way. */
static atomic_size_t calls;

static void pause_for(long milliseconds) {
  struct timespec time = {.tv_nsec = milliseconds * 1000 * 1000};
  nanosleep(&time, NULL);
}

static void in_child(void) {
  atomic_store(&is_child, true);
  atomic_store(&calls, 0); /* they are the parent's */
}

/* What is destroyed while a thread works with it crashes that thread. */
static void at_end(void) {
  if (atomic_exchange(&is_ending, true) || atomic_load(&calls) == 0)
    return;
  for (int waited = 0; atomic_load(&calls) > 0; waited += PAUSE) {
    if (waited >= PATIENCE)
      return;
    pause_for(PAUSE);
  }
  pause_for(SETTLING);
}

void process_watch_end(void) {
  atexit(at_end); /* without the memory for it, the end does not wait */
}

static void watch(void) {
  pthread_atfork(NULL, NULL, in_child);
  process_watch_end();
}

void process_watch(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch);
}

/* Counted first: whoever ends the process looks at the count last. */
static bool enter_unless_ending(void) {
  atomic_fetch_add(&calls, 1);
  if (!atomic_load(&is_ending))
    return true;
  process_leave();
  return false;
}

stele_code process_enter(stele_error *error) {
  if (atomic_load_explicit(&is_child, memory_order_relaxed))
    return fail(error, STELE_FAILED_PRECONDITION,
                "TensorFlow was started before this process was forked and "
                "cannot run in the child; load models after the fork, or start "
                "the process with spawn");
  if (!enter_unless_ending())
    return fail(error, STELE_CANCELLED, "this process is ending");
  return STELE_OK;
}

/* In a forked child, closing waits for threads that are gone, and TensorFlow's
 * allocator may be locked for ever. */
bool process_enter_release(void) {
  return !atomic_load_explicit(&is_child, memory_order_relaxed) &&
         enter_unless_ending();
}

void process_leave(void) {
  atomic_fetch_sub(&calls, 1);
}
