/* Reading a saved_model.pb: which graph, which signatures. Needs protobuf-c,
 * not TensorFlow: the fuzzer runs this alone. */
#ifndef STELE_SRC_METAGRAPH_H
#define STELE_SRC_METAGRAPH_H

#include "arena.h"
#include "stele.h"

#include <stdbool.h>

/* What a client needs of one MetaGraphDef. Released by arena_free(&memory). */
typedef struct metagraph {
  arena memory;
  size_t n_signatures;
  stele_signature *signatures; /* sorted by name */
  bool has_saver;              /* there are variables to restore */
  struct unshaped *unshaped;   /* their shape is that of the graph's tensor */
} metagraph;

/* A list of tensors of which the file gives no shape; until the graph has been
 * asked, their rank is unknown. */
typedef struct unshaped {
  struct unshaped *next;
  stele_tensor_info *info;
} unshaped;

/* A set of tags; duplicates do not count. */
typedef struct tag_set {
  const char *const *tags;
  size_t count;
} tag_set;

/* Reads the MetaGraphDef that has exactly these tags out of the bytes of a
 * saved_model.pb. `path` is for messages. On failure `graph` is empty.
 * DATA_LOSS: not a SavedModel, or it holds no graph. NOT_FOUND: no such
 * tags. */
stele_code metagraph_read(const void *bytes, size_t size, const char *path,
                          tag_set tags, metagraph *graph, stele_error *error);

/* The tensor of that name among those of a signature, which are sorted by name;
 * NULL when there is none. */
const stele_tensor_info *info_find(const stele_tensor_info *infos, size_t count,
                                   const char *name);

#endif
