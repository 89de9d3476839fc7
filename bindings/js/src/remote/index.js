// tf-stele/remote: models on a server, with the surface of models in this
// process. Neither TensorFlow nor koffi is loaded.

/**
 * @typedef {import("./channel.js").ConnectionOptions} ConnectionOptions
 * @typedef {import("./rpc.js").CallOptions} CallOptions
 * @typedef {import("./model.js").ConnectOptions} ConnectOptions
 */

export * from "../shared.js";
export { Connection } from "./connection.js";
export { Model } from "./model.js";
