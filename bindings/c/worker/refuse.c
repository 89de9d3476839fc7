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

bool refuse_nul(stele_error *error, const char *text, size_t size) {
  static const char begin[] = "a name or path holds a NUL: \"";
  char *to = error->message;
  const char *stop = error->message + sizeof error->message - sizeof "\\0\"";
  error->code = STELE_INVALID_ARGUMENT;
  memcpy(to, begin, sizeof begin - 1);
  to += sizeof begin - 1;
  for (size_t i = 0; i < size && to < stop; i++) {
    if (text[i] == '\0')
      *to++ = '\\';
    *to++ = text[i] == '\0' ? '0' : text[i];
  }
  memcpy(to, "\"", 2);
  return false;
}

bool refuse_memory(stele_error *error) {
  return refuse(error, STELE_RESOURCE_EXHAUSTED, "out of memory");
}
