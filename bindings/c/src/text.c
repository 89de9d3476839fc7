#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *format_new(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

static char *format_new(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *data = size < 0 ? NULL : malloc((size_t)size + 1);
  if (data != NULL)
    vsnprintf(data, (size_t)size + 1, format, arguments);
  return data;
}

char *text_format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *data = format_new(format, arguments);
  va_end(arguments);
  return data;
}

void text_append(text_buffer *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *added = format_new(format, arguments);
  va_end(arguments);
  size_t length = added != NULL ? strlen(added) : 0;
  char *data = length > 0 ? realloc(text->data, text->size + length + 1) : NULL;
  if (data != NULL) {
    memcpy(data + text->size, added, length + 1);
    text->data = data;
    text->size += length;
  }
  free(added);
}
