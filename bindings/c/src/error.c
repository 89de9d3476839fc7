#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

const char *stele_code_name(stele_code code) {
  size_t index = (size_t)code;
  if (index >= sizeof code_names / sizeof *code_names)
    index = STELE_UNKNOWN;
  return code_names[index];
}

stele_code stele_code_from_errno(int number) {
  switch (number) {
  case 0:
    return STELE_OK;
  case ENOENT:
    return STELE_NOT_FOUND;
  case EACCES:
  case EPERM:
    return STELE_PERMISSION_DENIED;
  case EEXIST:
    return STELE_ALREADY_EXISTS;
  case ENOTDIR:
  case EISDIR:
  case ENOTEMPTY:
  case EROFS:
    return STELE_FAILED_PRECONDITION;
  case EINVAL:
  case ENAMETOOLONG:
    return STELE_INVALID_ARGUMENT;
  case ENOMEM:
  case ENOSPC:
  case EDQUOT:
  case EMFILE:
  case ENFILE:
    return STELE_RESOURCE_EXHAUSTED;
  case EFBIG:
  case EOVERFLOW:
    return STELE_OUT_OF_RANGE;
  default:
    return STELE_UNKNOWN;
  }
}

/* A cut message ends in "..." and never inside a UTF-8 sequence. */
static void mark_cut(char *message) {
  size_t end = STELE_MESSAGE_SIZE - sizeof "...";
  while (end > 0 && ((unsigned char)message[end] & 0xC0) == 0x80)
    end--;
  memcpy(message + end, "...", sizeof "...");
}

static void append(stele_error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void append(stele_error *error, const char *format, va_list arguments) {
  size_t used = strlen(error->message);
  size_t room = STELE_MESSAGE_SIZE - used;
  int needed = vsnprintf(error->message + used, room, format, arguments);
  if (needed < 0)
    error->message[used] = '\0';
  else if ((size_t)needed >= room)
    mark_cut(error->message);
}

stele_code fail(stele_error *error, stele_code code, const char *format, ...) {
  if (error == NULL)
    return code;
  error->code = code;
  error->message[0] = '\0';
  va_list arguments;
  va_start(arguments, format);
  append(error, format, arguments);
  va_end(arguments);
  return code;
}

void fail_append(stele_error *error, const char *format, ...) {
  if (error == NULL)
    return;
  va_list arguments;
  va_start(arguments, format);
  append(error, format, arguments);
  va_end(arguments);
}

stele_code fail_memory(stele_error *error) {
  return fail(error, STELE_RESOURCE_EXHAUSTED, "out of memory");
}

stele_code succeed(stele_error *error) {
  if (error != NULL) {
    error->code = STELE_OK;
    error->message[0] = '\0';
  }
  return STELE_OK;
}
