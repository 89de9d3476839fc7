#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
  struct arena_block *next;
  max_align_t elements[];
};

void *arena_take(arena *memory, size_t count, size_t size) {
  if (count > (SIZE_MAX - sizeof(struct arena_block)) / size)
    return NULL;
  struct arena_block *block =
      calloc(1, sizeof(struct arena_block) + count * size);
  if (block == NULL)
    return NULL;
  block->next = memory->blocks;
  memory->blocks = block;
  return block->elements;
}

char *arena_copy(arena *memory, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = arena_take(memory, size, 1);
  if (copy != NULL)
    memcpy(copy, text, size);
  return copy;
}

void arena_free(arena *memory) {
  struct arena_block *block = memory->blocks;
  while (block != NULL) {
    struct arena_block *next = block->next;
    free(block);
    block = next;
  }
  memory->blocks = NULL;
}
