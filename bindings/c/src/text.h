/* Text that grows. */
#ifndef STELE_SRC_TEXT_H
#define STELE_SRC_TEXT_H

#include <stddef.h>

/* Zero-initialise it. `data` is NULL until something is added, and to be freed.
 */
typedef struct text_buffer {
  char *data;
  size_t size;
} text_buffer;

/* Adds to the end; without memory, adds nothing. */
void text_append(text_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A new text, to be freed; NULL when out of memory. */
char *text_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
