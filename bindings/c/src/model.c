/* Loading, introspection, release. */
#include "model.h"

#include "error.h"
#include "savedmodel_dir.h"

#include <stdlib.h>
#include <string.h>

/* Cuts "a,b" into tags; both in the arena. */
static stele_code split_tags(const char *text, arena *memory, tag_set *set,
                             stele_error *error) {
  char *next = arena_copy(memory, text);
  const char **tags = arena_take(memory, strlen(text) + 1, sizeof(*tags));
  if (next == NULL || tags == NULL)
    return fail_memory(error);
  *set = (tag_set){tags, 0};
  if (*next == '\0')
    next = NULL;
  while (next != NULL) {
    tags[set->count++] = next;
    next = strchr(next, ',');
    if (next != NULL)
      *next++ = '\0';
  }
  return STELE_OK;
}

/* The caller's options, with zeros where its compiler knew fewer fields. */
static stele_code read_options(const stele_options *given,
                               stele_options *options, stele_error *error) {
  *options = (stele_options){.struct_size = sizeof *options};
  if (given == NULL)
    return STELE_OK;
  if (given->struct_size < sizeof *options)
    return fail(error, STELE_INVALID_ARGUMENT,
                "stele_options.struct_size is %u, not sizeof(stele_options)",
                (unsigned)given->struct_size);
  size_t size = given->struct_size < sizeof *options ? given->struct_size
                                                     : sizeof *options;
  memcpy(options, given, size);
  if (options->libtensorflow != NULL)
    return fail(error, STELE_UNIMPLEMENTED, "TensorFlow is linked in so far");
  return STELE_OK;
}

static stele_code open_tags(const char *dir, tag_set tags, config_bytes config,
                            stele_model *model, stele_error *error) {
  stele_code code = savedmodel_read(dir, tags, &model->graph, error);
  if (code != STELE_OK)
    return code;
  code = session_open(dir, tags, config, &model->session, error);
  if (code == STELE_OK) {
    code = endpoints_resolve(model, error);
    if (code != STELE_OK)
      session_close(&model->session);
  }
  if (code != STELE_OK)
    arena_free(&model->graph.memory);
  return code;
}

static stele_code open_model(const char *dir, const stele_options *given,
                             stele_model *model, stele_error *error) {
  stele_options options;
  config_bytes config;
  tag_set tags = {NULL, 0};
  arena scratch = {NULL};
  stele_code code = read_options(given, &options, error);
  if (code == STELE_OK)
    code = config_select(&options, &config, error);
  if (code == STELE_OK)
    code = split_tags(options.tags != NULL ? options.tags : "serve", &scratch,
                      &tags, error);
  if (code == STELE_OK)
    code = open_tags(dir, tags, config, model, error);
  arena_free(&scratch);
  return code;
}

stele_model *stele_load(const char *dir, const stele_options *options,
                        stele_error *error) {
  if (dir == NULL) {
    fail(error, STELE_INVALID_ARGUMENT, "no folder is given");
    return NULL;
  }
  stele_model *model = calloc(1, sizeof *model);
  if (model == NULL) {
    fail_memory(error);
    return NULL;
  }
  if (open_model(dir, options, model, error) != STELE_OK) {
    free(model);
    return NULL;
  }
  atomic_init(&model->users, 1);
  model->self = model;
  succeed(error);
  return model;
}

stele_model *stele_retain(stele_model *model) {
  if (model != NULL)
    atomic_fetch_add_explicit(&model->users, 1, memory_order_relaxed);
  return model;
}

void stele_free(stele_model *model) {
  /* Release what this user did before; the last sees what all have done. */
  if (model == NULL ||
      atomic_fetch_sub_explicit(&model->users, 1, memory_order_acq_rel) > 1)
    return;
  session_close(&model->session);
  arena_free(&model->graph.memory);
  free(model);
}

uint64_t stele_signature_count(const stele_model *model) {
  return model != NULL ? model->graph.n_signatures : 0;
}

const stele_signature *stele_signature_at(const stele_model *model,
                                          uint64_t index) {
  return index < stele_signature_count(model) ? &model->graph.signatures[index]
                                              : NULL;
}

static int compare_name(const void *name, const void *signature) {
  return strcmp(name, ((const stele_signature *)signature)->name);
}

const stele_signature *stele_signature_find(const stele_model *model,
                                            const char *name) {
  if (model == NULL || name == NULL)
    return NULL;
  return bsearch(name, model->graph.signatures, model->graph.n_signatures,
                 sizeof *model->graph.signatures, compare_name);
}

const char *stele_tensorflow_version(stele_error *error) {
  succeed(error);
  return TF_Version();
}
