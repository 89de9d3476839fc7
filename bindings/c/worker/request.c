#include "request.h"

#include "blocking.h"
#include "refuse.h"
#include "reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_AND_VERB = 2 };

static const struct {
  const char *name;
  size_t n_arguments;
} verbs[] = {
    [HELLO] = {"hello", 1}, [LOAD] = {"load", 3},
    [RUN] = {"run", 3},     [DESCRIBE] = {"describe", 1},
    [BENCH] = {"bench", 6}, [UNLOAD] = {"unload", 0},
    [BYE] = {"bye", 0},
};

/* False for a request that has been answered: nothing more to do. */
static bool take(struct request *request, const char *verb, size_t count) {
  stele_error error;
  size_t v = 0;
  while (v < sizeof verbs / sizeof *verbs && strcmp(verbs[v].name, verb) != 0)
    v++;
  if (v == sizeof verbs / sizeof *verbs) {
    reply_unsupported(request->id, "verb", verb);
    return false;
  }
  request->verb = (enum verb)v;
  for (size_t i = 0; i < verbs[v].n_arguments && i < count; i++)
    if (field_has_nul(request->arguments[i])) {
      refuse_nul(&error, request->arguments[i].text,
                 request->arguments[i].size);
      reply_error(request->id, &error);
      return false;
    }
  if (count < verbs[v].n_arguments) {
    refuse(&error, STELE_INVALID_ARGUMENT, "%s needs %zu arguments, got %zu",
           verb, verbs[v].n_arguments, count);
    reply_error(request->id, &error);
    return false;
  }
  return true;
}

static bool parse(struct request *request, size_t size) {
  struct field fields[ID_AND_VERB + MAX_ARGUMENTS] = {{NULL, 0}};
  size_t most = sizeof fields / sizeof *fields;
  bool utf8 = is_utf8(request->line, size);
  size_t count = fields_split(request->line, size, fields, most);
  stele_error error;
  request->id = fields[0].text;
  if (!utf8) {
    refuse(&error, STELE_INVALID_ARGUMENT, "the request is not UTF-8");
    reply_error(request->id, &error);
    return false;
  }
  if (count < ID_AND_VERB) {
    refuse(&error, STELE_INVALID_ARGUMENT,
           "a request is an id, a verb and arguments, with no unknown escapes");
    reply_error(request->id, &error);
    return false;
  }
  if (field_has_nul(fields[1])) {
    reply_unsupported(request->id, "verb", fields[1].text);
    return false;
  }
  memcpy(request->arguments, fields + ID_AND_VERB, sizeof request->arguments);
  return take(request, fields[1].text,
              (count < most ? count : most) - ID_AND_VERB);
}

bool request_next(struct request *request) {
  for (;;) {
    make_blocking(fileno(stdin));
    ssize_t size = getline(&request->line, &request->room, stdin);
    if (size < 0)
      break;
    if (request->line[size - 1] == '\n')
      request->line[--size] = '\0';
    if (size > 0 && parse(request, (size_t)size))
      return true;
  }
  request_free(request);
  return false;
}

void request_free(struct request *request) {
  free(request->line);
  *request = (struct request){.id = ""};
}
