/*
 * The worker of the binding "c": bindings/contract/PROTOCOL.md, version 1,
 * level 5, through the public header only. Reads requests from stdin, answers
 * on stdout.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench.h"
#include "bundle.h"
#include "describe.h"
#include "field.h"
#include "file.h"
#include "refuse.h"
#include "stele.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif

/* What lives from request to request, and the request in hand. */
struct worker {
  stele_model *model;
  const char *id;
  bool done;
};

/* ---- Replies ----------------------------------------------------------- */

static void reply_begin(const struct worker *worker, const char *status) {
  fputs("\n@stele1\t", stdout);
  write_escaped(stdout, worker->id);
  printf("\t%s", status);
}

static void reply_field(const char *text) {
  putchar('\t');
  write_escaped(stdout, text);
}

static void reply_end(void) {
  putchar('\n');
  fflush(stdout);
}

static void reply_ok(const struct worker *worker) {
  reply_begin(worker, "ok");
  reply_end();
}

static void reply_unsupported(const struct worker *worker, const char *kind,
                              const char *what) {
  reply_begin(worker, "unsupported");
  printf("\t%s ", kind);
  write_escaped(stdout, what);
  reply_end();
}

static void reply_error(const struct worker *worker, const stele_error *error) {
  reply_begin(worker, "error");
  reply_field(stele_code_name(error->code));
  reply_field(error->message);
  reply_end();
}

static void reply(const struct worker *worker, bool ok,
                  const stele_error *error) {
  if (ok)
    reply_ok(worker);
  else
    reply_error(worker, error);
}

/* ---- hello ------------------------------------------------------------- */

static void hello(struct worker *worker, struct field *arguments) {
  if (strcmp(arguments[0].text, "1") != 0) {
    reply_unsupported(worker, "protocol", arguments[0].text);
    return;
  }
  reply_begin(worker, "ok");
  reply_field("protocol=1");
  reply_field("binding=c");
  reply_field("language=C11, " COMPILER " " __VERSION__);
  printf("\ttensorflow=%s", stele_tensorflow_version(NULL));
  reply_field("verbs=hello,load,run,describe,bench,unload,bye");
  const char *separator = "\tdtypes=";
  for (int dtype = STELE_FP32; dtype <= STELE_UINT64; dtype++) {
    const char *name = stele_dtype_name((stele_dtype)dtype);
    if (name != NULL) {
      printf("%s%s", separator, name);
      separator = ",";
    }
  }
  reply_end();
}

/* ---- load -------------------------------------------------------------- */

static int hex_digit(char digit) {
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
  return found != NULL ? (int)((found - digits) % 16) : -1;
}

/* Decodes hexadecimal digits over themselves. */
static bool decode_hex(char *text, size_t *size) {
  char *to = text;
  for (const char *from = text; *from != '\0'; from += 2) {
    int high = hex_digit(from[0]);
    int low = high < 0 ? -1 : hex_digit(from[1]);
    if (low < 0)
      return false;
    *to++ = (char)(high << 4 | low);
  }
  *size = (size_t)(to - text);
  return true;
}

static bool parse_config(char *config, stele_options *options,
                         stele_error *error) {
  static const char prefix[] = "hex:";
  if (strncmp(config, prefix, sizeof prefix - 1) != 0) {
    options->profile = config;
    return true;
  }
  char *digits = config + sizeof prefix - 1;
  options->config = digits;
  if (strspn(digits, "0123456789abcdefABCDEF") != strlen(digits) ||
      !decode_hex(digits, &options->config_size))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "config \"%s\" is not pairs of hexadecimal digits", config);
  return true;
}

static void load(struct worker *worker, struct field *arguments) {
  stele_error error;
  stele_options options = {.struct_size = sizeof options,
                           .tags = arguments[1].text};
  stele_model *model = NULL;
  if (parse_config(arguments[2].text, &options, &error))
    model = stele_load(arguments[0].text, &options, &error);
  if (model != NULL) {
    stele_free(worker->model);
    worker->model = model;
  }
  reply(worker, model != NULL, &error);
}

/* ---- run, bench -------------------------------------------------------- */

static bool require_model(const struct worker *worker, stele_error *error) {
  return worker->model != NULL ||
         refuse(error, STELE_FAILED_PRECONDITION, "no model is loaded");
}

/* Outputs go to folder `out` and are released; NULL is a run that failed. */
static bool finish_run(stele_outputs *outputs, const char *out,
                       stele_error *error) {
  bool done = outputs != NULL && bundle_write(out, outputs, error);
  stele_outputs_free(outputs);
  return done;
}

static void run(struct worker *worker, struct field *arguments) {
  stele_error error;
  struct bundle inputs;
  bool done = require_model(worker, &error) &&
              bundle_read(arguments[1].text, &inputs, &error);
  if (done) {
    stele_outputs *outputs = stele_run(worker->model, arguments[0].text,
                                       inputs.tensors, inputs.count, &error);
    bundle_free(&inputs);
    done = finish_run(outputs, arguments[2].text, &error);
  }
  reply(worker, done, &error);
}

static bool bench_bundle(const struct worker *worker,
                         const struct field *arguments,
                         const struct bundle *inputs, long long warmup,
                         long long runs, stele_error *error) {
  uint64_t *samples = calloc((size_t)runs, sizeof *samples);
  if (samples == NULL)
    return refuse_memory(error);
  stele_outputs *outputs =
      bench(worker->model, arguments[0].text, inputs->tensors, inputs->count,
            warmup, runs, samples, error);
  bool done = finish_run(outputs, arguments[2].text, error) &&
              file_write(arguments[5].text, samples,
                         (size_t)runs * sizeof *samples, error);
  free(samples);
  return done;
}

static void run_bench(struct worker *worker, struct field *arguments) {
  stele_error error;
  struct bundle inputs;
  long long warmup = 0;
  long long runs = 0;
  bool done = require_model(worker, &error);
  if (done && (!parse_number(arguments[3].text, &warmup) ||
               !parse_number(arguments[4].text, &runs) || runs == 0))
    done = refuse(&error, STELE_INVALID_ARGUMENT,
                  "bench needs a number of warm-up runs and of runs above 0");
  if (done && bundle_read(arguments[1].text, &inputs, &error)) {
    done = bench_bundle(worker, arguments, &inputs, warmup, runs, &error);
    bundle_free(&inputs);
  } else {
    done = false;
  }
  reply(worker, done, &error);
}

/* ---- describe, unload, bye --------------------------------------------- */

static void run_describe(struct worker *worker, struct field *arguments) {
  stele_error error;
  bool done = require_model(worker, &error) &&
              describe(worker->model, arguments[0].text, &error);
  reply(worker, done, &error);
}

static void unload(struct worker *worker, struct field *arguments) {
  (void)arguments;
  stele_free(worker->model);
  worker->model = NULL;
  reply_ok(worker);
}

static void bye(struct worker *worker, struct field *arguments) {
  (void)arguments;
  worker->done = true;
  reply_ok(worker);
}

/* ---- Requests ---------------------------------------------------------- */

enum { MAX_ARGUMENTS = 6, ID_AND_VERB = 2 };

static const struct {
  const char *name;
  size_t n_arguments;
  void (*handle)(struct worker *worker, struct field *arguments);
} verbs[] = {
    {"hello", 1, hello},     {"load", 3, load},
    {"run", 3, run},         {"describe", 1, run_describe},
    {"bench", 6, run_bench}, {"unload", 0, unload},
    {"bye", 0, bye},
};

static void answer_verb(struct worker *worker, const char *verb,
                        struct field *arguments, size_t count) {
  stele_error error;
  size_t v = 0;
  while (v < sizeof verbs / sizeof *verbs && strcmp(verbs[v].name, verb) != 0)
    v++;
  if (v == sizeof verbs / sizeof *verbs) {
    reply_unsupported(worker, "verb", verb);
    return;
  }
  for (size_t i = 0; i < verbs[v].n_arguments && i < count; i++)
    if (field_has_nul(arguments[i])) {
      refuse_nul(&error, arguments[i].text, arguments[i].size);
      reply_error(worker, &error);
      return;
    }
  if (count < verbs[v].n_arguments) {
    refuse(&error, STELE_INVALID_ARGUMENT, "%s needs %zu arguments, got %zu",
           verb, verbs[v].n_arguments, count);
    reply_error(worker, &error);
    return;
  }
  verbs[v].handle(worker, arguments);
}

static void answer(struct worker *worker, char *line, size_t size) {
  struct field fields[ID_AND_VERB + MAX_ARGUMENTS] = {{NULL, 0}};
  size_t most = sizeof fields / sizeof *fields;
  bool utf8 = is_utf8(line, size);
  size_t count = fields_split(line, size, fields, most);
  stele_error error;
  worker->id = fields[0].text;
  if (!utf8) {
    refuse(&error, STELE_INVALID_ARGUMENT, "the request is not UTF-8");
    reply_error(worker, &error);
    return;
  }
  if (count < ID_AND_VERB) {
    refuse(&error, STELE_INVALID_ARGUMENT,
           "a request is an id, a verb and arguments, with no unknown escapes");
    reply_error(worker, &error);
    return;
  }
  if (field_has_nul(fields[1])) {
    reply_unsupported(worker, "verb", fields[1].text);
    return;
  }
  size_t n_arguments = (count < most ? count : most) - ID_AND_VERB;
  answer_verb(worker, fields[1].text, fields + ID_AND_VERB, n_arguments);
}

int main(void) {
  struct worker worker = {.model = NULL};
  char *line = NULL;
  size_t room = 0;
  while (!worker.done) {
    ssize_t size = getline(&line, &room, stdin);
    if (size < 0)
      break;
    if (line[size - 1] == '\n')
      line[--size] = '\0';
    if (size > 0)
      answer(&worker, line, (size_t)size);
  }
  free(line);
  stele_free(worker.model);
  return 0;
}
