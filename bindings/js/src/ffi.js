// The way into C: the functions of libtensorflow and the memory they share with
// it. Only this file knows koffi; another foreign function interface replaces
// this file and nothing else.

import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import koffi from "koffi";
import { SteleError } from "./errors.js";
import { MAX_RUNNING, withSlot } from "./slots.js";

/** @typedef {bigint} Pointer */

/** @typedef {{ operation: Pointer, index: number }} Endpoint one output of an op: a TF_Output */

/** @typedef {ReturnType<import("koffi").LibraryHandle["func"]>} NativeFunction */

/** @typedef {ReturnType<typeof declare>} C the C functions, by name */

// koffi runs C functions on stacks of its own, by default of 2 MiB and, on
// worker threads, of 128 KiB. TensorFlow runs whole graphs on them and expects
// what a thread of Linux has. Untouched pages cost no memory.
const STACK_BYTES = 8 * 1024 * 1024;
const configured = configureStacks();

/** @returns {boolean} whether the stacks are as large as TensorFlow needs */
function configureStacks() {
  try {
    koffi.config({
      sync_stack_size: STACK_BYTES,
      async_stack_size: STACK_BYTES,
      resident_async_pools: Math.min(MAX_RUNNING, 32),
    });
    return true;
  } catch {
    // Too late: another package has loaded a library through the same koffi.
    const { sync_stack_size = 0, async_stack_size = 0 } = koffi.config();
    return Math.min(sync_stack_size, async_stack_size) >= STACK_BYTES;
  }
}

// Symbols are resolved when they are first used: there are very many.
const RTLD_LAZY = 1;
const ENDPOINT = koffi.struct("TF_Output", { operation: "void *", index: "int" });
const ENDPOINT_BYTES = koffi.sizeof(ENDPOINT);

/** @param {import("koffi").LibraryHandle} library */
function declare(library) {
  const c = (/** @type {string} */ prototype) => library.func(prototype);
  return {
    version: c("const char *TF_Version()"),

    newStatus: c("void *TF_NewStatus()"),
    deleteStatus: c("void TF_DeleteStatus(void *status)"),
    getCode: c("int TF_GetCode(void *status)"),
    message: c("const char *TF_Message(void *status)"),

    newSessionOptions: c("void *TF_NewSessionOptions()"),
    deleteSessionOptions: c("void TF_DeleteSessionOptions(void *options)"),
    setConfig: c("void TF_SetConfig(void *options, void *proto, size_t length, void *status)"),
    newGraph: c("void *TF_NewGraph()"),
    deleteGraph: c("void TF_DeleteGraph(void *graph)"),
    tensorRank: c("int TF_GraphGetTensorNumDims(void *graph, TF_Output output, void *status)"),
    tensorShape: c(
      "void TF_GraphGetTensorShape(void *graph, TF_Output output, void *dims, int rank, void *status)",
    ),
    operationByName: c("void *TF_GraphOperationByName(void *graph, const char *name)"),
    numOutputs: c("int TF_OperationNumOutputs(void *operation)"),
    loadSession: c(
      "void *TF_LoadSessionFromSavedModel(void *options, void *run_options, const char *dir, " +
        "const char **tags, int tag_count, void *graph, void *meta_graph, void *status)",
    ),
    closeSession: c("void TF_CloseSession(void *session, void *status)"),
    deleteSession: c("void TF_DeleteSession(void *session, void *status)"),
    sessionRun: c(
      "void TF_SessionRun(void *session, void *run_options, void *inputs, void *input_values, " +
        "int input_count, void *outputs, void *output_values, int output_count, " +
        "void *targets, int target_count, void *run_metadata, void *status)",
    ),

    allocateTensor: c("void *TF_AllocateTensor(int dtype, void *dims, int rank, size_t bytes)"),
    deleteTensor: c("void TF_DeleteTensor(void *tensor)"),
    tensorType: c("int TF_TensorType(void *tensor)"),
    rank: c("int TF_NumDims(void *tensor)"),
    dim: c("int64_t TF_Dim(void *tensor, int index)"),
    tensorData: c("void *TF_TensorData(void *tensor)"),

    stringInit: c("void TF_StringInit(void *string)"),
    stringCopy: c("void TF_StringCopy(void *string, void *bytes, size_t length)"),
    stringData: c("void *TF_StringGetDataPointer(void *string)"),
    stringSize: c("size_t TF_StringGetSize(void *string)"),

    // The C library's: found through libtensorflow, which depends on it.
    memcpy: c("void memcpy(void *to, void *from, size_t bytes)"),
  };
}

/** @type {{ path: string, c: Promise<C> } | undefined} two TensorFlows in one process do not work */
let loaded;

/** @returns {Promise<C> | undefined} the libtensorflow that this process has, if it has one */
export function loadedLibrary() {
  return loaded?.c;
}

/**
 * Loads libtensorflow, once per process; a loaded library stays.
 *
 * @param {string} path a file, or a name that the system's loader finds
 * @returns {Promise<C>}
 * @throws {Error} what the loader said
 * @throws {SteleError} FAILED_PRECONDITION: another TensorFlow is loaded, or koffi's stacks are too
 *   small and can no longer be changed
 */
export async function openLibrary(path) {
  if (!configured) {
    throw new SteleError(
      "FAILED_PRECONDITION",
      "koffi was in use before tf-stele, with stacks too small for TensorFlow: import tf-stele " +
        `first, or call koffi.config({ sync_stack_size: ${STACK_BYTES}, async_stack_size: ` +
        `${STACK_BYTES} }) before anything else loads a library`,
    );
  }
  const other = loaded === undefined ? mappedTensorFlow() : loaded.path;
  if (other !== undefined && dirname(other) !== dirname(path)) {
    throw new SteleError(
      "FAILED_PRECONDITION",
      `this process has loaded "${other}" and cannot load "${path}" beside it`,
    );
  }
  if (loaded === undefined) {
    const c = keepLoaded(path).then(() => declare(koffi.load(path, { lazy: true })));
    loaded = { path, c };
    c.catch(() => {
      loaded = undefined;
    });
  }
  return loaded.c;
}

/** @returns {string | undefined} the file of a TensorFlow that another package has loaded */
function mappedTensorFlow() {
  const maps = "/proc/self/maps"; // of Linux
  if (!existsSync(maps)) return undefined;
  return /\/.*\/libtensorflow(_cc|_framework)?\.so.*$/m.exec(readFileSync(maps, "utf8"))?.[0];
}

/**
 * Loads a library for the rest of the process, on a worker thread, for its
 * relocation takes tenths of a second. `koffi.load` finds it loaded then, and
 * has nothing to do but to say what went wrong, if anything. Without a
 * reference of our own the library would go when koffi lets go of it at exit,
 * and crash the process, for threads of TensorFlow still run.
 *
 * @param {string} path
 */
async function keepLoaded(path) {
  const dlopen = koffi.load(null).func("void *dlopen(const char *path, int flags)");
  await callAsync(dlopen, path, RTLD_LAZY);
}

/**
 * Calls a function on a worker thread, when a slot is free. Memory that it is given must stay
 * allocated, and JavaScript arrays reachable, until it is done.
 *
 * @param {NativeFunction} native
 * @param {unknown[]} args
 * @returns {Promise<any>} what the function returns
 */
export function callAsync(native, ...args) {
  return withSlot(
    () =>
      new Promise((resolve, reject) => {
        native.async(...args, (/** @type {unknown} */ error, /** @type {unknown} */ result) =>
          error ? reject(error) : resolve(result),
        );
      }),
  );
}

/**
 * Where an array's elements are. They stay there for as long as the array is reachable.
 *
 * @param {import("./dtypes.js").TypedArray} array not empty
 * @returns {Pointer}
 */
export function addressOf(array) {
  return koffi.address(array);
}

/**
 * @param {readonly Endpoint[]} endpoints may be empty
 * @returns {Pointer} an array of TF_Output, for {@link freeEndpoints}
 */
export function allocateEndpoints(endpoints) {
  const memory = koffi.alloc(ENDPOINT, Math.max(1, endpoints.length));
  endpoints.forEach((endpoint, i) => {
    koffi.encode(memory, i * ENDPOINT_BYTES, ENDPOINT, endpoint);
  });
  return memory;
}

/** @param {Pointer} memory of {@link allocateEndpoints} */
export function freeEndpoints(memory) {
  koffi.free(memory);
}
