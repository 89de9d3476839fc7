#include "not_a_model.h"

#include "error.h"
#include "text.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool exists(const char *folder, const char *file) {
  char *path = text_format("%s/%s", folder, file);
  bool present = path != NULL && access(path, F_OK) == 0;
  free(path);
  return present;
}

/* ---- No folder --------------------------------------------------------- */

static bool is_url(const char *path) {
  static const char *const schemes[] = {"gs://", "s3://", "hdfs://", "http://",
                                        "https://"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (strncmp(path, schemes[i], strlen(schemes[i])) == 0)
      return true;
  return false;
}

static bool ends_with(const char *path, const char *ending) {
  size_t length = strlen(path);
  return length > strlen(ending) &&
         strcmp(path + length - strlen(ending), ending) == 0;
}

/* The folder around a file, to be freed. */
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL)
    return text_format(".");
  return text_format("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static stele_code fail_file(const char *path, stele_error *error) {
  if (ends_with(path, ".keras") || ends_with(path, ".h5") ||
      ends_with(path, ".hdf5"))
    return fail(error, STELE_NOT_FOUND,
                "\"%s\" is a Keras model file, not a SavedModel folder; export "
                "it in Python: "
                "keras.models.load_model(\"%s\").export(\"saved_model\")",
                path, path);
  if (ends_with(path, ".tflite"))
    return fail(error, STELE_NOT_FOUND,
                "\"%s\" is a LiteRT model, not a SavedModel folder", path);
  char *folder = folder_of(path);
  stele_code code =
      folder != NULL && exists(folder, "saved_model.pb")
          ? fail(error, STELE_NOT_FOUND,
                 "\"%s\" is a file of a SavedModel; give its folder: \"%s\"",
                 path, folder)
          : fail(error, STELE_NOT_FOUND,
                 "no SavedModel at \"%s\": a file, not a folder", path);
  free(folder);
  return code;
}

stele_code fail_no_folder(const char *path, stele_error *error) {
  if (access(path, F_OK) == 0)
    return fail_file(path, error);
  if (is_url(path))
    return fail(error, STELE_NOT_FOUND,
                "\"%s\" is a URL; copy the SavedModel folder to this machine "
                "first",
                path);
  return fail(error, STELE_NOT_FOUND, "no SavedModel at \"%s\": no such folder",
              path);
}

/* ---- No model ---------------------------------------------------------- */

/* Whether the decimal number `left` is the greater; of any length. */
static bool is_greater(const char *left, const char *right) {
  left += strspn(left, "0");
  right += strspn(right, "0");
  if (strlen(left) != strlen(right))
    return strlen(left) > strlen(right);
  return strcmp(left, right) > 0;
}

static bool is_version(const char *folder, const char *name) {
  if (name[strspn(name, "0123456789")] != '\0')
    return false;
  char *version = text_format("%s/%s", folder, name);
  bool holds = version != NULL && exists(version, "saved_model.pb");
  free(version);
  return holds;
}

/* The greatest version below the folder, to be freed; NULL if there is none. */
static char *greatest_version(const char *folder) {
  DIR *entries = opendir(folder);
  char *greatest = NULL;
  if (entries == NULL)
    return NULL;
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    const char *name = entry->d_name;
    if (!is_version(folder, name) ||
        (greatest != NULL && !is_greater(name, greatest)))
      continue;
    free(greatest);
    greatest = text_format("%s", name);
  }
  closedir(entries);
  return greatest;
}

stele_code fail_no_model(const char *folder, stele_error *error) {
  if (exists(folder, "saved_model.pbtxt"))
    return fail(error, STELE_UNIMPLEMENTED,
                "\"%s/saved_model.pbtxt\" is a SavedModel in text form, which "
                "cannot be loaded here; load it in Python and save it again",
                folder);
  char *version = greatest_version(folder);
  stele_code code =
      version != NULL
          ? fail(error, STELE_NOT_FOUND,
                 "\"%s\" is a folder of versions; give one of them, such as "
                 "\"%s/%s\"",
                 folder, folder, version)
          : fail(error, STELE_NOT_FOUND,
                 "no SavedModel at \"%s\": no saved_model.pb in it", folder);
  free(version);
  return code;
}
