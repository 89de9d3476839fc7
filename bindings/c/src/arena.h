/* Memory that is released all at once: what a loaded model hands out. */
#ifndef STELE_SRC_ARENA_H
#define STELE_SRC_ARENA_H

#include <stddef.h>

typedef struct arena {
  struct arena_block *blocks;
} arena;

/* Room for `count` zeroed elements of `size` bytes, aligned for any type.
 * Not NULL for a count of 0; NULL when out of memory. */
void *arena_take(arena *memory, size_t count, size_t size);

/* A copy of `text`; NULL when out of memory. */
char *arena_copy(arena *memory, const char *text);

/* Releases everything; the arena is empty and usable again. */
void arena_free(arena *memory);

#endif
