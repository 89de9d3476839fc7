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
  case ENODEV:
  case ENXIO:
  case ESRCH:
    return STELE_NOT_FOUND;
  case EEXIST:
    return STELE_ALREADY_EXISTS;
  case EACCES:
  case EPERM:
  case EROFS:
    return STELE_PERMISSION_DENIED;
  case EISDIR:
  case ENOTDIR:
  case ENOTEMPTY:
  case EBADF:
  case EBUSY:
  case EPIPE:
  case ETXTBSY:
    return STELE_FAILED_PRECONDITION;
  case ENOSPC:
  case EDQUOT:
  case EMFILE:
  case ENFILE:
  case EMLINK:
  case ENOMEM:
  case ENOBUFS:
    return STELE_RESOURCE_EXHAUSTED;
  case EINVAL:
  case ENAMETOOLONG:
  case E2BIG:
  case EILSEQ:
  case ESPIPE:
  case ENOTTY:
    return STELE_INVALID_ARGUMENT;
  case EFBIG:
  case EOVERFLOW:
  case ERANGE:
    return STELE_OUT_OF_RANGE;
  case ENOSYS:
  case ENOTSUP:
  case EXDEV:
    return STELE_UNIMPLEMENTED;
  case EAGAIN:
  case EINTR:
  case ECONNREFUSED:
  case ECONNRESET:
  case ECONNABORTED:
  case EHOSTUNREACH:
  case ENETUNREACH:
  case ENETDOWN:
    return STELE_UNAVAILABLE;
  case EDEADLK:
  case ESTALE:
    return STELE_ABORTED;
  case ETIMEDOUT:
    return STELE_DEADLINE_EXCEEDED;
  case ECANCELED:
    return STELE_CANCELLED;
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
