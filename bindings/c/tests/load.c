/* Loading: tags, configurations, and every damaged folder. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_load_error(const char *name, const stele_options *options,
                             stele_code code, const char *part) {
  stele_error error;
  stele_model *model = stele_load(test_model_path(name), options, &error);
  CHECK(model == NULL);
  CHECK_ERROR(&error, code, part);
  stele_free(model);
}

static void good_model(void) {
  stele_error error = {STELE_UNKNOWN, "left over"};
  stele_model *model = stele_load(test_model_path("conv"), NULL, &error);
  CHECK(model != NULL && error.code == STELE_OK && error.message[0] == '\0');
  stele_free(model);
  stele_free(NULL);
}

static void error_may_be_null(void) {
  CHECK(stele_load("/no/such/folder", NULL, NULL) == NULL);
  CHECK(stele_load(test_model_path("broken-cut-data"), NULL, NULL) == NULL);
  CHECK(stele_load(NULL, NULL, NULL) == NULL);
}

static void tags_are_a_set(void) {
  stele_options options = {.struct_size = sizeof options,
                           .tags = "serve,gpu,serve"};
  stele_free(test_load("odd", &options));
  options.tags = "";
  stele_free(test_load("plain", &options));
}

static void wrong_tags(void) {
  stele_options options = {.struct_size = sizeof options, .tags = "gpu"};
  check_load_error("odd", &options, STELE_NOT_FOUND,
                   "has the tags {\"gpu\"}; it has {\"serve\"}, "
                   "{\"gpu\",\"serve\"}");
  options.tags = "";
  check_load_error("odd", &options, STELE_NOT_FOUND, "has the tags {}; ");
  check_load_error("plain", NULL, STELE_NOT_FOUND, "{\"serve\"}; it has {}");
}

static void options_need_their_size(void) {
  stele_options options = {.profile = "inline"};
  check_load_error("odd", &options, STELE_INVALID_ARGUMENT, "struct_size is 0");
  /* From a newer header: what this library does not know lies behind. */
  struct {
    stele_options known;
    char unknown[8];
  } newer = {{.struct_size = sizeof newer, .tags = "serve"}, ""};
  stele_free(test_load("odd", &newer.known));
}

static void wrong_configs(void) {
  stele_options options = {.struct_size = sizeof options, .profile = "fastest"};
  check_load_error("conv", &options, STELE_INVALID_ARGUMENT, "\"fastest\"");
  options = (stele_options){
      .struct_size = sizeof options, .config = "\xff\xff", .config_size = 2};
  check_load_error("conv", &options, STELE_INVALID_ARGUMENT, "\"hex:ffff\"");
  options.profile = "inline";
  check_load_error("conv", &options, STELE_INVALID_ARGUMENT, "both");
  options = (stele_options){.struct_size = sizeof options, .config_size = 2};
  check_load_error("conv", &options, STELE_INVALID_ARGUMENT, "no data");
}

static void config_bytes(void) {
  /* intra_op_parallelism_threads (field 2) = 1 */
  stele_options options = {
      .struct_size = sizeof options, .config = "\x10\x01", .config_size = 2};
  stele_free(test_load("conv", &options));
}

static void damaged_folders(void) {
  static const struct {
    const char *name;
    stele_code code;
    const char *part;
  } rows[] = {
      {"missing", STELE_NOT_FOUND, "/missing\""},
      {"conv/saved_model.pb", STELE_NOT_FOUND, "/conv/saved_model.pb\""},
      {"conv/saved_model.pb/x", STELE_NOT_FOUND, "/conv/saved_model.pb/x\""},
      {"conv/variables", STELE_NOT_FOUND, "/variables\": no saved_model.pb"},
      {"broken-no-pb", STELE_NOT_FOUND, "/broken-no-pb\": no saved_model.pb"},
      {"broken-empty-pb", STELE_DATA_LOSS, "/broken-empty-pb/"},
      {"broken-text-pb", STELE_DATA_LOSS, "/broken-text-pb/"},
      {"broken-cut-pb", STELE_DATA_LOSS, "/broken-cut-pb/"},
      {"broken-no-variables", STELE_NOT_FOUND, "variables/variables.index\""},
      {"broken-no-index", STELE_NOT_FOUND, "variables/variables.index\""},
      {"broken-cut-index", STELE_DATA_LOSS, ""},
      {"broken-no-data", STELE_NOT_FOUND, "variables.data-00000-of-00001"},
      {"broken-cut-data", STELE_DATA_LOSS, ""},
      {"broken-flipped-data", STELE_DATA_LOSS, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check_load_error(rows[i].name, NULL, rows[i].code, rows[i].part);
}

static void path_as_url_and_with_slashes(void) {
  char url[4096];
  snprintf(url, sizeof url, "file://%s//", test_model_path("conv"));
  stele_error error;
  stele_model *model = stele_load(url, NULL, &error);
  CHECK(model != NULL);
  stele_free(model);
}

static void another_tensorflow(void) {
  stele_options options = {.struct_size = sizeof options,
                           .libtensorflow = "/no/such/folder"};
  check_load_error("conv", &options, STELE_NOT_FOUND,
                   "no libtensorflow at \"/no/such/folder\": no such file or "
                   "folder");
  options.libtensorflow = test_model_path(".");
  check_load_error("conv", &options, STELE_NOT_FOUND,
                   "holds none of libtensorflow_cc.so.2");
  options.libtensorflow = "/proc/self/exe";
  check_load_error("conv", &options, STELE_FAILED_PRECONDITION,
                   "this process has loaded \"");
  options.libtensorflow = getenv("STELE_LIBTENSORFLOW"); /* the one it has */
  stele_free(test_load("conv", &options));
}

static void long_path_is_cut_in_the_message(void) {
  /* Three-byte characters, so that the cut falls inside one. */
  static char path[3 * STELE_MESSAGE_SIZE + 2] = "/";
  for (size_t i = 0; i < STELE_MESSAGE_SIZE; i++)
    memcpy(path + 1 + 3 * i, "\xe2\x82\xac", 3);
  stele_error error;
  CHECK(stele_load(path, NULL, &error) == NULL);
  CHECK_ERROR(&error, STELE_INVALID_ARGUMENT, "\xe2\x82\xac...");
  size_t length = strlen(error.message);
  CHECK(length < STELE_MESSAGE_SIZE);
  CHECK_TEXT(error.message + length - 3, "...");
}

void suite_load(void) {
  TEST(options_need_their_size);
  TEST(good_model);
  TEST(error_may_be_null);
  TEST(tags_are_a_set);
  TEST(wrong_tags);
  TEST(wrong_configs);
  TEST(config_bytes);
  TEST(damaged_folders);
  TEST(path_as_url_and_with_slashes);
  TEST(another_tensorflow);
  TEST(long_path_is_cut_in_the_message);
}
