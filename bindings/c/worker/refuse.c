#include "refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool refuse(stele_error *error, stele_code code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  error->code = code;
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return false;
}

bool refuse_errno(stele_error *error, const char *path) {
  int number = errno;
  return refuse(error, stele_code_from_errno(number), "\"%s\": %s", path,
                strerror(number));
}

bool refuse_memory(stele_error *error) {
  return refuse(error, STELE_RESOURCE_EXHAUSTED, "out of memory");
}
