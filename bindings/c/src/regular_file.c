#include "regular_file.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is open. */
typedef struct opened {
  const char *path;
  int descriptor;
  off_t size;
} opened;

stele_code regular_file_fail(const char *path, int number, stele_error *error) {
  return fail(error, stele_code_from_errno(number), "\"%s\": %s", path,
              strerror(number));
}

static stele_code fail_kind(const char *path, stele_error *error) {
  return fail(error, STELE_DATA_LOSS, "\"%s\" is not a regular file", path);
}

/* Looked at before it is opened, for opening a device may do something, and
 * again after, for it may have changed; O_NONBLOCK is for a FIFO in between. */
static stele_code open_regular(const char *path, opened *file,
                               stele_error *error) {
  struct stat status;
  if (stat(path, &status) != 0)
    return errno == ENOENT || errno == ENOTDIR
               ? fail(error, STELE_NOT_FOUND, "no file \"%s\"", path)
               : regular_file_fail(path, errno, error);
  if (!S_ISREG(status.st_mode))
    return fail_kind(path, error);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return regular_file_fail(path, errno, error);
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    return fail_kind(path, error);
  }
  *file = (opened){path, descriptor, status.st_size};
  return STELE_OK;
}

/* Fills `bytes`, and fewer of them only at the end of the file. */
static stele_code read_bytes(const opened *file, char *bytes, size_t size,
                             size_t *got, stele_error *error) {
  *got = 0;
  while (*got < size) {
    ssize_t more = read(file->descriptor, bytes + *got, size - *got);
    if (more == 0)
      break;
    if (more > 0)
      *got += (size_t)more;
    else if (errno != EINTR)
      return regular_file_fail(file->path, errno, error);
  }
  return STELE_OK;
}

static stele_code check_pointer(const char *path, const char *bytes,
                                size_t size, stele_error *error) {
  static const char prefix[] = "version https://git-lfs.github.com/spec/";
  if (size < sizeof prefix - 1 || memcmp(bytes, prefix, sizeof prefix - 1) != 0)
    return STELE_OK;
  return fail(error, STELE_DATA_LOSS,
              "\"%s\" is a Git LFS pointer, not the file; run: git lfs pull",
              path);
}

stele_code regular_file_check(const char *path, stele_error *error) {
  opened file = {path, -1, 0};
  stele_code code = open_regular(path, &file, error);
  if (code != STELE_OK)
    return code;
  char start[64];
  size_t size;
  code = read_bytes(&file, start, sizeof start, &size, error);
  if (code == STELE_OK)
    code = check_pointer(path, start, size, error);
  close(file.descriptor);
  return code;
}

static stele_code read_whole(const opened *file, void **bytes, size_t *size,
                             stele_error *error) {
  if (file->size > INT32_MAX)
    return fail(error, STELE_DATA_LOSS,
                "\"%s\" is larger than 2 GiB, which no SavedModel can be",
                file->path);
  char *data = malloc((size_t)file->size + 1);
  if (data == NULL)
    return fail_memory(error);
  stele_code code = read_bytes(file, data, (size_t)file->size, size, error);
  if (code == STELE_OK && *size < (size_t)file->size)
    code = fail(error, STELE_DATA_LOSS, "\"%s\" shrank while it was read",
                file->path);
  if (code == STELE_OK)
    code = check_pointer(file->path, data, *size, error);
  if (code == STELE_OK)
    *bytes = data;
  else
    free(data);
  return code;
}

stele_code regular_file_read(const char *path, void **bytes, size_t *size,
                             stele_error *error) {
  opened file = {path, -1, 0};
  stele_code code = open_regular(path, &file, error);
  if (code == STELE_OK) {
    code = read_whole(&file, bytes, size, error);
    close(file.descriptor);
  }
  return code;
}
