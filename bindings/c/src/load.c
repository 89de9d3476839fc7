/* Loading a model. */
#include "error.h"
#include "model.h"
#include "process.h"
#include "savedmodel_dir.h"

#include <stdlib.h>
#include <string.h>

/* What the caller asks for, once it has been read. */
typedef struct request {
  arena memory; /* of what follows */
  const char *folder;
  tag_set tags;
  config_bytes config;
  const char *libtensorflow;
} request;

/* Cuts "a,b" into tags. */
static stele_code split_tags(const char *text, request *wanted,
                             stele_error *error) {
  char *next = arena_copy(&wanted->memory, text);
  const char **tags =
      arena_take(&wanted->memory, strlen(text) + 1, sizeof(*tags));
  if (next == NULL || tags == NULL)
    return fail_memory(error);
  wanted->tags = (tag_set){tags, 0};
  if (*next == '\0')
    next = NULL;
  while (next != NULL) {
    tags[wanted->tags.count++] = next;
    next = strchr(next, ',');
    if (next != NULL)
      *next++ = '\0';
  }
  return STELE_OK;
}

static stele_code read_request(const char *dir, const stele_options *options,
                               request *wanted, stele_error *error) {
  static const stele_options defaults = {.struct_size = sizeof defaults};
  if (dir == NULL)
    return fail(error, STELE_INVALID_ARGUMENT, "no folder is given");
  if (options == NULL)
    options = &defaults;
  /* This is the first layout: a caller that knows fewer fields cannot be. One
   * that knows more is newer, and these are where they were. */
  if (options->struct_size < sizeof *options)
    return fail(error, STELE_INVALID_ARGUMENT,
                "stele_options.struct_size is %u, not sizeof(stele_options)",
                (unsigned)options->struct_size);
  wanted->libtensorflow = options->libtensorflow;
  stele_code code = config_select(options, &wanted->config, error);
  if (code == STELE_OK)
    code = split_tags(options->tags != NULL ? options->tags : "serve", wanted,
                      error);
  if (code != STELE_OK)
    return code;
  wanted->folder = savedmodel_folder(dir, &wanted->memory);
  return wanted->folder != NULL ? STELE_OK : fail_memory(error);
}

static stele_code open_session(const request *wanted, stele_model *model,
                               stele_error *error) {
  stele_code code = tensorflow_load(wanted->libtensorflow, error);
  if (code == STELE_OK)
    code = session_open(wanted->folder, wanted->tags, wanted->config,
                        &model->session, error);
  if (code != STELE_OK)
    return code;
  code = endpoints_resolve(model, error);
  if (code != STELE_OK)
    session_close(&model->session);
  return code;
}

static stele_code open_model(const request *wanted, stele_model *model,
                             stele_error *error) {
  stele_code code =
      savedmodel_read(wanted->folder, wanted->tags, &model->graph, error);
  if (code != STELE_OK)
    return code;
  code = open_session(wanted, model, error);
  if (code != STELE_OK)
    arena_free(&model->graph.memory);
  return code;
}

static stele_model *new_model(const request *wanted, stele_error *error) {
  stele_model *model = calloc(1, sizeof *model);
  if (model == NULL) {
    fail_memory(error);
    return NULL;
  }
  if (open_model(wanted, model, error) != STELE_OK) {
    free(model);
    return NULL;
  }
  atomic_init(&model->users, 1);
  model->self = model;
  return model;
}

stele_model *stele_load(const char *dir, const stele_options *options,
                        stele_error *error) {
  if (process_enter(error) != STELE_OK)
    return NULL;
  request wanted = {.folder = NULL};
  stele_model *model = NULL;
  if (read_request(dir, options, &wanted, error) == STELE_OK)
    model = new_model(&wanted, error);
  arena_free(&wanted.memory);
  process_leave();
  if (model != NULL)
    succeed(error);
  return model;
}
