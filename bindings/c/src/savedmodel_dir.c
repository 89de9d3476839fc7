#include "savedmodel_dir.h"

#include "error.h"
#include "not_a_model.h"
#include "regular_file.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *savedmodel_folder(const char *path, arena *memory) {
  static const char scheme[] = "file://";
  if (strncmp(path, scheme, sizeof scheme - 1) == 0)
    path += sizeof scheme - 1;
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  char *folder = arena_take(memory, length + 1, 1);
  if (folder != NULL)
    memcpy(folder, path, length);
  return folder;
}

static stele_code check_folder(const char *folder, stele_error *error) {
  struct stat status;
  if (stat(folder, &status) == 0)
    return S_ISDIR(status.st_mode) ? STELE_OK : fail_no_folder(folder, error);
  return errno == ENOENT || errno == ENOTDIR
             ? fail_no_folder(folder, error)
             : regular_file_fail(folder, errno, error);
}

static stele_code read_graph(const char *folder, tag_set tags, metagraph *graph,
                             stele_error *error) {
  char *path = text_format("%s/saved_model.pb", folder);
  if (path == NULL)
    return fail_memory(error);
  void *bytes = NULL;
  size_t size = 0;
  stele_code code = regular_file_read(path, &bytes, &size, error);
  if (code == STELE_NOT_FOUND)
    code = fail_no_model(folder, error);
  if (code == STELE_OK) {
    code = metagraph_read(bytes, size, path, tags, graph, error);
    free(bytes);
  }
  free(path);
  return code;
}

/* ---- Variables --------------------------------------------------------- */

static int is_shard(const struct dirent *entry) {
  static const char prefix[] = "variables.data-";
  return strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0;
}

static stele_code check_in(const char *folder, const char *name,
                           stele_error *error) {
  char *path = text_format("%s/%s", folder, name);
  stele_code code =
      path != NULL ? regular_file_check(path, error) : fail_memory(error);
  free(path);
  return code;
}

static stele_code check_shards(const char *variables, stele_error *error) {
  struct dirent **entries = NULL;
  int count = scandir(variables, &entries, is_shard, alphasort);
  stele_code code = STELE_OK;
  for (int i = 0; i < count; i++) {
    if (code == STELE_OK)
      code = check_in(variables, entries[i]->d_name, error);
    free(entries[i]);
  }
  free(entries);
  return code;
}

/* TensorFlow takes a missing index for a model that has no variables, and runs
 * it on uninitialised ones. A missing shard it misses by itself. */
static stele_code check_variables(const char *folder, stele_error *error) {
  char *variables = text_format("%s/variables", folder);
  if (variables == NULL)
    return fail_memory(error);
  stele_code code = check_in(variables, "variables.index", error);
  if (code == STELE_OK)
    code = check_shards(variables, error);
  free(variables);
  return code;
}

stele_code savedmodel_read(const char *folder, tag_set tags, metagraph *graph,
                           stele_error *error) {
  *graph = (metagraph){.n_signatures = 0};
  stele_code code = check_folder(folder, error);
  if (code == STELE_OK)
    code = read_graph(folder, tags, graph, error);
  if (code == STELE_OK && graph->has_saver)
    code = check_variables(folder, error);
  if (code != STELE_OK)
    arena_free(&graph->memory);
  return code;
}
