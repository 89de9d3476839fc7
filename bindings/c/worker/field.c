#include "field.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char escaped[] = {'\\', '\t', '\n', '\r', '\0'};
static const char letters[] = {'\\', 't', 'n', 'r', '0'};

/* In place: what is unescaped is never longer. Ends at a wrong escape. */
static bool unescape(struct field *field) {
  const char *from = field->text;
  const char *end = from + field->size;
  char *to = field->text;
  bool valid = true;
  for (; from < end; from++) {
    if (*from != '\\') {
      *to++ = *from;
      continue;
    }
    from++;
    const char *letter =
        from < end ? memchr(letters, *from, sizeof letters) : NULL;
    valid = letter != NULL;
    if (!valid)
      break;
    *to++ = escaped[letter - letters];
  }
  *to = '\0';
  field->size = (size_t)(to - field->text);
  return valid;
}

size_t fields_split(char *line, size_t size, struct field *fields, size_t max) {
  char *end = line + size;
  for (size_t count = 0;; count++) {
    char *tab = memchr(line, '\t', (size_t)(end - line));
    char *stop = tab != NULL ? tab : end;
    if (count < max) {
      fields[count] = (struct field){line, (size_t)(stop - line)};
      if (!unescape(&fields[count]))
        return 0;
    }
    if (tab == NULL)
      return count + 1;
    line = tab + 1;
  }
}

bool field_has_nul(struct field field) {
  return memchr(field.text, '\0', field.size) != NULL;
}

/* The bytes of one character, 0 if it is none: no surrogates, nothing beyond
 * U+10FFFF, nothing longer than it need be. */
static size_t character_size(const unsigned char *bytes, size_t size) {
  static const struct {
    unsigned char mask, lead;
    uint32_t least;
  } forms[] = {{0x80, 0x00, 0},
               {0xe0, 0xc0, 0x80},
               {0xf0, 0xe0, 0x800},
               {0xf8, 0xf0, 0x10000}};
  size_t length = 1;
  while (length <= 4 &&
         (bytes[0] & forms[length - 1].mask) != forms[length - 1].lead)
    length++;
  if (length > 4 || length > size)
    return 0;
  uint32_t point = bytes[0] & (unsigned char)~forms[length - 1].mask;
  for (size_t i = 1; i < length; i++) {
    if ((bytes[i] & 0xc0) != 0x80)
      return 0;
    point = point << 6 | (bytes[i] & 0x3f);
  }
  bool valid = point >= forms[length - 1].least && point <= 0x10ffff &&
               (point < 0xd800 || point > 0xdfff);
  return valid ? length : 0;
}

bool is_utf8(const char *bytes, size_t size) {
  const unsigned char *next = (const unsigned char *)bytes;
  const unsigned char *end = next + size;
  while (next < end) {
    size_t length = character_size(next, (size_t)(end - next));
    if (length == 0)
      return false;
    next += length;
  }
  return true;
}

bool parse_number(const char *text, long long *number) {
  if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
    return false;
  errno = 0;
  *number = strtoll(text, NULL, 10);
  return errno == 0;
}

void write_escaped(FILE *stream, const char *text) {
  for (; *text != '\0'; text++) {
    const char *special = memchr(escaped, *text, sizeof escaped);
    if (special == NULL) {
      putc(*text, stream);
    } else {
      putc('\\', stream);
      putc(letters[special - escaped], stream);
    }
  }
}
