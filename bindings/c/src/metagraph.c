#include "metagraph.h"

#include "default_value.h"
#include "error.h"
#include "saved_model.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* protobuf-c derives type names from the package; these are the short ones. */
typedef Stele__Savedmodel__SavedModel SavedModel;
typedef Stele__Savedmodel__MetaGraphDef MetaGraphDef;
typedef Stele__Savedmodel__MetaGraphDef__MetaInfoDef MetaInfoDef;
typedef Stele__Savedmodel__SignatureDef SignatureDef;
typedef Stele__Savedmodel__TensorInfo TensorInfo;
typedef Stele__Savedmodel__TensorShape TensorShape;

/* ---- Maps -------------------------------------------------------------- */

/* An entry of a protobuf map, whatever the type of its value. */
typedef struct map_entry {
  const char *key;
  const void *value; /* NULL: the entry has none, all fields are default */
  size_t position;
} map_entry;

static int compare_entries(const void *left, const void *right) {
  const map_entry *a = left;
  const map_entry *b = right;
  int order = strcmp(a->key, b->key);
  if (order == 0)
    order = (a->position > b->position) - (a->position < b->position);
  return order;
}

/* Sorts by key; of entries with one key the last on the wire stays, as
 * protobuf wants it. Returns the new count. */
static size_t sort_map(map_entry *entries, size_t count) {
  if (count == 0)
    return 0;
  qsort(entries, count, sizeof *entries, compare_entries);
  size_t kept = 0;
  for (size_t i = 1; i < count; i++) {
    if (strcmp(entries[kept].key, entries[i].key) != 0)
      kept++;
    entries[kept] = entries[i];
  }
  return kept + 1;
}

/* Copies an array of pointers to protobuf-c map entries into `entries`. Every
 * entry type is {base, key, value}, so one macro serves all three. */
#define COPY_MAP(entries, map, count)                                          \
  for (size_t i_ = 0; i_ < (count); i_++)                                      \
    (entries)[i_] = (map_entry) {                                              \
      (map)[i_]->key, (map)[i_]->value, i_                                     \
    }

/* ---- Tensors ----------------------------------------------------------- */

static bool read_shape(const TensorShape *shape, metagraph *graph,
                       stele_tensor_info *info) {
  if (shape == NULL) {
    unshaped *entry = arena_take(&graph->memory, 1, sizeof *entry);
    if (entry == NULL)
      return false;
    info->rank = -1;
    *entry = (unshaped){graph->unshaped, info};
    graph->unshaped = entry;
    return true;
  }
  info->rank = shape->unknown_rank ? -1 : (int32_t)shape->n_dim;
  if (info->rank <= 0)
    return true;
  int64_t *dims = arena_take(&graph->memory, shape->n_dim, sizeof *dims);
  if (dims == NULL)
    return false;
  for (size_t i = 0; i < shape->n_dim; i++)
    dims[i] = shape->dim[i]->size < 0 ? -1 : shape->dim[i]->size;
  info->dims = dims;
  return true;
}

static bool read_dtype(int32_t number, arena *memory, stele_tensor_info *info) {
  /* A reference to a variable's value: TensorFlow fetches the value. */
  enum { REFERENCE = 100 };
  number = number > REFERENCE ? number - REFERENCE : number;
  info->dtype = number;
  info->dtype_name = stele_dtype_name(info->dtype);
  if (info->dtype_name != NULL)
    return true;
  info->dtype = STELE_UNNAMED;
  char name[sizeof "TF_-2147483648"];
  snprintf(name, sizeof name, "TF_%d", (int)number);
  info->dtype_name = arena_copy(memory, name);
  return info->dtype_name != NULL;
}

static bool read_tensor(const map_entry *entry, metagraph *graph,
                        stele_tensor_info *info) {
  arena *memory = &graph->memory;
  TensorInfo absent;
  stele__savedmodel__tensor_info__init(&absent);
  const TensorInfo *tensor = entry->value != NULL ? entry->value : &absent;
  info->name = arena_copy(memory, entry->key);
  info->tensor = arena_copy(memory, tensor->name);
  return info->name != NULL && info->tensor != NULL &&
         read_dtype(tensor->dtype, memory, info) &&
         read_shape(tensor->tensor_shape, graph, info);
}

/* The tensors of a map that sort_map has seen; NULL when out of memory. */
static stele_tensor_info *read_tensors(const map_entry *entries, size_t count,
                                       metagraph *graph) {
  stele_tensor_info *infos = arena_take(&graph->memory, count, sizeof *infos);
  for (size_t i = 0; infos != NULL && i < count; i++)
    if (!read_tensor(&entries[i], graph, &infos[i]))
      return NULL;
  return infos;
}

static int compare_info(const void *name, const void *info) {
  return strcmp(name, ((const stele_tensor_info *)info)->name);
}

const stele_tensor_info *info_find(const stele_tensor_info *infos, size_t count,
                                   const char *name) {
  return bsearch(name, infos, count, sizeof *infos, compare_info);
}

/* Gives inputs their defaults; of two with one key the last one counts. */
static void read_defaults(const SignatureDef *def, stele_tensor_info *inputs,
                          size_t count, arena *memory) {
  for (size_t i = 0; i < def->n_defaults; i++) {
    ProtobufCBinaryData bytes = def->defaults[i]->value;
    const stele_tensor_info *found =
        info_find(inputs, count, def->defaults[i]->key);
    if (found == NULL)
      continue;
    stele_tensor_info *input = &inputs[found - inputs];
    input->default_value =
        default_value_read(bytes.data, bytes.len, input, memory);
  }
}

/* ---- Signatures -------------------------------------------------------- */

static bool is_for_users(const char *signature) {
  static const char internal[] = "__saved_model_";
  return strncmp(signature, internal, sizeof internal - 1) != 0;
}

static bool read_signature(const map_entry *entry, map_entry *scratch,
                           metagraph *graph, stele_signature *signature) {
  SignatureDef absent;
  stele__savedmodel__signature_def__init(&absent);
  const SignatureDef *def = entry->value != NULL ? entry->value : &absent;

  signature->name = arena_copy(&graph->memory, entry->key);
  COPY_MAP(scratch, def->inputs, def->n_inputs);
  signature->n_inputs = sort_map(scratch, def->n_inputs);
  stele_tensor_info *inputs = read_tensors(scratch, signature->n_inputs, graph);
  if (inputs != NULL)
    read_defaults(def, inputs, signature->n_inputs, &graph->memory);
  signature->inputs = inputs;
  COPY_MAP(scratch, def->outputs, def->n_outputs);
  signature->n_outputs = sort_map(scratch, def->n_outputs);
  signature->outputs = read_tensors(scratch, signature->n_outputs, graph);
  return signature->name != NULL && inputs != NULL &&
         signature->outputs != NULL;
}

/* The entries of the largest map in `def`: how much scratch reading needs. */
static size_t largest_map(const MetaGraphDef *def) {
  size_t largest = def->n_signature_def;
  for (size_t i = 0; i < def->n_signature_def; i++) {
    const SignatureDef *signature = def->signature_def[i]->value;
    if (signature == NULL)
      continue;
    if (signature->n_inputs > largest)
      largest = signature->n_inputs;
    if (signature->n_outputs > largest)
      largest = signature->n_outputs;
  }
  return largest;
}

static bool read_signatures(const MetaGraphDef *def, metagraph *graph) {
  size_t largest = largest_map(def);
  map_entry *entries = calloc(2 * largest + 1, sizeof *entries);
  graph->signatures = arena_take(&graph->memory, def->n_signature_def,
                                 sizeof *graph->signatures);
  bool done = entries != NULL && graph->signatures != NULL;
  if (done) {
    COPY_MAP(entries, def->signature_def, def->n_signature_def);
    size_t count = sort_map(entries, def->n_signature_def);
    for (size_t i = 0; done && i < count; i++)
      if (is_for_users(entries[i].key))
        done = read_signature(&entries[i], entries + largest, graph,
                              &graph->signatures[graph->n_signatures++]);
  }
  free(entries);
  return done;
}

/* ---- Tags -------------------------------------------------------------- */

static bool has_tag(tag_set set, const char *tag) {
  for (size_t i = 0; i < set.count; i++)
    if (strcmp(set.tags[i], tag) == 0)
      return true;
  return false;
}

static bool includes(tag_set set, tag_set subset) {
  for (size_t i = 0; i < subset.count; i++)
    if (!has_tag(set, subset.tags[i]))
      return false;
  return true;
}

static tag_set tags_of(const MetaGraphDef *def) {
  const MetaInfoDef *info = def->meta_info_def;
  if (info == NULL)
    return (tag_set){NULL, 0};
  return (tag_set){(const char *const *)info->tags, info->n_tags};
}

static void append_tags(stele_error *error, tag_set set) {
  fail_append(error, "{");
  for (size_t i = 0; i < set.count; i++)
    fail_append(error, "%s\"%s\"", i == 0 ? "" : ",", set.tags[i]);
  fail_append(error, "}");
}

static stele_code fail_tags(const SavedModel *file, const char *path,
                            tag_set wanted, stele_error *error) {
  stele_code code =
      fail(error, STELE_NOT_FOUND, "no graph in \"%s\" has the tags ", path);
  append_tags(error, wanted);
  for (size_t i = 0; i < file->n_meta_graphs; i++) {
    fail_append(error, "%s", i == 0 ? "; it has " : ", ");
    append_tags(error, tags_of(file->meta_graphs[i]));
  }
  return code;
}

/* ---- The file ---------------------------------------------------------- */

static const MetaGraphDef *find_graph(const SavedModel *file, tag_set wanted) {
  for (size_t i = 0; i < file->n_meta_graphs; i++) {
    tag_set tags = tags_of(file->meta_graphs[i]);
    if (includes(tags, wanted) && includes(wanted, tags))
      return file->meta_graphs[i];
  }
  return NULL;
}

static stele_code select_graph(const SavedModel *file, const char *path,
                               tag_set tags, metagraph *graph,
                               stele_error *error) {
  if (file->n_meta_graphs == 0)
    return fail(error, STELE_DATA_LOSS, "\"%s\" holds no graph", path);
  const MetaGraphDef *def = find_graph(file, tags);
  if (def == NULL)
    return fail_tags(file, path, tags, error);
  graph->has_saver = def->saver_def.data != NULL;
  if (!read_signatures(def, graph)) {
    arena_free(&graph->memory);
    return fail_memory(error);
  }
  return STELE_OK;
}

stele_code metagraph_read(const void *bytes, size_t size, const char *path,
                          tag_set tags, metagraph *graph, stele_error *error) {
  *graph = (metagraph){.n_signatures = 0};
  SavedModel *file = stele__savedmodel__saved_model__unpack(NULL, size, bytes);
  if (file == NULL)
    return fail(error, STELE_DATA_LOSS,
                "\"%s\" is not a SavedModel, or is cut short", path);
  stele_code code = select_graph(file, path, tags, graph, error);
  stele__savedmodel__saved_model__free_unpacked(file, NULL);
  return code;
}
