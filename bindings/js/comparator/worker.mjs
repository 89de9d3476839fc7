// The worker of binding `js-tfjs-node`: the official package as its users call
// it, with no check that it does not make itself.
//
//   node comparator/worker.mjs FOLDER    (in which `make comparator` installed it)

import { createRequire } from "node:module";
import { join } from "node:path";
import { serve, Unsupported } from "../protocol/loop.js";
import { verbsOf } from "../protocol/verbs.js";
import { SteleError } from "../src/errors.js";

/**
 * @typedef {import("../src/tensor.js").Tensor} Tensor
 * @typedef {import("../src/dtypes.js").DType} DType
 */

const tf = createRequire(join(process.argv[2], "package.json"))("@tensorflow/tfjs-node");

/** TensorFlow's dtypes that the package has a way to pass on, by their names in a signature. */
const DTYPES = /** @type {Readonly<Record<string, DType>>} */ ({
  DT_FLOAT: "FP32",
  DT_INT32: "INT32",
  DT_INT64: "INT64",
  DT_UINT8: "UINT8",
  DT_BOOL: "BOOL",
  DT_COMPLEX64: "C64",
  DT_STRING: "BYTES",
});

/**
 * What the package checks itself. Its errors are a message and no code, also those of TensorFlow.
 *
 * @type {[RegExp, import("../src/errors.js").CodeName][]}
 */
const CHECKS = [
  [/^There is no saved_model.pb file/, "NOT_FOUND"],
  [/^The SavedModel does not have (tags|signature)/, "NOT_FOUND"],
  [/however the provided input names are/, "INVALID_ARGUMENT"],
];

/**
 * @param {unknown} error of the package
 * @returns {Error}
 */
function translated(error) {
  if (error instanceof Unsupported) return error;
  const { message } = /** @type {Error} */ (error);
  if (message.startsWith("Unsupported tensor DataType")) return new Unsupported(message);
  const [, code] = CHECKS.find(([pattern]) => pattern.test(message)) ?? [];
  return new SteleError(code ?? "UNKNOWN", message, { cause: error });
}

/**
 * @param {string} name
 * @param {Tensor} tensor
 * @returns {any} a tensor of the package, which takes 64-bit integers as 32-bit ones
 * @throws {Unsupported} a dtype or a value that it has no way to take
 */
function toPackage(name, { dtype, shape, data }) {
  switch (dtype) {
    case "FP32":
      return tf.tensor(data, shape, "float32");
    case "INT32":
      return tf.tensor(data, shape, "int32");
    case "UINT8":
      return tf.tensor(Int32Array.from(data), shape, "int32");
    case "INT64": {
      const narrow = Int32Array.from(data, Number);
      if (data.some((value, i) => value !== BigInt(narrow[i]))) {
        throw new Unsupported(`INT64 of more than 32 bits, in input "${name}"`);
      }
      return tf.tensor(narrow, shape, "int32");
    }
    case "BOOL":
      return tf.tensor(data, shape, "bool");
    case "C64":
      return tf.complex(
        tf.tensor(
          data.filter((_, i) => i % 2 === 0),
          shape,
        ),
        tf.tensor(
          data.filter((_, i) => i % 2 === 1),
          shape,
        ),
      );
    case "BYTES":
      return tf.tensor(data, shape, "string");
    default:
      throw new Unsupported(`dtype ${dtype}`);
  }
}

/**
 * @param {any} tensor of the package
 * @param {DType} dtype of the signature; the package has one for several
 * @returns {Tensor}
 */
function fromPackage(tensor, dtype) {
  // `dataSync` would decode bytes as UTF-8.
  const data = dtype === "BYTES" ? tf.backend().readSync(tensor.dataId) : tensor.dataSync();
  return /** @type {Tensor} */ ({ dtype, shape: tensor.shape, data });
}

/**
 * @param {Record<string, any>} infos of `getMetaGraphsFromSavedModel`
 * @returns {Record<string, import("../src/signature.js").TensorSpec>}
 */
function specs(infos) {
  return Object.fromEntries(
    Object.entries(infos).map(([name, info]) => {
      const dims = info.shape.map((/** @type {any} */ dim) => dim.getSize());
      const shape = dims.map((/** @type {number} */ size) => (size < 0 ? null : size));
      return [name, { name, dtype: DTYPES[info.tfDtype], shape, endpoint: info.name }];
    }),
  );
}

/** A SavedModel: the package has one object for each signature, over one session. */
class Model {
  /** @type {Map<string, any>} */
  #opened = new Map();
  #dir;
  #tags;

  /**
   * @private
   * @param {string} dir
   * @param {string[]} tags
   * @param {Record<string, any>} defs
   */
  constructor(dir, tags, defs) {
    this.#dir = dir;
    this.#tags = tags;
    this.signatures = Object.fromEntries(
      Object.entries(defs).map(([name, { inputs, outputs }]) => [
        name,
        { inputs: specs(inputs), outputs: specs(outputs) },
      ]),
    );
  }

  /**
   * @param {string} dir
   * @param {string[]} tags
   * @param {string} config
   */
  static async load(dir, tags, config) {
    if (config !== "default") throw new Unsupported(`config ${config}`);
    try {
      const graphs = await tf.node.getMetaGraphsFromSavedModel(dir);
      const key = tags.toSorted().join();
      const graph = graphs.find((/** @type {any} */ { tags }) => tags.toSorted().join() === key);
      const model = new Model(dir, tags, graph?.signatureDefs ?? {});
      const [first = "serving_default"] = Object.keys(model.signatures);
      await model.#open(first); // which loads the graph and its variables
      return model;
    } catch (error) {
      throw translated(error);
    }
  }

  /**
   * @param {[string, Tensor][]} inputs
   * @param {{ signature: string }} options
   * @returns {Record<string, Tensor> | Promise<Record<string, Tensor>>}
   */
  run(inputs, { signature }) {
    const opened = this.#opened.get(signature);
    if (opened !== undefined) return this.#predict(opened, inputs, signature);
    return this.#open(signature).then(
      (opened) => this.#predict(opened, inputs, signature),
      (error) => Promise.reject(translated(error)),
    );
  }

  /**
   * @param {any} opened of the package
   * @param {[string, Tensor][]} inputs
   * @param {string} signature
   * @returns {Record<string, Tensor>}
   */
  #predict(opened, inputs, signature) {
    const { outputs: specs } = this.signatures[signature];
    /** @type {Record<string, Tensor>} */
    const outputs = {};
    try {
      tf.tidy(() => {
        const given = inputs.map(([name, tensor]) => [name, toPackage(name, tensor)]);
        const answer = opened.predict(Object.fromEntries(given));
        for (const { name, dtype } of Object.values(specs)) {
          outputs[name] = fromPackage(answer[name], /** @type {DType} */ (dtype));
        }
      });
    } catch (error) {
      throw translated(error);
    }
    return outputs;
  }

  close() {
    for (const opened of this.#opened.values()) opened.dispose();
  }

  /**
   * @param {string} signature
   * @returns {Promise<any>}
   */
  async #open(signature) {
    const opened = await tf.node.loadSavedModel(this.#dir, [...this.#tags], signature);
    this.#opened.set(signature, opened);
    return opened;
  }
}

const verbs = verbsOf({
  id: "js-tfjs-node",
  dtypes: Object.values(DTYPES),
  versions: async () => ({
    language: `JavaScript (Node ${process.versions.node}, tfjs-node ${tf.version["tfjs-node"]})`,
    tensorflow: tf.backend().binding.TF_Version,
  }),
  load: Model.load,
});

await serve(verbs);
