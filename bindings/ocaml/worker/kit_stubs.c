/* One thread calls these, and waits in them: the runtime lock stays where it
 * is. */
#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <stdio.h>
#include <stele_worker.h>
#include <string.h>

/* A process has one. */
static stele_worker *worker;

value kit_start(value binding, value language) {
  worker = stele_worker_new(String_val(binding), String_val(language), NULL);
  return Val_unit;
}

static value string_option(const char *text, size_t size) {
  return text == NULL
             ? Val_none
             : caml_alloc_some(caml_alloc_initialized_string(size, text));
}

static value load_value(const stele_worker_request *request) {
  CAMLparam0();
  CAMLlocal1(load);
  const char *profile = request->profile;
  load = caml_alloc(4, 0);
  Store_field(load, 0, caml_copy_string(request->dir));
  Store_field(load, 1, caml_copy_string(request->tags));
  Store_field(load, 2, string_option(profile, profile ? strlen(profile) : 0));
  Store_field(load, 3, string_option(request->config, request->config_size));
  CAMLreturn(load);
}

static value dims_value(const stele_worker_input *input) {
  CAMLparam0();
  CAMLlocal1(dims);
  dims = caml_alloc(input->rank, 0);
  for (int i = 0; i < input->rank; i++)
    Store_field(dims, i, Val_long(input->dims[i]));
  CAMLreturn(dims);
}

static value input_value(const stele_worker_input *input) {
  CAMLparam0();
  CAMLlocal1(record);
  record = caml_alloc(4, 0);
  Store_field(record, 0, caml_copy_string(input->name));
  Store_field(record, 1, caml_copy_string(stele_dtype_name(input->dtype)));
  Store_field(record, 2, dims_value(input));
  Store_field(record, 3, caml_copy_string(input->path));
  CAMLreturn(record);
}

static value run_value(const stele_worker_request *request) {
  CAMLparam0();
  CAMLlocal4(run, list, cell, input);
  list = Val_emptylist;
  for (uint64_t i = request->n_inputs; i-- > 0;) {
    input = input_value(&request->inputs[i]);
    cell = caml_alloc_small(2, Tag_cons);
    Field(cell, 0) = input;
    Field(cell, 1) = list;
    list = cell;
  }
  run = caml_alloc(2, 1);
  Store_field(run, 0, caml_copy_string(request->signature));
  Store_field(run, 1, list);
  CAMLreturn(run);
}

static value request_value(const stele_worker_request *request) {
  switch (request->verb) {
  case STELE_WORKER_LOAD:
    return load_value(request);
  case STELE_WORKER_RUN:
    return run_value(request);
  case STELE_WORKER_UNLOAD:
    return Val_int(0);
  default: {
    value other = caml_alloc_small(1, 2);
    Field(other, 0) = Val_int(request->verb);
    return other;
  }
  }
}

value kit_next(value unit) {
  CAMLparam1(unit);
  const stele_worker_request *request = stele_worker_next(worker);
  if (request != NULL)
    CAMLreturn(caml_alloc_some(request_value(request)));
  stele_worker_free(worker);
  CAMLreturn(Val_none);
}

value kit_again(value unit) {
  (void)unit;
  return Val_bool(stele_worker_again(worker));
}

static int32_t copy_dims(value array, int64_t *dims) {
  for (size_t i = 0; i < Wosize_val(array); i++)
    dims[i] = Long_val(Field(array, i));
  return (int32_t)Wosize_val(array);
}

value kit_describe(value signature, value is_output, value name, value dtype,
                   value dims) {
  int64_t sizes[256];
  int32_t rank = Is_block(dims) ? copy_dims(Field(dims, 0), sizes) : -1;
  stele_worker_describe(worker, String_val(signature), Bool_val(is_output),
                        String_val(name), String_val(dtype), rank, sizes);
  return Val_unit;
}

value kit_output(value name, value dtype, value dims, value size) {
  CAMLparam4(name, dtype, dims, size);
  int64_t sizes[256];
  int32_t rank = copy_dims(dims, sizes);
  const char *path = stele_worker_output(
      worker, String_val(name), stele_dtype_from_name(String_val(dtype)), rank,
      sizes, (uint64_t)Long_val(size));
  CAMLreturn(string_option(path, path != NULL ? strlen(path) : 0));
}

/* The bytes of a file into a Bigarray, or of a Bigarray into a file: an OCaml
 * float on the way would change a signalling NaN. */
value kit_read(value path, value numbers) {
  size_t size = caml_ba_byte_size(Caml_ba_array_val(numbers));
  FILE *file = fopen(String_val(path), "rb");
  int is_read =
      file != NULL && fread(Caml_ba_data_val(numbers), 1, size, file) == size;
  if (file != NULL)
    fclose(file);
  return Val_bool(is_read);
}

value kit_write(value path, value numbers) {
  size_t size = caml_ba_byte_size(Caml_ba_array_val(numbers));
  FILE *file = fopen(String_val(path), "wb");
  int is_written =
      file != NULL && fwrite(Caml_ba_data_val(numbers), 1, size, file) == size;
  return Val_bool(file != NULL && fclose(file) == 0 && is_written);
}

value kit_ok(value unit) {
  stele_worker_ok(worker);
  return unit;
}

value kit_error(value code, value message) {
  stele_worker_error(worker, Int_val(code), String_val(message));
  return Val_unit;
}

value kit_unsupported(value what) {
  stele_worker_unsupported(worker, String_val(what));
  return Val_unit;
}
