/* Reads the tables of bindings/contract, which no test types again. */
#ifndef STELE_TESTS_TABLE_H
#define STELE_TESTS_TABLE_H

#include "stele.h"

#include <stddef.h>

/* Calls `row` with the fields of each row, in the order of the columns. A check
 * fails when `columns` is not the header, a row has fewer or more fields than
 * columns, or there is no row. Returns the number of rows. */
size_t table_read(const char *name, const char *columns,
                  void (*row)(char *const *fields));

/* Cuts `text` at each `separator`; the parts lie in it. Returns their number,
 * which a check keeps below `limit`. */
size_t table_split(char *text, char separator, char **parts, size_t limit);

/* Turns pairs of hexadecimal digits into the bytes that they stand for, in
 * place. Returns their number. */
size_t table_unhex(char *digits);

/* Checks that the strings of a tensor are these bytes, in the form of a bundle:
 * each follows its length, a little-endian uint32. */
void table_check_strings(const stele_tensor *tensor, const char *bytes,
                         size_t size);

/* A number in decimal; a check fails for any other text. */
long table_number(const char *text);

#endif
