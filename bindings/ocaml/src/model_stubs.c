#include "stubs.h"

#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/custom.h>
#include <caml/memory.h>
#include <caml/threads.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The handle: a user of the model, until it is closed ---- */

/* Outside of OCaml's heap, which moves its blocks. The mutex is for OCaml 5,
 * where the runtime lock is not the only one: it guards the pointer, and is
 * never held for long. */
typedef struct handle {
  pthread_mutex_t mutex;
  stele_model *model; /* NULL when closed */
} handle;

#define Handle_val(block) (*(handle **)Data_custom_val(block))

/* A user of the model for one call, or NULL when it is closed. */
static stele_model *borrow(value block) {
  handle *of = Handle_val(block);
  pthread_mutex_lock(&of->mutex);
  stele_model *model = stele_retain(of->model);
  pthread_mutex_unlock(&of->mutex);
  return model;
}

/* The handle's own user, which is then the caller's to take away. */
static stele_model *take_away(handle *of) {
  pthread_mutex_lock(&of->mutex);
  stele_model *model = of->model;
  of->model = NULL;
  pthread_mutex_unlock(&of->mutex);
  return model;
}

static void finalize_handle(value block) {
  handle *of = Handle_val(block);
  stele_free(take_away(of));
  pthread_mutex_destroy(&of->mutex);
  free(of);
}

static struct custom_operations handle_operations = {
    .identifier = "stele.model",
    .finalize = finalize_handle,
};

/* The garbage collector knows nothing of a model's size: a hundred that nobody
 * closes are worth a cycle. */
static value handle_value(stele_model *model) {
  handle *of = malloc(sizeof *of);
  if (of == NULL) {
    stele_free(model);
    return stele_ocaml_refuse(STELE_RESOURCE_EXHAUSTED, "out of memory");
  }
  pthread_mutex_init(&of->mutex, NULL);
  of->model = model;
  value block = caml_alloc_custom(&handle_operations, sizeof of, 1, 100);
  Handle_val(block) = of;
  return stele_ocaml_ok(block);
}

/* ---- Loading ---- */

/* Model.config: Profile of string, Proto of string. */
enum { PROFILE, PROTO };

static char *copy_option(value option) {
  return Is_block(option) ? caml_stat_strdup(String_val(Field(option, 0)))
                          : NULL;
}

value stele_ocaml_load(value dir, value tags, value config,
                       value libtensorflow) {
  CAMLparam4(dir, tags, config, libtensorflow);
  /* Copies: the garbage collector moves what is OCaml's while other threads
   * run. */
  char *path = caml_stat_strdup(String_val(dir));
  stele_options options = {.struct_size = sizeof options};
  options.tags = caml_stat_strdup(String_val(tags));
  options.libtensorflow = copy_option(libtensorflow);
  char *given = NULL;
  if (Is_block(config)) {
    value text = Field(Field(config, 0), 0);
    size_t size = caml_string_length(text);
    given = caml_stat_alloc(size + 1);
    memcpy(given, String_val(text), size + 1);
    if (Tag_val(Field(config, 0)) == PROFILE)
      options.profile = given;
    else
      options.config = given;
    options.config_size = options.config != NULL ? size : 0;
  }
  stele_error error;
  caml_release_runtime_system();
  stele_model *model = stele_load(path, &options, &error);
  caml_acquire_runtime_system();
  caml_stat_free(path);
  caml_stat_free((char *)options.tags);
  caml_stat_free((char *)options.libtensorflow);
  caml_stat_free(given);
  CAMLreturn(model != NULL ? handle_value(model) : stele_ocaml_error(&error));
}

value stele_ocaml_close(value block) {
  CAMLparam1(block);
  stele_model *model = take_away(Handle_val(block));
  caml_release_runtime_system();
  stele_free(model);
  caml_acquire_runtime_system();
  CAMLreturn(Val_unit);
}

value stele_ocaml_is_closed(value block) {
  stele_model *model = borrow(block);
  stele_free(model);
  return Val_bool(model == NULL);
}

/* ---- Signatures, as Signature.raw ---- */

static value dims_value(const stele_tensor_info *info) {
  CAMLparam0();
  CAMLlocal1(dims);
  if (info->rank < 0)
    CAMLreturn(Val_none);
  dims = caml_alloc(info->rank, 0);
  for (int i = 0; i < info->rank; i++)
    Store_field(dims, i, Val_long(info->dims[i]));
  CAMLreturn(caml_alloc_some(dims));
}

static value info_value(const stele_tensor_info *info) {
  CAMLparam0();
  CAMLlocal1(tuple);
  tuple = caml_alloc_tuple(4);
  Store_field(tuple, 0, caml_copy_string(info->name));
  Store_field(tuple, 1, caml_copy_string(info->dtype_name));
  Store_field(tuple, 2, dims_value(info));
  Store_field(tuple, 3, Val_bool(info->default_value != NULL));
  CAMLreturn(tuple);
}

static value cons(value head, value tail) {
  CAMLparam2(head, tail);
  value cell = caml_alloc_small(2, Tag_cons);
  Field(cell, 0) = head;
  Field(cell, 1) = tail;
  CAMLreturn(cell);
}

static value infos_value(const stele_tensor_info *infos, uint64_t count) {
  CAMLparam0();
  CAMLlocal2(list, info);
  list = Val_emptylist;
  while (count-- > 0) {
    info = info_value(&infos[count]);
    list = cons(info, list);
  }
  CAMLreturn(list);
}

value stele_ocaml_signatures(value block) {
  CAMLparam1(block);
  CAMLlocal2(list, tuple);
  const stele_model *model = Handle_val(block)->model;
  list = Val_emptylist;
  for (uint64_t i = stele_signature_count(model); i-- > 0;) {
    const stele_signature *of = stele_signature_at(model, i);
    tuple = caml_alloc_tuple(3);
    Store_field(tuple, 0, caml_copy_string(of->name));
    Store_field(tuple, 1, infos_value(of->inputs, of->n_inputs));
    Store_field(tuple, 2, infos_value(of->outputs, of->n_outputs));
    list = cons(tuple, list);
  }
  CAMLreturn(list);
}

/* ---- Running ---- */

/* Outputs are the garbage collector's while they are copied: that may raise
 * Out_of_memory. */
#define Outputs_val(block) (*(stele_outputs **)Data_custom_val(block))

static void finalize_outputs(value block) {
  stele_outputs_free(Outputs_val(block));
}

static struct custom_operations outputs_operations = {
    .identifier = "stele.outputs",
    .finalize = finalize_outputs,
};

static const stele_tensor *too_deep(const stele_outputs *outputs) {
  for (uint64_t i = 0; i < outputs->n_tensors; i++)
    if (outputs->tensors[i].dtype != STELE_BYTES &&
        outputs->tensors[i].rank > CAML_BA_MAX_NUM_DIMS)
      return &outputs->tensors[i];
  return NULL;
}

static value refuse_deep(const stele_tensor *tensor) {
  char message[STELE_MESSAGE_SIZE];
  snprintf(message, sizeof message,
           "output \"%s\" has %d dimensions, a Bigarray %d at most",
           tensor->name, (int)tensor->rank, CAML_BA_MAX_NUM_DIMS);
  return stele_ocaml_refuse(STELE_UNIMPLEMENTED, message);
}

static value outputs_value(stele_outputs *outputs) {
  CAMLparam0();
  CAMLlocal4(block, list, pair, result);
  const stele_tensor *deep = too_deep(outputs);
  block = caml_alloc_custom(&outputs_operations, sizeof outputs, 0, 1);
  Outputs_val(block) = outputs;
  list = Val_emptylist;
  for (uint64_t i = deep != NULL ? 0 : outputs->n_tensors; i-- > 0;) {
    pair = caml_alloc_tuple(2);
    Store_field(pair, 0, caml_copy_string(outputs->tensors[i].name));
    Store_field(pair, 1, stele_ocaml_tensor(&outputs->tensors[i]));
    list = cons(pair, list);
  }
  result = deep != NULL ? refuse_deep(deep) : stele_ocaml_ok(list);
  Outputs_val(block) = NULL;
  stele_outputs_free(outputs);
  CAMLreturn(result);
}

value stele_ocaml_run(value block, value signature, value inputs) {
  CAMLparam3(block, signature, inputs);
  stele_model *model = borrow(block);
  if (model == NULL)
    CAMLreturn(
        stele_ocaml_refuse(STELE_FAILED_PRECONDITION, "the model is closed"));
  uint64_t count;
  stele_tensor *views = stele_ocaml_views(inputs, &count);
  char *name = caml_stat_strdup_noexc(String_val(signature));
  stele_error error = {STELE_RESOURCE_EXHAUSTED, "out of memory"};
  stele_outputs *outputs = NULL;
  caml_release_runtime_system();
  if (views != NULL && name != NULL)
    outputs = stele_run(model, name, views, count, &error);
  stele_free(model);
  caml_acquire_runtime_system();
  free(views);
  caml_stat_free(name);
  CAMLreturn(outputs != NULL ? outputs_value(outputs)
                             : stele_ocaml_error(&error));
}
